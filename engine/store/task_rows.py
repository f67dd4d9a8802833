"""The rows of the task table: beside what every table's rows can do, task ids, counts by status, and the feed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..feed import Feed, Kind
from ..status import WORDS
from .rows import Doc, Rows


class Batch(NamedTuple):
    """Changes in their order: what happened, and the record after it."""

    kinds: list[Kind]
    records: list[Doc]


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
        self._batch: Batch | None = None

    def take_in(  # noqa: PLR0915  # in one piece: each call that it makes is paid for three times a task
        self, moves: deque[Any], make: Callable[[Any, Doc | None], Doc | None]
    ) -> None:
        """Stores what ``make(move, record)`` makes of each move: the task's next record, or None to leave it.

        A move has the ``doc_id`` of its record, 0 for a new one, which is set then; ``record`` is what has that number
        now, None if nothing has. Moves leave the queue when they are in. The same as ``put`` for each of them, for a
        fraction of the cost: most records come by here.
        """
        docs, counts = self.docs, self._counts
        kinds, records = self._batch = Batch([], [])
        done = 0
        try:
            for move in moves.copy():
                while True:
                    number = move.doc_id
                    old = docs.get(number) if number else None
                    record = make(move, old)
                    if record is None:
                        break
                    if old is None:
                        if not self._take_in_new(move, record):
                            continue
                        kinds.append("added")
                    elif docs.get(number) is not old:
                        continue  # a finalizer, which Python runs where it wants, has changed the record: once more
                    else:
                        if self._indexes:
                            self._reindex(number, old, record)
                        docs[number] = record
                        counts[old["status"]] -= 1
                        counts[record["status"]] += 1
                        kinds.append("changed")
                    records.append(record)
                    break
                done += 1
        finally:
            self._batch = None
            if records:
                self.exists = True
                self.version += len(records)
                self._feed.extend(kinds, records)
            for _ in range(done):
                moves.popleft()

    def _take_in_new(self, move: Any, record: Doc) -> bool:
        """Gives a new record its number; False if a finalizer has done so meanwhile."""
        number = self.take_id()
        if move.doc_id:
            return False
        move.doc_id = number
        self._note_order(number)
        if self._numbers.setdefault(record["id"], number) != number:
            self._has_twins = True
        if self._indexes:
            self._reindex(number, None, record)
        self._counts[record["status"]] += 1
        self.docs[number] = record
        return True

    def _publish(self, kind: Kind, doc: Doc) -> None:
        if self._batch is not None:  # in the order in which it happens, a finalizer's change among them
            self._batch.kinds.append(kind)
            self._batch.records.append(doc)
        else:
            self._feed.extend([kind], [doc])

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
