"""The moves that tasks make by themselves, written on a record that has been made already."""

from __future__ import annotations

from .records import RUNNING, SUSPENDED, Record
from .task import Task


def next_version(task: Task, record: Record) -> Record | None:
    """The version after a task's next move; None for a move that is void, as somebody else has decided the end.

    What a move is, the record says: a Suspended task's next move is its begin, a Running one's is its end. A removed
    record's number may be another's.
    """
    facts = task.facts
    if record.get("id") != facts.id:
        return None
    status = record["status"]
    if status == SUSPENDED and task.worker is not None:
        return facts.begin(record.copy())
    if status == RUNNING and task.own_status is not None:
        return facts.end(record.copy())
    return None
