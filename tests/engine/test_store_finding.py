"""S5: one contract for TinyDB's own table and for ours: what queries find."""

from __future__ import annotations

import re

import pytest
from tinydb import where
from tinydb.queries import Query
from tinydb.table import Document

from tests.engine.databases import ids

pytestmark = pytest.mark.guarantee("S5")


QUERIES = {
    "equal": (where("id") == "b", ["b"]),
    "equal without index": (where("color") == "red", ["a", "b"]),
    "not equal": (where("id") != "b", ["a", "c"]),
    "greater": (where("size") > 1, ["b", "c"]),
    "less or equal": (where("size") <= 2, ["a", "b"]),
    "exists": (where("color").exists(), ["a", "b"]),
    "and": ((where("color") == "red") & (where("id") == "b"), ["b"]),
    "or": ((where("id") == "a") | (where("id") == "c"), ["a", "c"]),
    "not": (~(where("id") == "a"), ["b", "c"]),
    "matches": (where("id").matches("[ab]"), ["a", "b"]),
    "search": (where("color").search("ED", flags=re.IGNORECASE), ["a", "b"]),
    "test": (where("size").test(lambda size: size % 2), ["a", "c"]),
    "one_of": (where("id").one_of(["c", "a", "z"]), ["a", "c"]),
    "fragment": (Query().fragment({"color": "red", "size": 2}), ["b"]),
    "noop": (Query().noop(), ["a", "b", "c"]),
    "map": (Query().size.map(lambda size: size + 1) == 4, ["c"]),
    "nothing": (where("id") == "z", []),
    "another type": (where("size") == "1", []),
    "an equal number": (where("size") == 1.0, ["a"]),
    "true is one": (where("size") == True, ["a"]),  # noqa: E712  # a query, not a comparison
    "a list": (where("id") == ["a"], []),
    "none": (where("color") == None, []),  # noqa: E711  # a query, not a comparison
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES.keys())
def test_a_search_finds_what_the_query_means(filled, query, expected):
    """search, count, contains and get agree about every kind of query."""
    found = filled.search(query)
    first = filled.get(query)

    assert (ids(found), filled.count(query), filled.contains(query), first and first["id"]) == (
        expected,
        len(expected),
        bool(expected),
        expected[0] if expected else None,
    )


def test_any_callable_is_a_query(filled):
    """A function of the document serves as a query."""
    assert ids(filled.search(lambda document: document["size"] > 1)) == ["b", "c"]


def test_a_query_that_raises_passes_its_error_on(filled):
    """An error inside a query reaches the caller."""
    with pytest.raises(KeyError):
        filled.search(lambda document: document["color"] == "red")


def test_get_by_numbers(filled):
    """get answers for one number with a document, for several with a list."""
    answers = (filled.get(doc_id=2), filled.get(doc_id=9), filled.get(doc_ids=[3, 9, 1]), filled.get(doc_ids=[]))

    assert answers == ({"id": "b", "size": 2, "color": "red"}, None, [filled.all()[0], filled.all()[2]], [])


def test_found_documents_know_their_numbers(filled):
    """Every way of reading gives documents with their doc_id."""
    red = where("color") == "red"
    read = [filled.get(doc_id=2), filled.get(where("id") == "b"), filled.search(red)[1], filled.all()[1]]

    assert [(type(document), document.doc_id) for document in read] == [(Document, 2)] * 4


def test_contains_by_number(filled):
    """contains answers for a number, too."""
    assert [filled.contains(doc_id=number) for number in (1, 3, 4)] == [True, True, False]


@pytest.mark.parametrize("method", ["get", "contains"])
def test_asking_for_nothing_is_an_error(filled, method):
    """get and contains need something to look for."""
    with pytest.raises(RuntimeError):
        getattr(filled, method)()


def test_a_search_sees_what_was_written_since(filled):
    """The same query gives the new answer after each kind of write."""
    query = where("color") == "red"
    answers = [ids(filled.search(query))]
    filled.update({"color": "red"}, where("id") == "c")
    answers.append(ids(filled.search(query)))
    filled.remove(where("id") == "a")
    answers.append(ids(filled.search(query)))
    filled.insert({"id": "d", "color": "red"})
    answers.append(ids(filled.search(query)))
    filled.truncate()
    answers.append(ids(filled.search(query)))

    assert answers == [["a", "b"], ["a", "b", "c"], ["b", "c"], ["b", "c", "d"], []]


def test_reading_hands_out_documents_of_ones_own(filled):
    """Changing what was read changes nothing that is stored."""
    filled.get(doc_id=1)["size"] = 99
    filled.all()[0]["size"] = 99
    next(iter(filled))["size"] = 99

    assert filled.get(doc_id=1)["size"] == 1


@pytest.mark.parametrize(
    "value", [[1, [2]], {"k": [1]}, {1, 2}, bytearray(b"x")], ids=["list", "dict", "set", "bytearray"]
)
def test_values_that_cannot_be_hashed_are_stored_and_found(filled, value):
    """A document may hold lists, dicts and the like, in an indexed field as well."""
    filled.insert({"id": value, "status": value})

    assert filled.search(where("id").test(lambda stored: stored == value)) == [{"id": value, "status": value}]
