"""The rows of the task table: beside what every table's rows can do, task ids, counts by status, and the feed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from ..feed import Feed, Kind
from ..status import FINAL, WORDS
from .rows import Doc, Rows


class Makers(NamedTuple):
    """What makes records of the moves of tasks. Called with the store's lock held.

    A task is posted once for each move. It has the ``doc_id`` of its record, 0 until that is in the table, and the
    ``result`` that its end puts there.

    Attributes:
        first: ``first(task)`` is the first version.
        next: ``next(task, record)`` is the one after the next move, whoever has written ``record``; None for a move
            that is void.
    """

    first: Callable[[Any], Doc]
    next: Callable[[Any, Doc], Doc | None]


_Change = tuple[Kind, Doc]
_kind_of: Callable[[_Change], Kind] = itemgetter(0)
_version_of: Callable[[_Change], Doc] = itemgetter(1)


class TaskRows(Rows):
    """The rows of the task table: found by task id, counted by status, every change published in the same step.

    Attributes:
        live: the tasks whose end isn't on the record, by id; each leaves with its end.
        makers: what makes records of moves.
    """

    __slots__ = ("_counts", "_feed", "_has_twins", "_numbers", "_written", "live", "makers")

    def __init__(self, feed: Feed) -> None:
        super().__init__(("id", "status"))
        self._feed = feed
        self._counts = [0] * len(WORDS)
        #: The number of the oldest record of each task id, and whether users have ever added a second one of an id.
        self._numbers: dict[str, int] = {}
        self._has_twins = False
        #: Where changes go while moves are taken in.
        self._written: list[_Change] | None = None
        self.live: dict[str, Any] = {}
        self.makers: Makers

    def take_in(self, moves: deque[Any]) -> None:
        """Writes down the moves of tasks, and publishes each in its turn. They leave the queue when they are in."""
        posted = moves.copy()
        written: list[_Change] = []
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
            self._feed.extend(list(map(_kind_of, written)), list(map(_version_of, written)))
        deque(islice(iter(moves.popleft, None), len(posted)), maxlen=0)  # takes so many out

    # Finalizers and signal handlers may write, and Ctrl-C may strike, wherever a function is called, but nowhere else.
    # So what belongs together has no call in between; and a move that comes once more is void.

    def _write(self, posted: Iterable[Any], written: list[_Change]) -> None:
        """Writes each move on what is there when its turn comes."""
        docs, counts, following = self.docs, self._counts, self.makers.next
        for task in posted:
            number: int = task.doc_id
            if not number:
                self._write_first(task, written)
                continue
            version, old = None, docs.get(number)
            while old is not None:
                version = following(task, old)
                if number in docs and docs[number] is old:
                    break
                old = docs.get(number)  # a finalizer has written meanwhile
            if old is None or version is None:
                if old is not None and old.get("id") == task.id and old["status"] in FINAL:
                    self._forget(task)
                continue
            change: _Change = "changed", version
            status = version["status"]
            docs[number] = version
            counts[old["status"]] -= 1
            counts[status] += 1
            written.append(change)
            if self._indexes:
                self._reindex(number, old, version)
            if status in FINAL:
                self._forget(task)

    def _forget(self, task: Any) -> None:
        """The task's end is on its record. Who waits for others as well holds the task, but not its result."""
        self.live.pop(task.id, None)
        task.result = None

    def _write_first(self, task: Any, written: list[_Change]) -> None:
        """Writes that a task was added."""
        version = self.makers.first(task)
        change: _Change = "added", version
        number = self.take_id()
        self._note_order(number)
        if task.doc_id:
            return  # a finalizer has ended it
        task.doc_id = number
        if task.id in self._numbers:
            self._has_twins = True
        else:
            self._numbers[task.id] = number
        self.docs[number] = version
        self._counts[version["status"]] += 1
        written.append(change)
        if self._indexes:
            self._reindex(number, None, version)

    def _publish(self, kind: Kind, doc: Doc) -> None:
        if self._written is not None:  # in the order in which it happens
            self._written.append((kind, doc))
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
