"""The rows of the task table: beside what every table's rows can do, task ids, counts by status, and the feed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..feed import Feed, Kind
from ..status import WORDS
from .rows import Doc, Rows


class TaskRows(Rows):
    """The rows of the task table: found by task id, counted by status, every change published in the same step."""

    __slots__ = ("_batch", "_counts", "_feed", "_has_twins", "_numbers")

    def __init__(self, feed: Feed) -> None:
        super().__init__(("id", "status"))
        self._feed = feed
        self._counts = [0] * len(WORDS)
        #: The number of the oldest record of each task id, and whether users have ever added a second one of an id.
        self._numbers: dict[str, int] = {}
        self._has_twins = False
        #: The changes of the batch that is being taken in.
        self._batch: list[tuple[Kind, Doc]] | None = None

    def take_in(self, moves: deque[Any], make: Callable[[Any, Doc | None], Doc | None]) -> None:
        """Stores what ``make(move, record)`` makes of each move: the task's next record, or None to leave it.

        A move has the ``id`` of its task and the ``doc_id`` of its record, 0 for a new one, which is set then. Moves
        leave the queue when they are in. The same as ``put`` for each of them, for a fraction of the cost: most
        records come by here.
        """
        changes = self._batch = []
        done = 0
        try:
            for move in moves.copy():
                while not self._take_one(move, make, changes):
                    pass
                done += 1
        finally:
            self._batch = None
            if changes:
                self.exists = True
                self.version += len(changes)
                self._feed.extend(changes)
            for _ in range(done):
                moves.popleft()

    def _take_one(
        self, move: Any, make: Callable[[Any, Doc | None], Doc | None], changes: list[tuple[Kind, Doc]]
    ) -> bool:
        """False if a finalizer, which Python runs where it wants, has changed the record meanwhile: once more, then."""
        doc_id, docs, counts = move.doc_id, self.docs, self._counts
        old = docs.get(doc_id) if doc_id else None
        if doc_id and (old is None or old.get("id") != move.id):
            return True  # it has been removed, and its number may be another's
        record = make(move, old)
        if record is None:
            return True
        change: tuple[Kind, Doc] = ("changed" if doc_id else "added", record)
        if old is not None:
            if docs.get(doc_id) is not old:
                return False
            counts[old["status"]] -= 1
        else:
            doc_id = self.take_id()
            if move.doc_id:
                return False
            move.doc_id = doc_id
            self._note_order(doc_id)
            self._number(doc_id, record)
        if self._indexes:
            self._reindex(doc_id, old, record)
        counts[record["status"]] += 1
        docs[doc_id] = record
        changes.append(change)
        return True

    def _publish(self, kind: Kind, doc: Doc) -> None:
        if self._batch is not None:  # a finalizer's change, in the middle of a batch: it keeps its place in the order
            self._batch.append((kind, doc))
        else:
            self._feed.publish(kind, doc)

    def put(self, doc_id: int, doc: Doc) -> None:
        """Inserts or replaces a document; see :meth:`Rows.put`."""
        old = self.docs.get(doc_id)
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
                if twin != doc_id and other.get("id") == task_id:
                    self._numbers[task_id] = twin
                    return

    def _count(self, doc: Doc, by: int) -> None:
        status = doc.get("status")
        if type(status) is int and 0 <= status < len(self._counts) and isinstance(doc.get("id"), str):
            self._counts[status] += by
