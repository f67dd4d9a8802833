"""The rows of the task table: beside what every table's rows can do, task ids, counts by status, and the feed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, Protocol

from ..feed import ADDED, CHANGED, REMOVED, Feed, Told
from ..status import WORDS
from .rows import Doc, Rows


class Maker(Protocol):
    """Makes records of moves. Called with the store's lock held.

    Who makes moves, a task, is posted once for each. It has the ``doc_id`` of its record, 0 until that is in the table,
    and the ``record`` that its own moves have led to as far as they have been made: None until then, and after the end.
    """

    def ahead(self, task: Any, count: int) -> tuple[Doc, Iterator[Told]]:
        """The version after so many further moves, where nobody else has written any; and how each is to be told."""

    def next(self, task: Any, record: Doc) -> Doc | None:
        """The version after the next move, whoever has written ``record``; None to leave it."""

    def let_go(self) -> None:
        """All that was made is in the table."""


#: For each task how many moves it has made; once they are written, the version that they have made.
_Turns = dict[Any, Any]
#: How the moves of each task are told, one after the other.
_Ways = dict[Any, Iterator[Told]]


class Batch(NamedTuple):
    """Changes in their order: what happened, and the record after it."""

    told: list[Told]
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
        #: Where changes go while moves are taken in.
        self._batch: Batch | None = None

    def take_in(self, moves: deque[Any], maker: Maker) -> None:
        """Writes down the moves of tasks, and publishes each in its turn. They leave the queue when they are in.

        All those of one task make one version, as nobody looks in between; who is told of the others gets what they
        were. Only where somebody else has written on its record, each goes on from what is there when its turn comes.
        Whatever can be is left to functions of Python's own: most of what a task costs the store is here.
        """
        posted = moves.copy()
        turns: _Turns = Counter(posted)
        ways: _Ways = {}
        batch, meanwhile = Batch([], []), Batch([], [])
        self._batch = meanwhile  # of finalizers, which Python runs where it wants
        try:
            self._write(turns, ways, maker)
        finally:
            if int in set(map(type, turns.values())):
                self._write_singly(posted, turns, ways, maker, batch)
            else:
                batch.told.extend(map(next, map(ways.__getitem__, posted)))
                batch.records.extend(map(turns.__getitem__, posted))
            self.exists = True
            self.version += len(posted)
            self._feed.extend(*batch)
            self._batch = None
            self._feed.extend(*meanwhile)
            deque(islice(iter(moves.popleft, None), len(posted)), maxlen=0)  # takes so many out
            maker.let_go()

    def _write(self, turns: _Turns, ways: _Ways, maker: Maker) -> None:
        """Writes the moves of each task, unless others have written on its record."""
        docs, counts, numbers, ahead = self.docs, self._counts, self._numbers, maker.ahead
        for task, count in turns.items():
            number: int = task.doc_id
            old: Doc | None = task.record
            if old is None:
                if number:
                    continue
                record, how_told = ahead(task, count)
                number = self.take_id()
                if task.doc_id:
                    continue  # a finalizer has ended it
                task.doc_id = number
                self._note_order(number)
                if numbers.setdefault(task.id, number) != number:
                    self._has_twins = True
            else:
                if docs.get(number) is not old:
                    continue
                record, how_told = ahead(task, count)
                if docs.get(number) is not old:
                    continue  # a finalizer has written on it
                counts[old["status"]] -= 1
            if self._indexes:
                self._reindex(number, old, record)
            docs[number] = record
            counts[record["status"]] += 1
            ways[task], turns[task] = how_told, record

    def _write_singly(self, posted: Iterable[Any], turns: _Turns, ways: _Ways, maker: Maker, batch: Batch) -> None:
        """Publishes moves in their order, and writes those down that have not been written."""
        meanwhile = self._batch
        assert meanwhile is not None
        for task in posted:
            if type(turns[task]) is not int:
                batch.told.append(next(ways[task]))
                batch.records.append(turns[task])
                continue
            is_alone = not meanwhile.told
            self._write_next(task, maker)
            if is_alone and len(meanwhile.told) == 1:  # else a finalizer's change comes between
                batch.told.append(meanwhile.told.pop())
                batch.records.append(meanwhile.records.pop())

    def _write_next(self, task: Any, maker: Maker) -> None:
        """Writes one move down, on what others have written."""
        if not task.doc_id:  # an exception, such as that of Ctrl-C, has got in before
            task.doc_id, task.record = self.take_id(), None
            self.put(task.doc_id, maker.ahead(task, 1)[0])
            return
        while (old := self.docs.get(task.doc_id)) is not None:
            record = maker.next(task, old)
            if self.docs.get(task.doc_id) is old:  # else a finalizer has written meanwhile
                if record is not None:
                    self.put(task.doc_id, record)
                return

    def _publish(self, told: Told, doc: Doc) -> None:
        if self._batch is not None:  # in the order in which it happens, a finalizer's change among them
            self._batch.told.append(told)
            self._batch.records.append(doc)
        else:
            self._feed.extend([told], [doc])

    def put(self, doc_id: int, doc: Doc) -> None:
        """Inserts or replaces a document; see :meth:`Rows.put`."""
        old = self.docs.get(doc_id)
        super().put(doc_id, doc)
        if old is None:
            self._number(doc_id, doc)
            self._count(doc, 1)
            self._publish(ADDED, doc)
            return
        if old.get("id") is not doc.get("id"):
            self._unnumber(doc_id, old)
            self._number(doc_id, doc)
        if old.get("status") is not doc.get("status") or old.get("id") is not doc.get("id"):
            self._count(old, -1)
            self._count(doc, 1)
        self._publish(CHANGED, doc)

    def drop(self, doc_id: int) -> Doc:
        """Removes a document; see :meth:`Rows.drop`."""
        old = super().drop(doc_id)
        self._unnumber(doc_id, old)
        self._count(old, -1)
        self._publish(REMOVED, old)
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
