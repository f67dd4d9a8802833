"""The calls of tasks that have failed, kept with their records to be run again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .records import BECAUSE, CANCELED, COMPLETED, Record
from .retries import Retry
from .task import Backend, Task


class Call(NamedTuple):
    """What a task was to do, and how."""

    name: str
    function: Callable[..., Any]
    takes_handle: bool
    keeps_result: bool
    limit: float | None
    retry: Retry | None
    runs_anyway: bool
    backend: Backend | None


class Calls:
    """The calls of a manager's failed tasks by task id. A completed task's is let go, with all that it holds."""

    def __init__(self) -> None:
        self._kept: dict[str, Call] = {}
        self.forget = self._kept.pop
        self.get = self._kept.get

    def keep(self, task: Task) -> None:
        """Keeps the call of a task that has just failed, before its function is let go."""
        if task.function is not None:
            self._kept[task.id] = Call(
                task.name,
                task.function,
                task.takes_handle,
                task.keeps_result,
                task.limit,
                task.asked_retry,
                task.runs_anyway,
                task.backend,
            )

    def clear(self) -> None:
        """Lets all go."""
        self._kept.clear()


class Rerun(NamedTuple):
    """A task to be run again, and the old ids of those that it depends on."""

    task_id: str
    call: Call
    depends_on: tuple[str, ...]


def to_rerun(calls: Calls, records: Mapping[str, Record], task_id: str, with_dependants: bool) -> list[Rerun]:
    """The failed task, and those that were canceled because of it, each after those that it depends on.

    Args:
        records: all by id, in the order in which they were added.

    Raises ValueError if there is nothing to run again, or it would be canceled at once.
    """
    call = calls.get(task_id)
    if call is None:
        raise ValueError(f"task {task_id} hasn't failed: only tasks that ended as Error or Canceled can be run again")
    first = Rerun(task_id, call, _still_there(records, records.get(task_id, {})))
    failed = [] if call.runs_anyway else [one for one in first.depends_on if records[one].get("status") != COMPLETED]
    if failed:
        raise ValueError(
            f"task {task_id} depends on task {failed[0]}, which hasn't completed: "
            f"run_again({failed[0]!r}, failed_dependants=True) runs both"
        )
    found = {task_id: first}
    for dependant_id, record in records.items() if with_dependants else ():
        depends_on = _still_there(records, record)
        call = calls.get(dependant_id)
        was_doomed = record.get("status") == CANCELED and str(record.get("error")).startswith(BECAUSE)
        if call is None or not was_doomed or not any(one in found for one in depends_on):
            continue
        if all(one in found or records[one].get("status") == COMPLETED for one in depends_on) or call.runs_anyway:
            found.setdefault(dependant_id, Rerun(dependant_id, call, depends_on))
    return list(found.values())


def _still_there(records: Mapping[str, Record], record: Record) -> tuple[str, ...]:
    """What a task depends on, but for what had completed and was removed since."""
    named: Any = record.get("depend_on") or ()
    ids: Iterable[Any] = (named,) if isinstance(named, str) else named
    return tuple(one for one in ids if one in records)
