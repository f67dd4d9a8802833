"""Every change of a record, in order, for whoever wants to follow: a bounded ring and cursors on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import repeat
from operator import itemgetter, length_hint
from types import MappingProxyType, TracebackType
from typing import Any, Literal, NamedTuple

from .errors import RevisionGone

Kind = Literal["added", "changed", "removed"]


class Change(NamedTuple):
    """One change of one record.

    Attributes:
        revision: its number; each change takes the next one.
        kind: what happened.
        id: the task's id, or None for a document without one.
        record: the version after the change, read-only; for ``"removed"`` the last version.
    """

    revision: int
    kind: Kind
    id: str | None
    record: Mapping[str, Any]


class Feed:
    """The last ``capacity`` changes. One writer at a time (the store's lock); any number of readers, without lock."""

    def __init__(self, capacity: int) -> None:
        self.revision = 0
        self._capacity = capacity
        # One slot more than is promised: it may be being overwritten while a reader looks. Two lists rather than one
        # of pairs, which would be as many more objects for the garbage collector to visit.
        self._slots = capacity + 1
        self._records: list[dict[str, Any]] = []
        self._kinds: list[Kind] = []
        self._sleepers: list[Any] = []
        #: No more changes are to be waited for.
        self.is_closed = False

    def publish(self, kind: Kind, record: dict[str, Any]) -> None:
        """Appends a change. Called in the same locked step as the change itself, so that their orders agree."""
        revision = self.revision
        if revision < self._slots:
            self._records.append(record)
            self._kinds.append(kind)
        else:
            slot = revision % self._slots
            self._records[slot] = record
            self._kinds[slot] = kind
        self.revision = revision + 1  # before the sleepers: whoever falls asleep looks at it once more
        if self._sleepers:
            self.wake()

    def wake(self) -> None:
        """Lets everyone who sleeps look again. From any thread."""
        while self._sleepers:
            try:
                self._sleepers.pop().release()
            except IndexError:  # another thread took the last one
                return

    def close(self) -> None:
        """Lets every subscription end when it has handed out what there is."""
        self.is_closed = True
        self.wake()

    def after(self, since: int) -> Iterator[Change]:
        """The changes after revision ``since``, in order. Raises RevisionGone if some of them are overwritten."""
        newest = self.revision
        return self.numbered(since, newest, range(since + 1, newest + 1))

    def numbered(self, since: int, newest: int, revisions: Iterable[int]) -> Iterator[Change]:
        """The changes after revision ``since`` up to ``newest``, numbered by ``revisions`` as they are taken."""
        self._check_held(since)
        if since == newest:
            return iter(())
        start, end = since % self._slots, newest % self._slots
        if start < end:
            kinds, records = self._kinds[start:end], self._records[start:end]
        else:
            kinds = self._kinds[start:] + self._kinds[:end]
            records = self._records[start:] + self._records[:end]
        self._check_held(since)  # still: what has been written meanwhile has overwritten nothing of it
        return _changes(revisions, kinds, records)

    def _check_held(self, since: int) -> None:
        newest = self.revision
        oldest = max(0, newest - self._capacity)
        if not oldest <= since <= newest:
            raise RevisionGone(since, oldest, newest)

    def sleep(self, is_idle: Callable[[], bool], timeout: float | None) -> None:
        """Waits for the next change, for ``wake``, or for ``timeout`` seconds; not at all unless ``is_idle()``."""
        alarm = threading.Lock()
        alarm.acquire()
        self._sleepers.append(alarm)
        if is_idle():  # asked after lying down, so that what happened in between is not slept through
            alarm.acquire(timeout=-1 if timeout is None else max(0.0, min(timeout, threading.TIMEOUT_MAX)))
        try:
            self._sleepers.remove(alarm)
        except ValueError:
            pass  # woken: it was taken out


def _changes(revisions: Iterable[int], kinds: list[Kind], records: list[dict[str, Any]]) -> Iterator[Change]:
    """The changes, made one by one as they are taken, by functions of Python's own: followers read every one."""
    try:
        ids: list[Any] = list(map(_id_of, records))
    except KeyError:
        ids = [record.get("id") for record in records]
    if set(map(type, ids)) != {str}:
        ids = [one if isinstance(one, str) else None for one in ids]
    return map(_new, repeat(Change), zip(revisions, kinds, ids, map(MappingProxyType, records), strict=True))


_id_of = itemgetter("id")
_new: Callable[[type[Change], tuple[Any, ...]], Change] = tuple.__new__  # half the cost of Change(...)


class Subscription:
    """An iterator over changes, from a revision on, without gap or repetition.

    It ends when it is closed, or when the manager has been shut down and everything has been handed out.

    It holds no thread and no copy: only a cursor on the manager's history. Whoever falls further behind than that
    history gets RevisionGone once, then may call ``get`` again to go on from the newest revision. Use one
    subscription from one thread at a time; ``close`` may come from any thread.
    """

    def __init__(self, feed: Feed, since: int) -> None:
        self._feed = feed
        self._closed = False
        #: Up to where changes have been taken from the feed; the numbers of those not handed out yet, and they.
        self._taken = since
        self._numbers: Iterator[int] = iter(())
        self._left = feed.numbered(since, since, ())  # raises RevisionGone now rather than later

    @property
    def revision(self) -> int:
        """The revision up to which changes have been handed out."""
        return self._taken - length_hint(self._numbers)

    def get(self, timeout: float | None = None) -> list[Change]:
        """All changes that are there, waiting up to ``timeout`` seconds (None: for ever) for the first one.

        An empty list means that the time is over, the subscription closed or the manager shut down.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._closed:
            batch = list(self._left)
            if batch:
                return batch
            if not self._refill():
                left = None if until is None else until - time.monotonic()
                if self._is_over() or (left is not None and left <= 0):
                    break
                self._feed.sleep(self._is_idle, left)
        return []

    def _refill(self) -> bool:
        """Takes what is new from the feed; False if there is nothing."""
        since, newest = self._taken, self._feed.revision
        if since == newest:
            return False
        self._taken, self._numbers = newest, iter(())
        numbers = iter(range(since + 1, newest + 1))
        self._left = self._feed.numbered(since, newest, numbers)  # RevisionGone: the next call goes on from newest
        self._numbers = numbers
        return True

    def _is_idle(self) -> bool:
        return not self._is_over() and self._feed.revision == self._taken

    def _is_over(self) -> bool:
        return self._closed or self._feed.is_closed

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        self._closed = True
        self._feed.wake()

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        while not self._closed:
            for change in self._left:
                return change
            if not self._refill():
                if self._is_over():
                    break
                self._feed.sleep(self._is_idle, None)
        raise StopIteration

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
