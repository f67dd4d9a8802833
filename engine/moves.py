"""The moves that tasks make by themselves (added, begun, ended), made into versions of their records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from . import records
from .feed import ADDED, CHANGED, Told
from .records import DEPENDENCIES, FRESH, RUNNING, SUSPENDED, Record
from .task import Task

# -- what each move makes of a record


def added(task: Task) -> Record:
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


def begun(task: Task, version: Record) -> Record:
    """Makes a version that nobody else has yet that of a task whose function is about to be called; returns it."""
    assert task.worker is not None
    version["status"] = RUNNING
    version["thread"] = task.worker.ident
    version["started_at"] = task.started_at
    version["waiting_for"] = None
    version["thread_timeout"] = task.run_limit
    return version


def ended(task: Task, version: Record) -> Record:
    """Makes it that of a task whose function has returned or raised; returns it."""
    assert task.outcome is not None
    version["status"], version["perf"], version["finished_at"], version["error"], version["traceback"] = task.outcome
    version["result"] = task.result
    version["waiting_for"] = version["stuck"] = None
    return version


#: What was otherwise on the record of a task that has ended by itself when its function was about to be called.
_WHEN_BEGUN: Record = {
    "status": RUNNING,
    "perf": 0,
    "error": None,
    "result": None,
    "finished_at": None,
    "traceback": None,
}


def _when_added(waits: bool, limit_is_given: bool) -> Record:
    """And what when it was added, by whether it had to wait for others, and whether its limit was given later."""
    otherwise: Record = {"status": SUSPENDED, "thread": None, "started_at": None}
    if waits:
        otherwise["waiting_for"] = DEPENDENCIES
    if limit_is_given:
        otherwise["thread_timeout"] = None
    return {**_WHEN_BEGUN, **otherwise}


# -- how moves are told that are on the record already, or with others

_BEGUN = Told("changed", _WHEN_BEGUN)
#: How so many moves are told that follow a version that is in the table.
_FURTHER: tuple[tuple[Told, ...], ...] = ((), (CHANGED,), (_BEGUN, CHANGED))
#: And how such that follow the adding, which is told with them; by whether the task had to wait, and whether its limit
#: is the manager's.
_ADDED_AND: dict[tuple[bool, bool], tuple[tuple[Told, ...], ...]] = {
    (waits, is_given): tuple((Told("added", _when_added(waits, is_given)), *further) for further in _FURTHER)
    for waits in (False, True)
    for is_given in (False, True)
}
#: A single move is told in the same way, however often; so nothing is made for each.
_JUST_ADDED: Iterator[Told] = repeat(ADDED)
_JUST_CHANGED: Iterator[Told] = repeat(CHANGED)


class Moves:
    """Makes records of moves; called with the store's lock held.

    What a move is, the record says: a Suspended task's next move is its begin, a Running one's is its end.

    Args:
        live: the tasks whose end isn't on the record, by id; each leaves with its end.
    """

    def __init__(self, live: dict[str, Task]) -> None:
        self._live = live
        self._with_results: list[Task] = []

    def ahead(self, task: Task, count: int) -> tuple[Record, Iterator[Told]]:
        """The version after so many further moves of a task, where nobody else has written any; how each is told."""
        record = task.record
        if record is None:
            record, count = added(task), count - 1
            if not count:
                task.record = record
                return record, _JUST_ADDED
            ways = _ADDED_AND[task.depend_on is not None, task.options.limit != task.run_limit][count]
        else:
            record, ways = record.copy(), _FURTHER[count]
        if record["status"] == SUSPENDED:
            begun(task, record)
            count -= 1
        if count:
            self._end(task, record)
            task.record = None  # there are no further ones
        else:
            task.record = record
        return record, _JUST_CHANGED if len(ways) == 1 else iter(ways)

    def next(self, task: Task, record: Record) -> Record | None:
        """The version after a task's next move; None for a move that is void, as somebody else has decided the end.

        A removed record's number may be another's.
        """
        if record.get("id") != task.id:
            return None
        if record["status"] == SUSPENDED and task.worker is not None:
            return begun(task, record.copy())
        if record["status"] == RUNNING and task.outcome is not None:
            return self._end(task, record.copy())
        return None

    def let_go(self) -> None:
        """Has tasks hold no results that are on the records now: who depends on others as well holds the tasks."""
        while self._with_results:
            self._with_results.pop().result = None

    def _end(self, task: Task, record: Record) -> Record:
        ended(task, record)
        self._live.pop(task.id, None)
        if task.result is not None:
            self._with_results.append(task)
        return record
