"""Every change of a record, in order, for whoever wants to follow: the last of them, and cursors on those."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from operator import itemgetter, length_hint
from types import MappingProxyType, TracebackType
from typing import Any, Literal, NamedTuple

from .errors import RevisionGone
from .patience import rest

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


class Earlier(NamedTuple):
    """What has happened, where the record at hand is a later version; and what in it was otherwise then."""

    kind: Kind
    fields: dict[str, Any]


_What = Kind | Earlier


class _Page(NamedTuple):
    """The changes after revision ``base``; not one list of pairs, as those would be the garbage collector's, too."""

    base: int
    records: list[dict[str, Any]]
    kinds: list[_What]


class Feed:
    """The last changes, ``capacity`` of them or some more. One writer at a time, under the store's lock.

    Readers need no lock: what they read from is only appended to. It is pages, the oldest of which goes as a whole, so
    that no change is touched between its coming and its going: those of many tasks are out of the processor's caches.

    Args:
        capacity: how many changes are kept at least.
        look: called before reading: has the writers publish what they have pending.
    """

    def __init__(self, capacity: int, look: Callable[[], None]) -> None:
        self.revision = 0
        self._look = look
        self._capacity = capacity
        self._pages: tuple[_Page, ...] = (_Page(0, [], []),)
        #: From so many changes on the last page is full.
        self._page_size = max(1, capacity // 16)
        #: The alarms of those who sleep until there is news.
        self.sleepers: list[Any] = []
        #: No more changes are to be waited for.
        self.is_closed = False

    def extend(self, kinds: Sequence[_What], records: list[dict[str, Any]]) -> None:
        """Appends changes: what happened, and to which record. In the same locked step as the changes themselves."""
        page = self._pages[-1]
        page.kinds.extend(kinds)
        page.records.extend(records)
        self.revision += len(records)  # last, and before the sleepers: whoever falls asleep looks at it once more
        if len(page.records) >= self._page_size:
            self._turn_page()
        if self.sleepers:
            self.wake()

    def _turn_page(self) -> None:
        before = self._pages  # kept until the end: records that go may have finalizers, which may come back here
        oldest = self.revision - self._capacity
        kept = [page for page, following in pairwise(before) if following.base > oldest]
        self._pages = (*kept, before[-1], _Page(self.revision, [], []))

    def wake(self) -> None:
        """Lets everyone who sleeps look again. From any thread."""
        while self.sleepers:
            try:
                self.sleepers.pop().release()
            except IndexError:  # another thread took the last one
                return

    def close(self) -> None:
        """Lets every subscription end when it has handed out what there is."""
        self.is_closed = True
        self.wake()

    def newest(self) -> int:
        """The revision now, with all that has happened until now."""
        self._look()
        return self.revision

    def after(self, since: int, *, newest_only: bool = False) -> Iterator[Change]:
        """The changes after revision ``since``, in order; perhaps only the newest of each id, None among them.

        Raises RevisionGone if some of them aren't held any more.
        """
        newest = self.newest()
        if not newest_only:
            return self.numbered(since, newest, range(since + 1, newest + 1))
        kinds, records = self._held(since, newest)
        place_of = dict(zip(_ids_of(records), range(len(records)), strict=True))
        places = sorted(place_of.values())
        revisions = [since + 1 + place for place in places]
        return _changes(revisions, [kinds[place] for place in places], [records[place] for place in places])

    def numbered(self, since: int, newest: int, revisions: Iterable[int]) -> Iterator[Change]:
        """The changes after revision ``since`` up to ``newest``, numbered by ``revisions`` as they are taken."""
        return _changes(revisions, *self._held(since, newest))

    def _held(self, since: int, newest: int) -> tuple[list[_What], list[dict[str, Any]]]:
        pages, now = self._pages, self.revision
        oldest = max(0, now - self._capacity)
        if not oldest <= since <= now:
            raise RevisionGone(since, oldest, now)
        kinds: list[_What] = []
        records: list[dict[str, Any]] = []
        for page in reversed(pages):  # most want the newest only
            part = slice(max(0, since - page.base), max(0, newest - page.base))
            kinds[:0], records[:0] = page.kinds[part], page.records[part]
            if page.base <= since:
                break
        return kinds, records

    def sleep(self, is_idle: Callable[[], bool], timeout: float | None) -> None:
        """Waits for the next change or for ``wake``, up to ``timeout`` seconds; not at all unless ``is_idle()``."""
        alarm = threading.Lock()
        alarm.acquire()
        self.sleepers.append(alarm)
        if is_idle():  # asked after lying down, so that what happened in between is not slept through
            rest(alarm, None if timeout is None else time.monotonic() + timeout)
        try:
            self.sleepers.remove(alarm)
        except ValueError:
            pass  # woken: it was taken out


def _changes(revisions: Iterable[int], kinds: Sequence[_What], records: list[dict[str, Any]]) -> Iterator[Change]:
    """The changes, made one by one as they are taken, by functions of Python's own: followers read every one."""
    if Earlier in set(map(type, kinds)):
        pairs = list(zip(kinds, records, strict=True))
        records = [record | kind.fields if isinstance(kind, Earlier) else record for kind, record in pairs]
        kinds = [kind.kind if isinstance(kind, Earlier) else kind for kind in kinds]
    return map(
        _new, repeat(Change), zip(revisions, kinds, _ids_of(records), map(MappingProxyType, records), strict=True)
    )


def _ids_of(records: list[dict[str, Any]]) -> list[str | None]:
    try:
        ids: list[Any] = list(map(_id_of, records))
    except KeyError:
        ids = [record.get("id") for record in records]
    if set(map(type, ids)) != {str}:
        ids = [one if isinstance(one, str) else None for one in ids]
    return ids


_id_of = itemgetter("id")
_new: Callable[[type[Change], tuple[Any, ...]], Change] = tuple.__new__  # half the cost of Change(...)


def _until(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


class Subscription:
    """An iterator over changes, from a revision on, without gap or repetition.

    It ends when it is closed, or when the manager has been shut down and everything has been handed out.

    It holds no thread and no copy: only a cursor on the manager's history. Whoever falls further behind than that
    history, and doesn't skip, gets RevisionGone once, then may call ``get`` again to go on from the newest revision.
    Use one subscription from one thread at a time; ``close`` may come from any thread.
    """

    def __init__(self, feed: Feed, since: int) -> None:
        self._feed = feed
        self._closed = False
        #: Up to where changes have been taken from the feed; the numbers of those not handed out yet, and they.
        self._taken = since
        self._numbers: Iterator[int] = iter(())
        feed.newest()
        self._left = feed.numbered(since, since, ())  # raises RevisionGone now rather than later

    @property
    def revision(self) -> int:
        """The revision up to which changes have been handed out."""
        return self._taken - length_hint(self._numbers)

    def get(self, timeout: float | None = None) -> list[Change]:
        """All changes that are there, waiting up to ``timeout`` seconds (None: for ever) for the first one.

        An empty list means that the time is over, the subscription closed or the manager shut down.
        """
        batch = list(self._left)
        if not batch and self._await(_until(timeout), self._refill):
            batch = list(self._left)
        return [] if self._closed else batch

    def skip(self, timeout: float | None = None) -> bool:
        """Passes over all changes that there are, held or not, waiting as :meth:`get` does; whether there was one."""
        found = length_hint(self._numbers) > 0
        self._numbers, self._left = iter(()), iter(())
        return (self._await(_until(0.0 if found else timeout), self._pass_over) or found) and not self._closed

    def _await(self, until: float | None, take: Callable[[], bool]) -> bool:
        """Waits until something can be taken from the feed; False when the time is over or no more will come."""
        while not self._closed:
            is_over = self._feed.is_closed  # asked before the look, so that nothing which came before is missed
            if take():
                return True
            left = None if until is None else until - time.monotonic()
            if is_over or (left is not None and left <= 0):
                break
            self._feed.sleep(self._is_idle, left)
        return False

    def _refill(self) -> bool:
        """Takes what is new from the feed; False if there is nothing."""
        since, newest = self._taken, self._feed.newest()
        if since == newest:
            return False
        self._taken, self._numbers = newest, iter(())
        numbers = iter(range(since + 1, newest + 1))
        self._left = self._feed.numbered(since, newest, numbers)  # RevisionGone: the next call goes on from newest
        self._numbers = numbers
        return True

    def _pass_over(self) -> bool:
        """Takes nothing of what is new, whether it is held or not; False if there is nothing."""
        since, self._taken = self._taken, self._feed.newest()
        return since != self._taken

    def _is_idle(self) -> bool:
        return not (self._closed or self._feed.is_closed) and self._feed.newest() == self._taken

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        self._closed = True
        self._feed.wake()

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        if not self._closed:
            for change in self._left:
                return change
            if self._await(None, self._refill):
                return next(self._left)
        raise StopIteration

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
