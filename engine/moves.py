"""The moves that tasks make by themselves (added, begun, ended), made into versions of their records."""

from __future__ import annotations

from . import records
from .records import RUNNING, SUSPENDED, Record
from .task import Task


class Moves:
    """Makes records of moves; called with the store's lock held.

    Args:
        live: the tasks whose end isn't on the record, by id; each leaves with its end.
    """

    def __init__(self, live: dict[str, Task]) -> None:
        self._live = live

    def make(self, task: Task, record: Record | None) -> Record | None:
        """The task's next record; None for a move that is void, as somebody else has decided or removed the record.

        What a move is, its record says: without one the task has just been added, a Suspended one has begun, a Running
        one has ended. A removed record's number may be another's.
        """
        if record is None:
            return None if task.doc_id else first_record(task)
        if record.get("id") != task.id:
            return None
        status = record["status"]
        if status == SUSPENDED and task.worker is not None:
            return records.started(record, task.started_at, task.worker.ident, task.run_limit)
        if status == RUNNING and task.outcome is not None:
            self._live.pop(task.id, None)
            return records.concluded(record, *task.outcome)
        return None


def first_record(task: Task) -> Record:
    """The record of a task that has just been added."""
    record = records.added(task.id, task.name, task.depend_on, task.keeps_result, task.limit, task.added_at)
    if task.retry_of is not None:
        record["retry_of"] = task.retry_of  # only where there is one: most records go without
    return record
