"""The rows of the task table: beside what every table's rows can do, task ids, counts by status, and the feed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat, starmap
from typing import Any

from ..facts import ADDED, BEGUN, ENDED, GONE, MADE, NEW, Facts
from ..feed import Feed, Kind
from ..records import RUNNING, SUSPENDED
from ..status import FINAL, WORDS
from .rows import Doc, Rows


class TaskRows(Rows):
    """The rows of the task table: found by task id, counted by status, every change published in the same step.

    Here ``docs`` may hold the :class:`Facts` of a task in the place of its record, from when a task is added until
    somebody asks for that, by :meth:`made`; between :meth:`make_all` and the next moves it holds records only.

    Attributes:
        live: the tasks whose end isn't on the record, by id; each leaves with its end.
        next_version: ``next_version(task, record)`` is the one after the task's next move, whoever has written
            ``record``; None for a move that is void. Called with the store's lock held.
    """

    __slots__ = ("_counts", "_feed", "_has_twins", "_numbers", "_unmade", "_written", "live", "next_version")

    def __init__(self, feed: Feed) -> None:
        super().__init__(("id", "status"))
        self._feed = feed
        self._counts = [0] * len(WORDS)
        #: The number of the oldest record of each task id, and whether users have ever added a second one of an id.
        self._numbers: dict[str, int] = {}
        self._has_twins = False
        #: The numbers of the records that aren't made.
        self._unmade: dict[int, None] = {}
        #: Where changes go while moves are taken in: what happened and to which record, by turns.
        self._written: list[Any] | None = None
        self.live: dict[str, Any] = {}
        self.next_version: Callable[[Any, Doc], Doc | None]

    # -- records that nobody has read yet

    def made(self, doc_id: int) -> Doc | None:
        """The record with this number, which is made now if it hasn't been."""
        docs = self.docs
        while type(facts := docs.get(doc_id)) is Facts:
            stage = facts.stage
            version = facts.version(stage)
            if self._indexes:
                self._reindex(doc_id, None, version)
            if facts.stage is stage:  # no finalizer has done something else
                docs[doc_id], facts.stage = version, MADE
                self._unmade.pop(doc_id, None)
                return version
        return facts

    def make_all(self) -> None:
        """Makes all records that haven't been."""
        while self._unmade:
            for number in list(self._unmade):
                self.made(number)
                self._unmade.pop(number, None)  # Ctrl-C may have kept that from doing so

    # -- moves

    def take_in(self, moves: deque[Any]) -> None:
        """Writes down the moves of tasks, and publishes each in its turn. They leave the queue when they are in."""
        posted = moves.copy()
        written: list[Any] = []
        self._written = written
        try:
            self._write(posted, written)
        except BaseException:
            self._indexes.clear()  # one of them may lack a change: they are built again
            raise
        finally:
            self.exists = True
            self.version += len(posted)
            self._written = None
            self._feed.extend(written[::2], written[1::2])
        deque(starmap(moves.popleft, repeat((), len(posted))), maxlen=0)  # takes so many out

    # Finalizers and signal handlers may write, and Ctrl-C may strike, wherever a function is called or something is
    # made, but nowhere else. So what belongs together has neither in between; and a move that comes once more is void.

    def _write(self, posted: Iterable[Any], written: list[Any]) -> None:
        """Writes each move on what is there when its turn comes."""
        counts, live = self._counts, self.live
        for task in posted:
            facts = task.facts
            stage = facts.stage
            if stage is NEW:
                self._write_first(task, written)
                continue
            change: tuple[Any, ...] = BEGUN if stage is ADDED else ENDED, facts
            if facts.stage is MADE:  # perhaps by a finalizer, just now
                self._write_next(task, written)
            elif stage is ADDED:
                if task.worker is not None:
                    facts.stage = BEGUN
                    counts[SUSPENDED] -= 1
                    counts[RUNNING] += 1
                    written += change
            elif stage is BEGUN and task.own_status is not None:
                facts.stage = ENDED
                counts[RUNNING] -= 1
                counts[facts.status] += 1
                written += change
                live.pop(task.id, None)  # as ``_forget``, without a call
                task.facts = GONE
            elif stage is ENDED:
                self._forget(task)

    def _write_first(self, task: Any, written: list[Any]) -> None:
        """Writes that a task was added."""
        number = self.take_id()
        while number in self.docs:  # a user has chosen it
            number = self.take_id()
        facts, task_id, numbers = task.facts, task.id, self._numbers
        change = ADDED, facts
        if facts.stage is not NEW:
            return  # a finalizer has ended it
        task.doc_id, facts.stage = number, ADDED
        if number > self._highest:  # as ``_note_order``, without a call
            self._highest = number
        else:
            self._is_sorted = False
        if task_id in numbers:
            self._has_twins = True
        else:
            numbers[task_id] = number
        self.docs[number] = facts
        self._unmade[number] = None
        self._counts[SUSPENDED] += 1
        written += change

    def admit(self, task: Any) -> None:
        """Writes that a task was added, if that isn't written, and makes its record; perhaps before its turn."""
        if task.facts.stage is not NEW:
            return
        written: list[Any] = []
        self._write_first(task, written)
        if self._written is not None:  # in the order in which it happens
            self._written += written
        else:
            self._feed.extend(written[::2], written[1::2])
        self.exists = True
        self.version += 1
        self.made(task.doc_id)

    def _write_next(self, task: Any, written: list[Any]) -> None:
        """Writes a move on a record that has been made."""
        docs, counts, number = self.docs, self._counts, task.doc_id
        version, old = None, self.made(number)
        change: tuple[Any, ...] = ()
        while old is not None:
            version = self.next_version(task, old)
            change = "changed", version
            if number in docs and docs[number] is old:
                break
            old = self.made(number)  # a finalizer has written meanwhile
        if old is None or version is None:
            if old is None or old.get("id") != task.id:
                task.facts.result = None  # the record is gone, but the history may hold the facts
            elif old["status"] in FINAL:
                self._forget(task)
            return
        status = version["status"]
        docs[number] = version
        counts[old["status"]] -= 1
        counts[status] += 1
        written += change
        if self._indexes:
            self._reindex(number, old, version)
        if status in FINAL:
            self._forget(task)

    def _forget(self, task: Any) -> None:
        """The task's end is on its record. Who waits for others as well holds the task, but not its result."""
        self.live.pop(task.id, None)
        task.facts = GONE

    def _publish(self, kind: Kind, doc: Doc) -> None:
        if self._written is not None:  # in the order in which it happens
            self._written += (kind, doc)
        else:
            self._feed.extend([kind], [doc])

    def put(self, doc_id: int, doc: Doc) -> None:
        """Inserts or replaces a document; see :meth:`Rows.put`."""
        old = self.made(doc_id)
        super().put(doc_id, doc)
        if old is None:
            self._number(doc_id, doc)
            self._count(doc, 1)
            self._publish("added", doc)
            return
        if old.get("id") is not doc.get("id"):
            self._unnumber(doc_id, old)
            self._number(doc_id, doc)
        if old.get("status") is not doc.get("status") or old.get("id") is not doc.get("id"):
            self._count(old, -1)
            self._count(doc, 1)
        self._publish("changed", doc)

    def drop(self, doc_id: int) -> Doc:
        """Removes a document; see :meth:`Rows.drop`."""
        self.made(doc_id)
        old = super().drop(doc_id)
        self._unnumber(doc_id, old)
        self._count(old, -1)
        self._publish("removed", old)
        return old

    def number_of(self, task_id: object) -> int | None:
        """The number of the oldest record with this task id. Needs no lock."""
        return self._numbers.get(task_id) if isinstance(task_id, str) else None

    def counts(self) -> tuple[int, ...]:
        """How many tasks have each status."""
        return tuple(self._counts)

    def _number(self, doc_id: int, doc: Doc) -> None:
        task_id = doc.get("id")
        if isinstance(task_id, str) and self._numbers.setdefault(task_id, doc_id) != doc_id:
            self._has_twins = True

    def _unnumber(self, doc_id: int, doc: Doc) -> None:
        task_id = doc.get("id")
        if not isinstance(task_id, str) or self._numbers.get(task_id) != doc_id:
            return
        del self._numbers[task_id]
        if self._has_twins:
            for twin, other in self.docs.items():
                if twin != doc_id and (other.id if type(other) is Facts else other.get("id")) == task_id:
                    self._numbers[task_id] = twin
                    return

    def _count(self, doc: Doc, by: int) -> None:
        status = doc.get("status")
        if type(status) is int and 0 <= status < len(self._counts) and isinstance(doc.get("id"), str):
            self._counts[status] += by
