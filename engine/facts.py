"""What a task's own moves (added, begun, ended) put on its record, and the record that is made of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Literal

from . import records
from .options import PLAIN, Options
from .records import DEPENDENCIES, FRESH, RUNNING, SUSPENDED, Record

#: How far a record is by its task's own moves: not there yet, after one of them, or made (or gone again).
Stage = Literal["new", "added", "begun", "ended", "made"]
NEW: Stage = "new"
ADDED: Stage = "added"
BEGUN: Stage = "begun"
ENDED: Stage = "ended"
MADE: Stage = "made"


class Facts:
    """Stands in a record's place until somebody reads that; then the record is made of it, as it is by then.

    Nobody reads most records of short tasks before their end, and of many none at all. What has happened stays as it
    is: each version that the record had can be made later, too, with or without a lock.

    Attributes:
        stage: how far it is. Written under the store's lock.
        started_at: when it began, in seconds since the epoch; like ``thread`` and ``limit`` set before that is posted.
        thread: the identifier of the thread that runs it.
        limit: how many seconds it may run; None for no limit.
        status, run_s, finished_at, error, traceback: how its own thread says that it ended, after how many seconds and
            when; set, like the ``result`` that the record keeps, before that is posted.
    """

    __slots__ = (
        "id",
        "name",
        "options",
        "depend_on",
        "added_at",
        "started_at",
        "thread",
        "limit",
        "status",
        "run_s",
        "finished_at",
        "error",
        "traceback",
        "result",
        "stage",
        "_last",
    )

    def __init__(self, task_id: str, name: str, options: Options, depend_on: str | tuple[str, ...]) -> None:
        self.id = task_id
        self.name = name
        self.options = options
        self.depend_on = depend_on
        self.added_at = time.time()
        self.result: Any = None
        self.stage: Stage = NEW
        #: The last version that was made, for whoever reads the next one, as those who follow all changes do.
        self._last: Record | None = None

    # Set when they are known:
    started_at: float
    thread: int
    limit: float | None
    status: int
    run_s: float
    finished_at: float
    error: str | None
    traceback: str | None

    @property
    def dependencies(self) -> Sequence[str]:
        """The ids that the task depends on."""
        return (self.depend_on,) if isinstance(self.depend_on, str) else self.depend_on

    def version(self, stage: Stage) -> Record:
        """The record after this move, which has been made. From any thread; belongs to all who have asked."""
        last = self._last
        if stage is ENDED:
            begun = last.copy() if last is not None and last["status"] == RUNNING else self.begin(self._first())
            self._last = None
            return self.end(begun)
        if stage is BEGUN:
            if last is not None and last["status"] == RUNNING:
                return last
            version = self.begin(self._first() if last is None else last.copy())
        else:
            if last is not None and last["status"] == SUSPENDED:
                return last
            version = self._first()
        self._last = version
        return version

    def _first(self) -> Record:
        version = FRESH.copy()
        options, at = self.options, self.added_at
        version["id"] = self.id
        version["timestamp"] = records.local_time(int(at))
        version["name"] = self.name
        version["get_result"] = options.keeps_result
        version["added_at"] = at
        named = self.depend_on
        if named:
            version["depend_on"] = named if isinstance(named, str) else [*named]
            version["waiting_for"] = DEPENDENCIES
        if options.limit is not None:
            version["thread_timeout"] = options.limit
        if options.retry_of is not None:
            version["retry_of"] = options.retry_of  # only where there is one: most records go without
        return version

    def begin(self, version: Record) -> Record:
        """Puts on a version of the record that the task has begun."""
        version["status"] = RUNNING
        version["thread"] = self.thread
        version["started_at"] = self.started_at
        version["waiting_for"] = None
        version["thread_timeout"] = self.limit
        return version

    def end(self, version: Record) -> Record:
        """Puts on a version of the record how the task has ended."""
        version["status"], version["perf"], version["finished_at"] = self.status, self.run_s, self.finished_at
        version["error"], version["traceback"] = self.error, self.traceback
        version["result"] = self.result
        version["waiting_for"] = version["stuck"] = None
        return version


#: In the place of the facts of any task whose end is on the record; what it says of itself means nothing.
GONE = Facts("", "", PLAIN[False][False], ())
GONE.stage = ENDED
