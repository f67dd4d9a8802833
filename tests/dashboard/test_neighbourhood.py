"""The tasks around a task."""

from __future__ import annotations

import pytest

from dashboard.neighbourhood import MOST_NODES, around

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
