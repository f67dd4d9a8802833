"""Every change of a record, in order, for whoever wants to follow: the last of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from .errors import RevisionGone
from .facts import ADDED, BEGUN, ENDED, Facts, Stage
from .patience import rest

Kind = Literal["added", "changed", "removed"]
_What = Kind | Stage
_KIND_OF: Mapping[_What, Kind] = {
    ADDED: "added",  # a stage and a kind, the same word
    BEGUN: "changed",
    ENDED: "changed",
    "changed": "changed",
    "removed": "removed",
}


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


#: A version of a record, or what it is made of when it is read.
_Version = dict[str, Any] | Facts


class _Page(NamedTuple):
    """The changes after revision ``base``; not one list of pairs, as those would be the garbage collector's, too."""

    base: int
    records: list[_Version]
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

    def extend(self, kinds: Sequence[_What], records: Sequence[_Version]) -> None:
        """Appends changes: what happened, and to which record. In the same locked step as the changes themselves.

        Of a record that isn't made, its facts, and as the kind the step that its task has taken.
        """
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
            return changes_of(range(since + 1, newest + 1), *self.held(since, newest))
        kinds, records = self.held(since, newest)
        place_of = dict(zip(_ids_of(records), range(len(records)), strict=True))
        places = sorted(place_of.values())
        revisions = [since + 1 + place for place in places]
        return changes_of(revisions, [kinds[place] for place in places], [records[place] for place in places])

    def held(self, since: int, newest: int) -> tuple[list[_What], list[_Version]]:
        """What happened after revision ``since`` up to ``newest``, and to which records: for :func:`changes_of`.

        Raises RevisionGone if some of it isn't held any more.
        """
        pages, now = self._pages, self.revision
        oldest = max(0, now - self._capacity)
        if not oldest <= since <= now:
            raise RevisionGone(since, oldest, now)
        kinds: list[_What] = []
        records: list[_Version] = []
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


def changes_of(revisions: Iterable[int], kinds: Sequence[_What], records: Sequence[_Version]) -> Iterator[Change]:
    """The changes with these numbers: records are made now, the rest as they are taken, by functions of Python's own.

    Of a change to a record that wasn't made, ``kinds`` says the stage, and ``records`` has the facts.
    """
    versions: list[Any] = [
        record.version(what) if type(record) is Facts else record  # type: ignore[arg-type]  # facts come with a stage
        for what, record in zip(kinds, records, strict=True)
    ]
    fields = zip(
        revisions, map(_KIND_OF.__getitem__, kinds), _ids_of(versions), map(MappingProxyType, versions), strict=False
    )
    return map(_new, repeat(Change), fields)


def _ids_of(records: Sequence[Any]) -> list[str | None]:
    try:
        ids: list[Any] = list(map(_id_of, records))
    except (KeyError, TypeError):
        ids = [record.id if type(record) is Facts else record.get("id") for record in records]
    if set(map(type, ids)) != {str}:
        ids = [one if isinstance(one, str) else None for one in ids]
    return ids


_id_of = itemgetter("id")
_new: Callable[[type[Change], tuple[Any, ...]], Change] = tuple.__new__  # half the cost of Change(...)
