"""Filters, order and search of the list."""

from __future__ import annotations

import time

import pytest

from dashboard.query import BadQuery, Query, read_query, select

pytestmark = pytest.mark.guarantee("P1")

NOW = time.time()


def record(task_id: str, status: int, name: str, times: tuple, error: str | None = None) -> dict:
    """A record whose times are told in seconds ago, None for what hasn't happened."""
    added, started, finished = (None if ago is None else NOW - ago for ago in times)
    return {
        "id": task_id,
        "status": status,
        "name": name,
        "error": error,
        "added_at": added,
        "started_at": started,
        "finished_at": finished,
    }


RECORDS = [
    record("aa1", 0, "hash B", (9100, 9090, 50)),
    record("bb2", 1, "Hash a", (9080, 9079, 9078), "ValueError: odd"),
    record("cc3", 2, "count", (9060, None, None)),
    record("dd4", 3, "pack password=odd", (9050, 1020, None)),
    record("ee5", 4, "", (9040, None, 9039), "Canceled on request"),
]


def ids(query: Query) -> str:
    return " ".join(record["id"][0] for record in select(RECORDS, query))


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("added", "a b c d e"),
        ("name", "e c b a d"),
        ("status", "d c a b e"),
        ("waited", "b e a d c"),
        ("run", "c e b d a"),
    ],
)
def test_rows_are_sorted(sort, order):
    """Each column sorts by what it means, and the other direction is its reverse."""
    ascending, descending = ids(Query(sort=sort, direction="asc")), ids(Query(sort=sort, direction="desc"))

    assert ascending == order
    assert descending == order[::-1]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("HASH", "a b"),
        ("cc3", "c"),
        ("valueerror", "b"),
        ("odd", "b"),
        ("nothing", ""),
        ("canceled on", "e"),
        ("", "a b c d e"),
    ],
)
def test_words_are_searched_in_id_name_and_error(q, found):
    """The search finds parts of words in any case, and no secret that the list masks."""
    assert ids(Query(q=q, direction="asc")) == found


def test_several_statuses_can_be_asked_for():
    """A filter may name more than one status."""
    assert ids(Query(statuses=(2, 3), direction="asc")) == "c d"


def test_a_query_is_read_from_an_address():
    """An address says filter and order in its parameters."""
    query = read_query({"status": "3,2", "q": " Files ", "sort": "run", "dir": "asc"}, strict=True)

    assert query == Query(statuses=(3, 2), q="Files", sort="run", direction="asc")
    assert query.as_parameters()["status"] == "3,2"


def test_pages_drop_what_they_cannot_read():
    """A page keeps the parameters that it understands."""
    query = read_query({"status": "9", "q": "files", "sort": "taste", "dir": "asc"}, strict=False)

    assert query == Query(q="files", direction="asc")


@pytest.mark.parametrize("parameters", [{"status": "9"}, {"status": "²"}, {"sort": "taste"}, {"dir": "up"}])
def test_scripts_are_told_what_cannot_be_read(parameters):
    """A script's mistake is an error with a hint."""
    with pytest.raises(BadQuery) as refused:
        read_query(parameters, strict=True)

    assert refused.value.hint


def test_records_with_odd_times_can_be_sorted():
    """A record that users made by hand doesn't break the order."""
    records = [*RECORDS, {"id": "ff6", "status": 3, "started_at": "noon", "added_at": None, "name": 5}]

    for sort in ("added", "name", "status", "waited", "run"):
        assert len(select(records, Query(sort=sort))) == 6
