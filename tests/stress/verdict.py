"""What must hold of a manager's records and changes after any stress: every promise that can be read off them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

from engine import Change, Status, TaskControl
from tests.engine.following import course, illegal

PATIENCE_S = 30.0


def judged(
    taskman: TaskControl, ids: list[str], calls: Counter[str], cancelled: Counter[str], readers: list[Reader]
) -> list[str]:
    """The problems with these tasks, whose result is their own id if they have one.

    ``calls`` counts the calls of each function, ``cancelled`` how often cancel() returned True for each task.
    """
    problems = []
    changes = list(taskman.changes(0))
    if [change.revision for change in changes] != list(range(1, len(changes) + 1)):
        problems.append("revisions have gaps")
    histories: dict[str, list[Change]] = {}
    for change in changes:
        if change.id is not None:
            histories.setdefault(change.id, []).append(change)
    completed = {change.id: change.revision for change in reversed(changes) if is_completed(change)}
    for task_id, history in histories.items():
        if problem := wrong_with(history, calls[task_id], cancelled[task_id], completed):
            problems.append(f"{history[0].record['name']}: {problem}; {course(history)}")
    if unknown := set(ids) - set(histories):
        problems.append(f"{len(unknown)} tasks have no history")
    stored = {record["id"]: dict(record) for record in taskman.get_all()}
    problems += [problem for reader in readers if (problem := reader.compare(taskman.revision, stored))]
    found = Counter(record["status"] for record in stored.values())
    if taskman.counts() != tuple(found[status] for status in range(5)):
        problems.append(f"counts() says {taskman.counts()}, the records {dict(found)}")
    return problems


def is_completed(change: Change) -> bool:
    """Whether the task had Completed by this change."""
    return bool(change.record.get("status") == Status.COMPLETED and change.kind != "removed")


def wrong_with(history: list[Change], calls: int, cancelled: int, completed: dict[str | None, int]) -> str | None:
    """What is wrong with one task; ``completed`` says at which revision each task had Completed."""
    statuses, last = course(history), history[-1]
    result = last.record["result"]
    has_ended = Status(statuses[-1]).is_final or last.kind == "removed"
    begun = next((change.revision for change in history if change.record["status"] == Status.RUNNING), None)
    late = [
        dependency
        for dependency in history[0].record["depend_on"] or ()
        if begun is not None and completed.get(dependency, begun) >= begun
    ]
    wrong = {
        "it never ended": not has_ended,
        f"its function ran {calls} times": calls > 1,
        "its function ran after its end": calls > 0 and Status.RUNNING not in statuses,
        f"its result is {result}": result not in (None, last.id) or (result is not None and not calls),
        f"cancel() returned True {cancelled} times": cancelled > (statuses[-1] == Status.CANCELED),
        f"it ran at {begun}, before {late}, which it depends on, had completed": bool(late),
    }
    return illegal(history) or next((what for what, is_so in wrong.items() if is_so), None)


class Reader:
    """A thread that follows the changes as they come and keeps the view that they give."""

    def __init__(self, taskman: TaskControl) -> None:
        self.revision = 0
        self.view: dict[str, dict[str, Any]] = {}
        self.problem: str | None = None
        self._subscription = taskman.subscribe(since=0)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        for change in self._subscription:
            if change.revision != self.revision + 1:
                self.problem = f"a subscriber got {change.revision} after {self.revision}"
            if change.id is not None and change.kind == "removed":
                self.view.pop(change.id, None)
            elif change.id is not None:
                self.view[change.id] = dict(change.record)
            self.revision = change.revision

    def compare(self, revision: int, stored: dict[str, dict[str, Any]]) -> str | None:
        """Waits for what is under way and compares the view with the store; None if all is well."""
        until = time.monotonic() + PATIENCE_S
        while self.revision < revision and self.problem is None and time.monotonic() < until:
            time.sleep(0.005)
        if self.problem is None and self.view != stored:
            self.problem = f"a subscriber's view differs from the store at {self.revision} of {revision}"
        return self.problem


def missing_seats(taskman: TaskControl, seats: int) -> list[str]:
    """The problem if not all seats can be taken at once."""
    barrier = threading.Barrier(seats)
    ids = [taskman.add("seat", lambda f: barrier.wait(PATIENCE_S)) for _ in range(seats)]
    taskman.wait(ids, timeout=PATIENCE_S)
    met = [taskman.get_task(task_id)[0] for task_id in ids]
    if all(record["status"] == Status.COMPLETED for record in met):
        return []
    barrier.abort()
    how = [(Status(record["status"]).name, record["error"]) for record in met]
    return [f"a seat was lost: not all of them could meet: {how}"]
