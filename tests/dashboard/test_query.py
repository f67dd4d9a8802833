"""Filters, order and search of the list."""

from __future__ import annotations

import time

import pytest

from dashboard.order import SORTS
from dashboard.query import BadQuery, Query, choose, read_query

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
        "depend_on": "aa1" if task_id == "cc3" else None,
        "thread": 77 if task_id == "cc3" else None,
    }


RECORDS = [
    record("aa1", 0, "hash B", (9100, 9090, 50)),
    record("bb2", 1, "Hash a", (9080, 9079, 9078), "ValueError: odd"),
    record("cc3", 2, "count", (9060, None, None)),
    record("dd4", 3, "pack password=odd", (9050, 1020, None)),
    record("ee5", 4, "", (9040, None, 9039), "Canceled on request"),
]


def ids(query: Query) -> str:
    return " ".join(record["id"][0] for record in choose(RECORDS, query).records)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("added", "a b c d e"),
        ("name", "e c b a d"),
        ("status", "d c a b e"),
        ("waited", "b e a d c"),
        ("run", "c e b d a"),
        ("id", "a b c d e"),
        ("error", "a c d e b"),
        ("thread", "a b d e c"),
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


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("status:error", "b"),
        ("status:error,CANCELED", "b e"),
        ("-status:completed,1", "c d e"),
        ("name:hash*", "a b"),
        ("name:*a*h*", "a b"),
        ("name:h*a", "b"),
        ("name:a", "a b d"),
        ("error:*odd", "b"),
        ('error:"canceled on"', "e"),
        ("after:9070s", "c d e"),
        ("before:9070s", "a b"),
        ("after:3h before:9095s", "a"),
        ("depends:AA1", "c"),
        ("id:dd", "d"),
        ("thread:77", "c"),
        ('"hash b"', "a"),
        ("status: hash", "a b"),
        ("hash status:0 b", "a"),
        ("valueerror: odd", "b"),
        ("status:odd hash", "a b"),
        ("name:pass*odd", ""),
    ],
)
def test_qualifiers_narrow_the_search(q, found, monkeypatch):
    """A qualifier looks at one field, all of them must hold, and what can't be read is left out."""
    monkeypatch.setattr("dashboard.query.time.time", lambda: NOW)
    assert ids(Query(q=q, direction="asc")) == found


def test_counts_are_those_of_the_search_alone():
    """The counts say what each status would list for these words, whichever status is chosen."""
    chosen = choose(RECORDS, Query(q="-name:pack*", statuses=(0,)))

    assert [record["id"] for record in chosen.records] == ["aa1"]
    assert chosen.counts == [1, 1, 1, 0, 1]


def test_only_what_was_added_before_a_task_can_be_asked_for():
    """`before` cuts the list at a task, which must be there."""
    assert ids(Query(before="cc3")) == "b a"
    with pytest.raises(BadQuery, match="before=zz9"):
        choose(RECORDS, Query(before="zz9"))


def test_no_pattern_takes_long():
    """A name and a pattern made to backtrack are answered at once."""
    records = [record("aa1", 0, "a" * 300, (1, 1, 1))] * 300
    began = time.perf_counter()

    assert choose(records, Query(q="name:" + "a*" * 97 + "b")).records == []
    assert time.perf_counter() - began < 5


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


@pytest.mark.parametrize(
    "parameters",
    [{"status": "9"}, {"status": "²"}, {"sort": "taste"}, {"dir": "up"}, {"q": "after:noon"}, {"q": "status:odd"}],
)
def test_scripts_are_told_what_cannot_be_read(parameters):
    """A script's mistake is an error with a hint."""
    with pytest.raises(BadQuery) as refused:
        read_query(parameters, strict=True)

    assert refused.value.hint


def test_records_with_odd_times_can_be_sorted():
    """A record that users made by hand doesn't break the order."""
    records = [*RECORDS, {"id": "ff6", "status": 3, "started_at": "noon", "added_at": None, "name": 5}]

    for sort in SORTS:
        assert len(choose(records, Query(sort=sort)).records) == 6
