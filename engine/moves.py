"""The moves that tasks make by themselves (added, begun, ended), made into versions of their records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from . import records
from .feed import Earlier, Kind
from .records import RUNNING, SUSPENDED, Record
from .task import Task

#: How a begin, and the way that a task was added, are told where later moves are on the record already: the latter by
#: whether it had to wait, and whether its limit is the manager's.
_BEGUN = Earlier("changed", records.WHEN_BEGUN)
_Kinds = tuple[Kind | Earlier, ...]
#: How so many moves are told that follow a version that is in the table.
_FURTHER: tuple[_Kinds, ...] = ((), ("changed",), (_BEGUN, "changed"))
#: And how such that follow the adding, which is told with them.
_ADDED_AND: dict[tuple[bool, bool], tuple[_Kinds, ...]] = {
    (waits, is_given): tuple((Earlier("added", records.when_added(waits, is_given)), *kinds) for kinds in _FURTHER)
    for waits in (False, True)
    for is_given in (False, True)
}
#: A single move is told in the same way, however often; so nothing is made for each.
_JUST_ADDED: Iterator[Kind | Earlier] = repeat("added")
_JUST_CHANGED: Iterator[Kind | Earlier] = repeat("changed")


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
            if not count:
                task.record = record
                return record, _JUST_ADDED
            kinds = _ADDED_AND[task.depend_on is not None, task.options.limit != task.run_limit][count]
        else:
            record, kinds = record.copy(), _FURTHER[count]
        if record["status"] == SUSPENDED:
            self._begun(task, record)
            count -= 1
        if count:
            self._ended(task, record)
            task.record = None  # there are no further ones
        else:
            task.record = record
        return record, _JUST_CHANGED if len(kinds) == 1 else iter(kinds)

    def next(self, task: Task, record: Record) -> Record | None:
        """The version after a task's next move; None for a move that is void, as somebody else has decided the end.

        A removed record's number may be another's.
        """
        if record.get("id") != task.id:
            return None
        if record["status"] == SUSPENDED and task.worker is not None:
            return self._begun(task, record.copy())
        if record["status"] == RUNNING and task.outcome is not None:
            return self._ended(task, record.copy())
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
    options = task.options
    record = records.added(task.id, task.name, task.depend_on, options.keeps_result, options.limit, task.added_at)
    if options.retry_of is not None:
        record["retry_of"] = options.retry_of  # only where there is one: most records go without
    return record
