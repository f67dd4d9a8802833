"""S5: one contract for TinyDB's own table and for ours: how documents come in."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from tinydb.table import Document

from tests.engine.databases import contents, ids

pytestmark = pytest.mark.guarantee("S5")


def test_documents_are_numbered_from_one(db):
    """insert answers with the new document's number."""
    assert [db.insert({"n": n}) for n in range(3)] == [1, 2, 3]


def test_insert_multiple_answers_with_all_numbers(db):
    """insert_multiple takes any iterable and numbers on."""
    db.insert({})

    assert db.insert_multiple({"n": n} for n in range(3)) == [2, 3, 4]


def test_a_document_keeps_the_number_it_brings(db):
    """A Document is inserted under its own number, and the next one gets a higher one."""
    db.insert(Document({"n": 1}, doc_id=7))
    following = db.insert({"n": 2})

    assert (following, contents(db)) == (8, {7: {"n": 1}, 8: {"n": 2}})


def test_a_number_in_use_is_refused(filled):
    """A Document whose number is taken is a ValueError, and nothing changes."""
    before = contents(filled)
    with pytest.raises(ValueError, match="2"):
        filled.insert(Document({"id": "z"}, doc_id=2))

    assert contents(filled) == before


@pytest.mark.parametrize("wrong", [[1, 2], "text", 5, None])
def test_only_mappings_are_inserted(db, wrong):
    """What is no mapping is a ValueError."""
    with pytest.raises(ValueError, match="Mapping"):
        db.insert(wrong)

    assert len(db) == 0


def test_a_bad_document_in_a_bulk_inserts_none(filled):
    """insert_multiple inserts all or nothing."""
    with pytest.raises(ValueError, match="Mapping"):
        filled.insert_multiple([{"id": "d"}, 5, {"id": "e"}])

    assert ids(filled) == ["a", "b", "c"]


def test_an_iterable_that_raises_inserts_none(filled):
    """If the documents' source fails half-way, none of them is there."""

    def source():
        yield {"id": "d"}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        filled.insert_multiple(source())

    assert ids(filled) == ["a", "b", "c"]


def test_the_inserted_dict_stays_the_callers(db):
    """Changing the dict afterwards doesn't change the document."""
    mine = {"n": 1}
    db.insert(mine)
    mine["n"] = 2

    assert db.all() == [{"n": 1}]


def test_any_mapping_becomes_a_plain_document(db):
    """A mapping of another class is stored as its items."""
    db.insert(MappingProxyType({"n": 1}))

    assert contents(db) == {1: {"n": 1}}
