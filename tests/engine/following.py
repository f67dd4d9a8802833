"""What a follower of a manager's changes makes of them: its view of the store, and each task's history."""

from __future__ import annotations

import operator
from itertools import accumulate
from typing import Any

from engine import Change, Status, Subscription, TaskControl

#: What the end of a task fixes for good.
FIXED = ("status", "perf", "error", "result", "started_at", "finished_at", "thread")


class Follower:
    """Reads a manager's changes from the first on and keeps the view and the histories that they give."""

    def __init__(self, manager: TaskControl) -> None:
        self.manager = manager
        self.subscription: Subscription = manager.subscribe(since=0)
        self.revision = 0
        self.view: dict[str, dict[str, Any]] = {}
        self.histories: dict[str, list[Change]] = {}

    def catch_up(self) -> None:
        """Takes what is new; revisions must rise by one, and a change must fit the view before it."""
        for change in self.subscription.get(timeout=0):
            assert change.revision == self.revision + 1, f"{change.revision} came after {self.revision}"
            self.revision = change.revision
            if change.id is None:
                continue
            assert (change.kind == "added") is (change.id not in self.view), f"{change.kind}: {dict(change.record)}"
            self.histories.setdefault(change.id, []).append(change)
            if change.kind == "removed":
                del self.view[change.id]
            else:
                self.view[change.id] = dict(change.record)

    def compare(self) -> None:
        """The view, its counts and its order are those of the store. While nobody changes anything."""
        self.catch_up()
        stored = {record["id"]: dict(record) for record in self.manager.get_all()}
        statuses = [record["status"] for record in stored.values()]
        assert self.view == stored
        assert list(self.view) == list(stored)
        assert self.manager.counts() == tuple(statuses.count(status) for status in range(5))
        assert self.manager.revision == self.revision


def course(history: list[Change]) -> list[int]:
    """The statuses that a task went through, each once."""
    found: list[int] = []
    for change in history:
        if not found or found[-1] != change.record["status"]:
            found.append(change.record["status"])
    return found


def illegal(history: list[Change]) -> str | None:
    """What is wrong with a task's history; None if nothing is."""
    statuses = course(history)
    kinds = [change.kind for change in history]
    ends = [change.record for change in history if Status(change.record["status"]).is_final]
    was_begun = accumulate((change.record["status"] == Status.RUNNING for change in history), operator.or_)
    wrong = {
        f"it began as {statuses[0]}": statuses[0] != Status.SUSPENDED,
        f"it went through {statuses}": any(Status(status).is_final for status in statuses[:-1])
        or statuses.count(Status.RUNNING) > 1,
        f"its changes are {kinds}": kinds[0] != "added" or any(kind != "changed" for kind in kinds[1:-1]),
        "its end was changed later": any(record[key] is not ends[0][key] for record in ends for key in FIXED),
        "finished_at is missing": any(record["finished_at"] is None for record in ends),
        "started_at doesn't agree with its having run": any(
            (change.record["started_at"] is not None) is not begun
            for change, begun in zip(history, was_begun, strict=True)
        ),
    }
    return next((what for what, is_so in wrong.items() if is_so), None)
