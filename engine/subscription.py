"""A cursor on the changes of records: what those who follow them hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain
from operator import length_hint
from types import TracebackType
from typing import NoReturn

from .errors import RevisionGone
from .feed import Change, Feed

#: So many changes are taken at a time by whoever reads them one by one.
AT_ONCE = 512


def _until(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _raise(error: RevisionGone) -> NoReturn:
    raise error


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
        #: Up to where changes have been taken from the feed; the numbers of the last ones taken, those of them that
        #: haven't been handed out, and these changes, which end where their numbers do.
        self._taken = since
        self._numbers: list[int] = []
        self._numbers_left = iter(self._numbers)
        feed.newest()
        self._left = feed.numbered(since, since, ())  # raises RevisionGone now rather than later

    @property
    def revision(self) -> int:
        """The revision up to which changes have been handed out."""
        return self._taken - length_hint(self._numbers_left)

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
        found = length_hint(self._numbers_left) > 0
        self._numbers.clear()
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
        """Takes all that is new from the feed; False if there is nothing."""
        return self._take_up_to(self._feed.newest())

    def _refill_some(self) -> bool:
        """The same, but not all at once: records that are made for a loop are few enough to stay in the caches."""
        newest = self._feed.revision
        if newest == self._taken:
            newest = self._feed.newest()
        return self._take_up_to(min(newest, self._taken + AT_ONCE))

    def _take_up_to(self, newest: int) -> bool:
        since = self._taken
        if since == newest:
            return False
        self._numbers.clear()
        numbers = list(range(since + 1, newest + 1))
        numbers_left = iter(numbers)
        try:
            left = self._feed.numbered(since, newest, numbers_left)
        except RevisionGone:
            self._taken = self._feed.newest()  # the next call goes on from there
            raise
        self._taken, self._left, self._numbers, self._numbers_left = newest, left, numbers, numbers_left
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
        self._taken = self.revision
        self._numbers.clear()
        self._feed.wake()

    def __iter__(self) -> Iterator[Change]:
        return chain.from_iterable(iter(self._part, None))  # so that a loop makes no call for a single change

    def __next__(self) -> Change:
        while (part := self._part()) is not None:
            for change in part:
                return change
        raise StopIteration

    def _part(self) -> Iterator[Change] | None:
        """What there is to be handed out, after waiting for it; None at the end."""
        try:
            is_there = length_hint(self._numbers_left) > 0 or self._await(None, self._refill_some)
        except RevisionGone as gone:
            return map(_raise, (gone,))  # for whom the iterator goes on afterwards, as it wouldn't if this raised
        return self._left if is_there and not self._closed else None

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
