"""The moves that tasks make by themselves (added, begun, ended), made into versions of their records."""

from __future__ import annotations

from collections.abc import Iterator

from . import records
from .feed import Earlier, Kind
from .records import RUNNING, SUSPENDED, Record
from .task import Task

#: How a begin, and the way that a task was added, are told where later moves are on the record already: the latter by
#: whether it had to wait, and whether its limit is the manager's.
_BEGUN = Earlier("changed", records.WHEN_BEGUN)
_ADDED = {
    (waits, is_given): Earlier("added", records.when_added(waits, is_given))
    for waits in (False, True)
    for is_given in (False, True)
}
_JUST_ADDED: tuple[Kind | Earlier, ...] = ("added",)
#: How so many moves are told that follow a version that is in the table.
_FURTHER: tuple[tuple[Kind | Earlier, ...], ...] = ((), ("changed",), (_BEGUN, "changed"))


class Moves:
    """Makes records of moves; called with the store's lock held.

    What a move is, the record says: a Suspended task's next move is its begin, a Running one's is its end.

    Args:
        live: the tasks whose end isn't on the record, by id; each leaves with its end.
    """

    def __init__(self, live: dict[str, Task]) -> None:
        self._live = live
        self._with_results: list[Task] = []

    def ahead(self, task: Task, count: int) -> tuple[Record, Iterator[Kind | Earlier]]:
        """The version after so many further moves of a task, where nobody else has written any; how each is told."""
        record = task.record
        if record is None:
            record, count = first_record(task), count - 1
            kinds = _JUST_ADDED
            if count:
                kinds = (_ADDED[task.depend_on is not None, task.limit != task.run_limit], *_FURTHER[count])
        else:
            kinds = _FURTHER[count]
        if count and record["status"] == SUSPENDED:
            record, count = self._begun(task, record), count - 1
        task.record = record
        if count:
            record, task.record = self._ended(task, record), None  # there are no further ones
        return record, iter(kinds)

    def next(self, task: Task, record: Record) -> Record | None:
        """The version after a task's next move; None for a move that is void, as somebody else has decided the end.

        A removed record's number may be another's.
        """
        if record.get("id") != task.id:
            return None
        if record["status"] == SUSPENDED and task.worker is not None:
            return self._begun(task, record)
        if record["status"] == RUNNING and task.outcome is not None:
            return self._ended(task, record)
        return None

    def let_go(self) -> None:
        """Has tasks hold no results that are on the records now: who depends on others as well holds the tasks."""
        while self._with_results:
            task = self._with_results.pop()
            if task.outcome is not None:
                task.outcome = (*task.outcome[:-1], None)

    def _begun(self, task: Task, record: Record) -> Record:
        assert task.worker is not None
        return records.started(record, task.started_at, task.worker.ident, task.run_limit)

    def _ended(self, task: Task, record: Record) -> Record:
        assert task.outcome is not None
        version = records.concluded(record, *task.outcome)
        self._live.pop(task.id, None)
        if version["result"] is not None:
            self._with_results.append(task)
        return version


def first_record(task: Task) -> Record:
    """The record of a task that has just been added."""
    record = records.added(task.id, task.name, task.depend_on, task.keeps_result, task.limit, task.added_at)
    if task.retry_of is not None:
        record["retry_of"] = task.retry_of  # only where there is one: most records go without
    return record
