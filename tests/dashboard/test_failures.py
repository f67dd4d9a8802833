"""Failures that are the same stand together."""

from __future__ import annotations

import json

import pytest

from dashboard import wire
from dashboard.failures import fingerprint, grouped

pytestmark = pytest.mark.guarantee("P1")


def record_of(taskman, function) -> dict:
    task_id = taskman.add("task", function)
    taskman.wait([task_id], timeout=10)
    return taskman.get_task(task_id)[0]


def reads(number: int) -> None:
    if number % 2:
        raise ValueError(f"row {number} is odd")
    raise ValueError(f"row {number} is even")


def parses() -> None:
    json.loads("{")


def test_lines_and_messages_do_not_count(taskman):
    """One type of error from one function is one kind, whichever line raised it and whatever it says."""
    first, second = (record_of(taskman, lambda number=number: reads(number)) for number in (1, 2))

    assert first["error"] != second["error"]
    assert fingerprint(first) == fingerprint(second)


def test_another_way_or_type_is_another_kind(taskman):
    """The same error from another function, or another error from the same, stand apart."""

    def other() -> None:
        raise ValueError("odd")

    def raises() -> None:
        raise KeyError("odd")

    marks = {fingerprint(record_of(taskman, function)) for function in (lambda: reads(1), other, raises)}

    assert len(marks) == 3


def test_foreign_frames_do_not_count(taskman):
    """The group names the last function of one's own, not that of the library it called."""
    (group,) = grouped([record_of(taskman, parses)])

    assert group["where"] == "test_failures.py, in parses"
    assert group["type"] == "JSONDecodeError"


def test_groups_tell_first_last_and_how_many(client, taskman, tasks):
    """The API has the groups, the newest first, and only of what failed."""
    tasks.failed("a", KeyError("x"))
    for _ in range(3):
        record_of(taskman, lambda: reads(1))
    tasks.canceled()

    groups = client.get("/api/failures").json["failures"]

    assert [(group["type"], group["count"]) for group in groups] == [("ValueError", 3), ("KeyError", 1)]
    assert groups[0]["first_at"] < groups[0]["last_at"]
    assert client.get(f"/api/tasks?q=failure:{groups[0]['fingerprint']}").json["matching"] == 3


@pytest.mark.parametrize("trace", [None, 5, "no trace", 'File "', "\udc80"])
def test_odd_tracebacks_are_grouped(trace):
    """A record that users wrote by hand breaks nothing."""
    record = {"id": "a", "status": 1, "error": trace, "traceback": trace}

    assert len(fingerprint(record) or "") == 8
    assert wire.encode(grouped([record]))
