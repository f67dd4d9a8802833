"""The engine's own door to the records: insert, replace, remove, count, look at one moment of all."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..feed import Feed
from ..status import WORDS
from .rows import Doc, Rows
from .storage import Edit
from .table import TaskDB


class Moment(NamedTuple):
    """All records of one moment, oldest first, and the revision of that moment. The records belong to the store."""

    revision: int
    records: list[Doc]


class TaskRows(Rows):
    """The rows of the task table: found by task id, counted by status, every change published in the same step."""

    __slots__ = ("_counts", "_feed", "_has_twins", "_numbers")

    def __init__(self, feed: Feed) -> None:
        super().__init__(("id", "status"))
        self._feed = feed
        self._counts = [0] * len(WORDS)
        #: The number of the oldest record of each task id, and whether users have ever added a second one of an id.
        self._numbers: dict[str, int] = {}
        self._has_twins = False

    def put(self, doc_id: int, doc: Doc) -> None:
        """Inserts or replaces a document; see :meth:`Rows.put`."""
        old = self.docs.get(doc_id)
        if old is None or self._indexes:
            super().put(doc_id, doc)
        else:  # what it comes to for most tasks, without the call
            self.docs[doc_id] = doc
            self.version += 1
        if old is None:
            self._number(doc_id, doc)
            self._count(doc, 1)
            self._feed.publish("added", doc)
            return
        if old.get("id") is not doc.get("id"):
            self._unnumber(doc_id, old)
            self._number(doc_id, doc)
        if old.get("status") is not doc.get("status") or old.get("id") is not doc.get("id"):
            self._count(old, -1)
            self._count(doc, 1)
        self._feed.publish("changed", doc)

    def drop(self, doc_id: int) -> Doc:
        """Removes a document; see :meth:`Rows.drop`."""
        old = super().drop(doc_id)
        self._unnumber(doc_id, old)
        self._count(old, -1)
        self._feed.publish("removed", old)
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
                if twin != doc_id and other.get("id") == task_id:
                    self._numbers[task_id] = twin
                    return

    def _count(self, doc: Doc, by: int) -> None:
        status = doc.get("status")
        if type(status) is int and 0 <= status < len(self._counts) and isinstance(doc.get("id"), str):
            self._counts[status] += by


class Keeper:
    """Keeps the task records. Every change, whoever makes it, gets the next revision and is published at once.

    Attributes:
        db: the TinyDB that users see.
        lock: guards everything here. The engine's worker threads take it as it is; code that may run inside a
            task takes it within ``shield``. No lock of the engine's is held when it is taken.
        feed: the changes.
        replace: ``replace(doc_id, record)`` stores the next version of a record; with the lock held.
        at: ``at(doc_id)`` is the record with this number or None; with the lock or without.
    """

    def __init__(self, history: int) -> None:
        self.feed = Feed(history)
        self._rows = TaskRows(self.feed)
        self.db = TaskDB(self._rows)
        self.lock = self.db.rows_storage.lock
        self.replace = self._rows.put
        self.at = self._rows.docs.get

    def watch(self, review: Callable[[Doc, Doc], Doc], react: Callable[[list[Edit]], None]) -> None:
        """Gives the engine a say in what users write: ``review`` under the lock, ``react`` after its release."""
        self.db.rows_storage.review = review
        self.db.rows_storage.guard.react = react

    # -- with the lock held

    def insert(self, record: Doc) -> int:
        """Adds a record and returns its number."""
        doc_id = self._rows.take_id()
        self._rows.put(doc_id, record)
        return doc_id

    def remove(self, doc_id: int) -> None:
        """Removes a record."""
        self._rows.drop(doc_id)

    # -- with or without it

    def find(self, task_id: object) -> Doc | None:
        """The oldest record with this task id."""
        found = self.locate(task_id)
        return None if found is None else found[1]

    def locate(self, task_id: object) -> tuple[int, Doc] | None:
        """Number and record of the oldest record with this task id."""
        doc_id = self._rows.number_of(task_id)
        record = None if doc_id is None else self._rows.docs.get(doc_id)
        if doc_id is None or record is None or record.get("id") != task_id:
            return None  # gone between the two steps, and its number may be another's
        return doc_id, record

    def counts(self) -> tuple[int, ...]:
        """How many records have each status, indexed by code."""
        return self._rows.counts()

    def moment(self) -> Moment:
        """All records now, documents without a task id left out."""
        with self.db.rows_storage.guard:
            revision, records = self.feed.revision, list(self._rows.docs.values())
        return Moment(revision, [record for record in records if isinstance(record.get("id"), str)])

    def numbered(self) -> list[tuple[int, Doc]]:
        """Number and record of all records now, documents without a task id left out."""
        with self.db.rows_storage.guard:
            pairs = list(self._rows.docs.items())
        return [pair for pair in pairs if isinstance(pair[1].get("id"), str)]
