"""The tasks around a task."""

from __future__ import annotations

import pytest

from dashboard.neighbourhood import MOST_LISTED, MOST_NODES, among, around

pytestmark = pytest.mark.guarantee("P1")


def record(task_id: str, *depend_on: str) -> dict:
    return {"id": task_id, "name": task_id.upper(), "status": 2, "depend_on": list(depend_on)}


def test_everything_that_hangs_together_is_told():
    """Both ways and further, but nothing that is apart; dependencies whose record is gone are left out."""
    records = [record("a"), record("b", "a", "gone"), record("c", "b"), record("d", "a"), record("apart")]

    found = around(records, "c")

    assert [(node["id"], node["depend_on"]) for node in found["nodes"]] == [
        ("a", []),
        ("b", ["a"]),
        ("c", ["b"]),
        ("d", ["a"]),
    ]
    assert not found["is_cut"]


def test_the_nearest_are_told_where_there_are_many():
    """Of a very large neighbourhood those nearest to the task, and that there are more."""
    records = [record("0"), *(record(str(number), str(number - 1)) for number in range(1, 400))]

    found = around(records, "200")

    assert len(found["nodes"]) == MOST_NODES
    assert found["is_cut"]
    assert {str(number) for number in range(130, 270)} <= {node["id"] for node in found["nodes"]}


def test_an_unknown_task_has_none(client):
    """The address of an unknown task answers 404."""
    assert client.get("/api/tasks/0000000000/neighbourhood").status_code == 404


def test_listed_tasks_bring_what_is_beside_them():
    """What is directly before and behind a listed task comes along; listed ones that stand alone are only counted."""
    records = [record("a"), record("b", "a"), record("c", "b"), record("d", "c"), record("alone", "gone")]

    found = among(records, [records[4], records[1]])

    assert [(node["id"], node["is_listed"]) for node in found["nodes"]] == [("a", False), ("b", True), ("c", False)]
    assert (found["listed"], found["alone"], found["is_cut"]) == (2, 1, False)


def test_the_first_listed_are_told_where_there_are_many():
    """Of very many the first of the list, before any that are only beside them."""
    records = [record("root"), *(record(str(number), "root") for number in range(MOST_LISTED + 10))]

    found = among(records, records[:0:-1])

    assert MOST_LISTED == len(found["nodes"]) == sum(node["is_listed"] for node in found["nodes"])
    assert found["is_cut"]


def test_a_search_that_cannot_be_read_is_refused(client):
    """The graph takes the list's own parameters, and says what is wrong with them."""
    assert client.get("/api/graph?q=after:noon").status_code == 400
