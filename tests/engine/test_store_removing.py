"""S5: one contract for TinyDB's own table and for ours: removals, and tables beside the default one."""

from __future__ import annotations

import pytest
from tinydb import where

from tests.engine.databases import contents, ids

pytestmark = pytest.mark.guarantee("S5")


def test_remove_by_query(filled):
    """remove answers with the numbers of what it removed."""
    assert (filled.remove(where("color") == "red"), ids(filled)) == ([1, 2], ["c"])


def test_remove_by_numbers(filled):
    """Numbers that don't exist are passed over."""
    assert (filled.remove(doc_ids=[3, 9]), ids(filled)) == ([3], ["a", "b"])


def test_remove_needs_something_to_look_for(filled):
    """remove() without arguments is an error, and nothing goes."""
    with pytest.raises(RuntimeError):
        filled.remove()

    assert len(filled) == 3


def test_numbers_are_not_used_again(filled):
    """After the last document was removed, the next one still gets a new number."""
    filled.remove(doc_ids=[3])

    assert filled.insert({}) == 4


def test_truncate_begins_anew(filled):
    """After truncate the table is empty and numbers begin at one."""
    filled.truncate()

    assert (len(filled), filled.all(), filled.insert({})) == (0, [], 1)


def test_tables_come_with_their_first_document(db):
    """A table is listed once something was written to it."""
    db.table("notes")
    before = db.tables()
    db.table("notes").insert({"n": 1})
    db.insert({"n": 2})

    assert (before, db.tables()) == (set(), {"notes", db.default_table_name})


def test_tables_are_independent(db):
    """Documents of one table aren't seen in another."""
    db.insert({"in": "default"})
    db.table("notes").insert({"in": "notes"})

    assert (db.all(), db.table("notes").all()) == ([{"in": "default"}], [{"in": "notes"}])


def test_a_table_is_found_again_by_name(db):
    """Asking twice for a table gives the same one."""
    assert db.table("notes") is db.table("notes")


def test_drop_table(db):
    """A dropped table is gone, others stay."""
    db.insert({"n": 1})
    db.table("notes").insert({"n": 2})
    db.drop_table("notes")
    db.drop_table("never there")

    assert (db.tables(), len(db), db.table("notes").all()) == ({db.default_table_name}, 1, [])


def test_drop_tables(filled):
    """Dropping all tables empties the database."""
    filled.table("notes").insert({"n": 2})
    filled.drop_tables()

    assert (filled.tables(), len(filled), filled.insert({})) == (set(), 0, 1)


def test_the_storage_shows_all_tables_as_plain_data(filled):
    """storage.read() gives every table as a dict of documents by their numbers."""
    filled.remove(doc_ids=[1, 2])

    assert filled.storage.read() == {filled.default_table_name: {"3": {"id": "c", "size": 3}}}


def test_what_is_written_to_the_storage_is_in_the_tables(filled):
    """storage.write() replaces everything."""
    filled.storage.write({filled.default_table_name: {"5": {"id": "z"}}, "notes": {"1": {"n": 1}}})
    filled.clear_cache()

    assert (contents(filled), filled.table("notes").all()) == ({5: {"id": "z"}}, [{"n": 1}])


def test_iterating_gives_documents_in_the_order_of_insertion(filled):
    """A loop over the database, all() and len() agree."""
    assert (ids(filled), ids(filled.all()), len(filled)) == (["a", "b", "c"], ["a", "b", "c"], 3)


def test_the_representation_says_how_much_there_is(filled):
    """repr names tables and numbers of documents."""
    assert "default_table_documents_count=3" in repr(filled)


def test_what_is_no_database_is_kept_as_it_is_until_the_next_write(filled):
    """TinyDB's storages take anything; tables are empty then, and begin anew."""
    filled.storage.write(None)
    filled.clear_cache()

    assert (filled.storage.read(), contents(filled), filled.tables()) == (None, {}, set())
    filled.drop_tables()
    assert filled.insert({"id": "z"}) == 1
    assert filled.storage.read() == {filled.default_table_name: {"1": {"id": "z"}}}


def test_the_memory_of_the_storage_is_everything(filled):
    """As of TinyDB's memory storage, it may be read and replaced."""
    filled.storage.memory = {**filled.storage.memory, "notes": {"1": {"n": 1}}}
    filled.clear_cache()

    assert (filled.storage.memory, sorted(filled.tables())) == (filled.storage.read(), ["_default", "notes"])
    assert ids(filled) == ["a", "b", "c"]
