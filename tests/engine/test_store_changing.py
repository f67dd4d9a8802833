"""S5: one contract for TinyDB's own table and for ours: how documents are changed."""

from __future__ import annotations

import pytest
from tinydb import where
from tinydb.operations import add, decrement, delete, increment
from tinydb.operations import set as set_field
from tinydb.table import Document

from tests.engine.databases import contents, ids

pytestmark = pytest.mark.guarantee("S5")


def test_update_with_fields(filled):
    """update sets fields in the documents that a query finds, and answers with their numbers."""
    assert (filled.update({"size": 0, "new": 1}, where("color") == "red"), contents(filled)) == (
        [1, 2],
        {
            1: {"id": "a", "size": 0, "color": "red", "new": 1},
            2: {"id": "b", "size": 0, "color": "red", "new": 1},
            3: {"id": "c", "size": 3},
        },
    )


def test_update_of_all(filled):
    """Without a query update changes every document."""
    assert (filled.update({"size": 0}), [document["size"] for document in filled]) == ([1, 2, 3], [0, 0, 0])


def test_update_by_numbers(filled):
    """Numbers that don't exist are passed over."""
    assert (filled.update({"size": 0}, doc_ids=[3, 9, 1]), [document["size"] for document in filled]) == (
        [3, 1],
        [0, 2, 0],
    )


OPERATIONS = {
    "increment": (increment("size"), {"id": "a", "size": 2, "color": "red"}),
    "decrement": (decrement("size"), {"id": "a", "size": 0, "color": "red"}),
    "add": (add("size", 5), {"id": "a", "size": 6, "color": "red"}),
    "set": (set_field("size", 5), {"id": "a", "size": 5, "color": "red"}),
    "delete": (delete("size"), {"id": "a", "color": "red"}),
    "any function": (lambda document: document.clear(), {}),
    "update": (lambda document: document.update(size=7), {"id": "a", "size": 7, "color": "red"}),
    "pop": (lambda document: document.pop("color"), {"id": "a", "size": 1}),
    "setdefault": (lambda document: document.setdefault("more", 1), {"id": "a", "size": 1, "color": "red", "more": 1}),
    "popitem": (lambda document: document.popitem(), {"id": "a", "size": 1}),
    "in-place or": (lambda document: document.__ior__({"size": 9}), {"id": "a", "size": 9, "color": "red"}),
}


@pytest.mark.parametrize(("operation", "expected"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_update_with_a_function(filled, operation, expected):
    """A function given to update changes the documents in place, in any way a dict can be changed."""
    filled.update(operation, where("id") == "a")

    assert contents(filled)[1] == expected


def test_an_updater_reads_the_document_as_a_dict(filled):
    """Within the function the document answers as any dict does."""
    seen = []

    def look(document):
        seen.append((dict(document), len(document), "id" in document, document.get("none", 0), sorted(document)))

    filled.update(look, where("id") == "c")

    assert seen == [({"id": "c", "size": 3}, 2, True, 0, ["id", "size"])]


@pytest.mark.parametrize("by", ["query", "numbers", "all", "multiple"])
def test_a_raising_updater_leaves_nothing_changed(filled, by):
    """If the function raises at the second document, the first is as before, too."""
    before = contents(filled)

    def fail_at_b(document):
        document["size"] = 99
        if document["id"] == "b":
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        if by == "query":
            filled.update(fail_at_b, where("size") > 0)
        elif by == "numbers":
            filled.update(fail_at_b, doc_ids=[1, 2])
        elif by == "multiple":
            filled.update_multiple([(fail_at_b, where("size") > 0)])
        else:
            filled.update(fail_at_b)

    assert contents(filled) == before


def test_a_raising_updater_leaves_nested_values_unchanged(filled):
    """A list inside a document is as before as well when the function raises."""
    filled.update({"tags": ["x"]}, where("id") == "a")

    def fail(document):
        document["tags"] = [*document["tags"], "y"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        filled.update(fail, where("id") == "a")

    assert filled.get(doc_id=1)["tags"] == ["x"]


def test_update_multiple(filled):
    """Each pair of fields and query is applied to each document in turn; a number comes once per change."""
    numbers = filled.update_multiple([({"size": 5}, where("id") == "a"), (increment("size"), where("color") == "red")])

    assert (numbers, [document["size"] for document in filled]) == ([1, 1, 2], [6, 3, 3])


def test_upsert_updates_what_it_finds(filled):
    """If the query finds documents, all of them are updated."""
    assert (filled.upsert({"size": 9}, where("color") == "red"), [document["size"] for document in filled]) == (
        [1, 2],
        [9, 9, 3],
    )


def test_upsert_inserts_what_it_does_not_find(filled):
    """Otherwise the document is inserted."""
    assert (filled.upsert({"id": "d"}, where("id") == "d"), ids(filled)) == ([4], ["a", "b", "c", "d"])


def test_upsert_by_number(filled):
    """A Document is updated or inserted under its own number."""
    answers = filled.upsert(Document({"size": 9}, doc_id=2)), filled.upsert(Document({"id": "z"}, doc_id=8))

    assert (answers, contents(filled)[2]["size"], contents(filled)[8]) == (([2], [8]), 9, {"id": "z"})


def test_upsert_needs_a_query_or_a_number(filled):
    """A plain dict alone can't be upserted."""
    with pytest.raises(ValueError, match="query"):
        filled.upsert({"id": "d"})


def test_the_given_fields_stay_the_callers(filled):
    """Changing the given dict afterwards doesn't change the documents."""
    mine = {"size": 5}
    filled.update(mine, doc_ids=[1])
    mine["size"] = 6

    assert filled.get(doc_id=1)["size"] == 5


def _takes_one_away_and_back(table):
    document = table.pop(1)
    table[1] = {**document, "size": 7}


def _begins_anew(table):
    table.clear()
    table[9] = {"id": "z"}


def _replaces_one(table):
    del table[2]
    table[10] = {"id": "z"}
    table.pop(10)


WHOLE = {
    "a document changed": (lambda table: table[1].update(size=5), {1: 5, 2: 2, 3: 3}),
    "a document replaced": (lambda table: table.update({2: {"id": "z", "size": 9}}), {1: 1, 2: 9, 3: 3}),
    "one taken away and put back": (_takes_one_away_and_back, {1: 7, 2: 2, 3: 3}),
    "one removed, and a new one that goes again": (_replaces_one, {1: 1, 3: 3}),
    "all removed, then a new one": (_begins_anew, {9: None}),
    "only looked at": (lambda table: [dict(document) for document in table.values()], {1: 1, 2: 2, 3: 3}),
}


@pytest.mark.parametrize(("operation", "sizes"), WHOLE.values(), ids=WHOLE.keys())
def test_a_class_built_on_the_table_may_change_it_as_a_whole(filled, operation, sizes):
    """TinyDB's extensions get all documents by number, as a dict, and see there what they have changed."""
    seen = []

    def change(table):
        operation(table)
        seen.append(({number: table[number].get("size") for number in table}, len(table), 2 in table, 9 in table))

    filled.table(filled.default_table_name)._update_table(change)

    assert seen == [(sizes, len(sizes), 2 in sizes, 9 in sizes)]
    assert {number: document.get("size") for number, document in contents(filled).items()} == sizes


def test_a_class_built_on_the_table_may_read_it_as_a_whole(filled):
    """By numbers as text, as they are in the storage."""
    assert filled.table(filled.default_table_name)._read_table()["3"] == {"id": "c", "size": 3}


@pytest.mark.parametrize(
    "operation",
    [
        lambda table: table[8],
        lambda table: table.pop(8),
        lambda table: table.__delitem__(8),
        lambda table: (table.pop(1), table[1]),
    ],
    ids=["looked at", "taken", "removed", "taken, then looked at"],
)
def test_a_number_that_is_not_there_is_a_key_error_and_changes_nothing(filled, operation):
    """Whether it never was, or has just been taken away."""
    before = contents(filled)

    def change(table):
        table[3] = {"id": "changed"}
        operation(table)

    with pytest.raises(KeyError):
        filled.table(filled.default_table_name)._update_table(change)

    assert contents(filled) == before
