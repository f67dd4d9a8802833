"""The engine's own door to the records: moves of tasks, changes, counts, one moment of all."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..facts import ENDED, MADE, Facts
from ..feed import Feed
from ..interrupts import shield
from ..status import FINAL
from .rows import Doc
from .storage import Edit
from .table import TaskDB
from .task_rows import TaskRows

#: From so many moves on, whoever makes the next one writes them down; from so many on, if that is being done already,
#: it steps aside for some seconds, so that those who make moves don't outrun the one who writes them down.
_WRITE_DOWN_FROM = 256
_STEP_ASIDE_FROM, _ASIDE_S = 1024, 1e-5


class Moment(NamedTuple):
    """All records of one moment, oldest first, and the revision of that moment. The records belong to the store."""

    revision: int
    records: list[Doc]


class Keeper:
    """Keeps the task records. Every change, whoever makes it, gets the next revision and is published at once.

    What tasks do by themselves (be added, begin, end) is posted without a lock and written down, in order, by whoever
    looks next: before anything is read or changed here, all that was posted is on the records. So nobody can tell
    the difference, and threads that run short tasks don't stand in each other's way.

    Attributes:
        db: the TinyDB that users see.
        lock: guards everything here. The engine's worker threads take it as it is; code that may run inside a
            task takes it within ``shield``. No lock of the engine's is held when it is taken.
        feed: the changes.
        replace: ``replace(doc_id, record)`` stores the next version of a record; with the lock held.
        at: ``at(doc_id)`` is the record with this number or None; with the lock held.
        admit: ``admit(task)`` writes down that a task was added, if that isn't, though its turn may come later; with
            the lock held.
    """

    def __init__(self, history: int) -> None:
        self.feed = Feed(history, self.look)
        self._sleepers = self.feed.sleepers
        self._rows = TaskRows(self.feed)
        self.db = TaskDB(self._rows)
        self._guard = self.db.rows_storage.guard
        self._guard.prepare = self._prepare
        self.lock = self.db.rows_storage.lock
        self.replace = self._rows.put
        self.at = self._rows.made
        self.admit = self._rows.admit
        self._moves: deque[Any] = deque()
        self._is_settling = False

    def watch(
        self,
        live: dict[str, Any],
        next_version: Callable[[Any, Doc], Doc | None],
        review: Callable[[Doc, Doc | None], Doc | None],
        react: Callable[[list[Edit]], None],
    ) -> None:
        """Gives the engine a say in what is written.

        ``live`` are the tasks whose end isn't on the record, by id: each leaves with its end. ``next_version``, which
        is what a task's next move makes of its record, and ``review`` are called under the lock, ``react`` after it.
        """
        self._rows.live, self._rows.next_version = live, next_version
        self.db.rows_storage.review = review
        self._guard.react = react

    # -- moves

    def post(self, task: Any) -> None:
        """Takes in a move that a task has made. Needs no lock; from any thread, but within ``shield`` inside a task."""
        moves = self._moves
        moves.append(task)
        if self._sleepers:
            self.feed.wake()
        elif len(moves) > _WRITE_DOWN_FROM:
            self._keep_up()

    def _keep_up(self) -> None:
        if self.lock.acquire(False):
            try:
                self.settle()
            finally:
                self.lock.release()
        elif len(self._moves) > _STEP_ASIDE_FROM:
            time.sleep(_ASIDE_S)

    def settle(self) -> None:
        """Writes down what has been posted; with the lock held. Not in the middle of a user's operation."""
        if not self._moves or self._is_settling or self._guard.is_held:
            return
        self._is_settling = True  # a finalizer may get in here, and look
        try:
            self._rows.take_in(self._moves)
        finally:
            self._is_settling = False

    def _prepare(self) -> None:
        """Has all rows hold records that are up to date: a user's operation begins. With the lock held."""
        self.settle()
        self._rows.make_all()

    @property
    def is_being_edited(self) -> bool:
        """Whether a user's operation is under way: until it is over, nothing that is posted is written down."""
        return self._guard.is_held

    @property
    def is_busy_here(self) -> bool:
        """Whether the calling thread is in the midst of a user's operation, and so has the lock."""
        if not self.lock.acquire(False):
            return False
        try:
            return self._guard.is_held
        finally:
            self.lock.release()

    def look(self) -> None:
        """Brings the records up to date, to be read without the lock."""
        if self._moves:
            with shield, self.lock:
                self.settle()

    # -- with the lock held

    def remove(self, doc_id: int) -> None:
        """Removes a record."""
        self._rows.drop(doc_id)

    # -- with or without it

    def find(self, task_id: object) -> Doc | None:
        """The oldest record with this task id."""
        found = self._written(task_id)
        if self._moves and (found is None or found[1].get("status") not in FINAL):  # else what is posted isn't for it
            self.look()
            found = self._written(task_id)
        return None if found is None else found[1]

    def ended(self, task_id: object) -> Facts | None:
        """What the record of an ended task is to be made of, if nobody has needed that yet; None for any other."""
        facts = self._rows.docs.get(self._rows.number_of(task_id) or 0)
        return facts if type(facts) is Facts and facts.stage is ENDED and facts.id == task_id else None

    def _written(self, task_id: object) -> tuple[int, Doc] | None:
        number = self._rows.number_of(task_id)
        if number is None:
            return None
        found = self._rows.docs.get(number)
        record = self._made(number, found) if type(found) is Facts else found
        # It may have gone between the two steps, and its number may be another's.
        return (number, record) if record is not None and record.get("id") == task_id else None

    def _made(self, number: int, facts: Facts) -> Doc | None:
        """The record with this number; only for the caller if others have the lock, for whom nobody waits."""
        with shield:
            if not self.lock.acquire(False):
                stage = facts.stage
                if stage is not MADE:
                    return facts.version(stage)
                found = self._rows.docs.get(number)
                return None if type(found) is Facts else found  # it has become another task's number
            try:
                return self._rows.made(number)
            finally:
                self.lock.release()

    def locate(self, task_id: object) -> tuple[int, Doc] | None:
        """Number and record of the oldest record with this task id."""
        if self._moves:
            self.look()
        return self._written(task_id)

    def count(self) -> int:
        """How many records and other documents there are."""
        self.look()
        return len(self._rows.docs)

    def counts(self) -> tuple[int, ...]:
        """How many records have each status, indexed by code."""
        self.look()
        return self._rows.counts()

    @property
    def revision(self) -> int:
        """The number of the newest change."""
        self.look()
        return self.feed.revision

    def moment(self) -> Moment:
        """All records now, documents without a task id left out."""
        with self._guard:
            revision, records = self.feed.revision, list(self._rows.docs.values())
        return Moment(revision, [record for record in records if isinstance(record.get("id"), str)])

    def numbered(self) -> list[tuple[int, Doc]]:
        """Number and record of all records now, documents without a task id left out."""
        with self._guard:
            pairs = list(self._rows.docs.items())
        return [pair for pair in pairs if isinstance(pair[1].get("id"), str)]
