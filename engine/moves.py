"""The moves that tasks make by themselves (added, begun, ended), and what each makes of a task's record."""

from __future__ import annotations

from . import records
from .records import DEPENDENCIES, FRESH, RUNNING, SUSPENDED, Record
from .task import Task


def first_version(task: Task) -> Record:
    """The record of a task that has just been added."""
    options, at = task.options, task.added_at
    version = FRESH.copy()
    version["id"] = task.id
    version["timestamp"] = records.local_time(int(at))
    version["name"] = task.name
    version["get_result"] = options.keeps_result
    version["added_at"] = at
    if task.depend_on is not None:
        version["depend_on"] = task.depend_on
        version["waiting_for"] = DEPENDENCIES
    if options.limit is not None:
        version["thread_timeout"] = options.limit
    if options.retry_of is not None:
        version["retry_of"] = options.retry_of  # only where there is one: most records go without
    return version


def next_version(task: Task, record: Record) -> Record | None:
    """The version after a task's next move; None for a move that is void, as somebody else has decided the end.

    What a move is, the record says: a Suspended task's next move is its begin, a Running one's is its end. A removed
    record's number may be another's.
    """
    if record.get("id") != task.id:
        return None
    status = record["status"]
    if status == SUSPENDED and task.worker is not None:
        version = record.copy()
        version["status"] = RUNNING
        version["thread"] = task.worker.ident
        version["started_at"] = task.started_at
        version["waiting_for"] = None
        version["thread_timeout"] = task.run_limit
        return version
    if status == RUNNING and task.outcome is not None:
        version = record.copy()
        version["status"], version["perf"], version["finished_at"], error, trace = task.outcome
        version["error"], version["traceback"] = error, trace
        version["result"] = task.result
        version["waiting_for"] = version["stuck"] = None
        return version
    return None
