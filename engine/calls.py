"""The calls of tasks that have failed, kept with their records to be run again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, NamedTuple

from .options import Options
from .records import BECAUSE, CANCELED, COMPLETED, Record
from .task import Task


class Call(NamedTuple):
    """What a task was to do, and how."""

    name: str
    function: Callable[..., Any]
    options: Options


class Calls:
    """The calls of a manager's failed tasks by task id. A completed task's is let go, with all that it holds."""

    def __init__(self) -> None:
        self._kept: dict[str, Call] = {}
        self.forget = self._kept.pop
        self.get = self._kept.get

    def keep(self, task: Task) -> None:
        """Keeps the call of a task that has just failed, before its function is let go."""
        if task.function is not None:
            self._kept[task.id] = Call(task.name, task.function, task.options)

    def clear(self) -> None:
        """Lets all go."""
        self._kept.clear()


class Rerun(NamedTuple):
    """A task to be run again, and the old ids of those that it depends on."""

    task_id: str
    call: Call
    depends_on: tuple[str, ...]


def to_rerun(calls: Calls, records: Mapping[str, Record], named: Container[str], with_dependants: bool) -> list[Rerun]:
    """Those of the named tasks that can be run again, and if asked those that were canceled because of them.

    Each comes once, after those that it depends on. What hasn't failed is left out, and what would be canceled at once.

    Args:
        records: all by id, in the order in which they were added.
    """
    found: dict[str, Rerun] = {}
    for task_id, record in records.items():
        call = calls.get(task_id)
        if call is None:
            continue
        rerun = Rerun(task_id, call, _still_there(records, record))
        is_wanted = task_id in named or (with_dependants and _was_doomed(record) and _is_behind(rerun, found))
        if is_wanted and (call.options.runs_anyway or _blocker(record, records, found, named) is None):
            found[task_id] = rerun
    return list(found.values())


def why_not(calls: Calls, records: Mapping[str, Record], task_id: str) -> ValueError:
    """Why a task can't be run again."""
    blocker = _blocker(records[task_id], records) if task_id in records and calls.get(task_id) else None
    if blocker is None:
        return ValueError(f"task {task_id} hasn't failed: only tasks that ended as Error or Canceled can be run again")
    return ValueError(
        f"task {task_id} depends on task {blocker}, which hasn't completed: "
        f"run_again({blocker!r}, failed_dependants=True) runs both"
    )


def _was_doomed(record: Record) -> bool:
    return record.get("status") == CANCELED and str(record.get("error")).startswith(BECAUSE)


def _is_behind(rerun: Rerun, found: Container[str]) -> bool:
    return any(one in found for one in rerun.depends_on)


def _blocker(
    record: Record, records: Mapping[str, Record], found: Container[str] = (), named: Container[str] = ()
) -> str | None:
    """The first of those that a task depends on that has neither completed nor is run again before it.

    What is gone had completed, unless it was named to be run again.
    """
    for one in _dependencies(record):
        is_done = records[one].get("status") == COMPLETED if one in records else one not in named
        if not is_done and one not in found:
            return one
    return None


def _still_there(records: Mapping[str, Record], record: Record) -> tuple[str, ...]:
    """What a task depends on, but for what had completed and was removed since."""
    return tuple(one for one in _dependencies(record) if one in records)


def _dependencies(record: Record) -> Iterable[str]:
    named: str | Iterable[str] = record.get("depend_on") or ()
    return (named,) if isinstance(named, str) else named
