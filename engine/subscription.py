"""A cursor on the changes of records: what those who follow them hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import length_hint
from types import TracebackType
from typing import NoReturn

from .errors import RevisionGone
from .feed import Change, Feed, changes_of

#: So many changes are put together at a time for whoever reads them one by one.
AT_ONCE = 512


def _until(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


def _raise(error: RevisionGone) -> NoReturn:
    raise error


class Subscription:
    """An iterator over changes, from a revision on, without gap or repetition.

    It ends when it is closed, or when the manager has been shut down and everything has been handed out.

    It holds no thread: only a cursor on the manager's history, and what it has taken from there to be handed out.
    Whoever falls further behind than that history, and doesn't skip, gets RevisionGone once, then may call ``get``
    again to go on from the newest revision.
    Use one subscription from one thread at a time; ``close`` may come from any thread.
    """

    def __init__(self, feed: Feed, since: int) -> None:
        self._feed = feed
        self._closed = False
        feed.newest()
        #: What has been taken from the feed, and from which revision on up to which one.
        self._taken, self._from, self._up_to = feed.held(since, since), since, since  # RevisionGone now, not later
        #: The changes that were put together of that, up to which one, and the numbers of those not handed out.
        self._left: Iterator[Change] = iter(())
        self._put_together = since
        self._numbers: list[int] = []
        self._numbers_left = iter(self._numbers)

    @property
    def revision(self) -> int:
        """The revision up to which changes have been handed out."""
        return self._put_together - length_hint(self._numbers_left)

    def get(self, timeout: float | None = None) -> list[Change]:
        """All changes that are there, waiting up to ``timeout`` seconds (None: for ever) for the first one.

        An empty list means that the time is over, the subscription closed or the manager shut down.
        """
        is_there = self.revision < self._up_to or self._await(_until(timeout), self._take)
        further = self._part_of_taken(self._up_to) if is_there else ()
        batch = [*self._left, *further]
        self._put_together = self._up_to
        self._let_go()
        return [] if self._closed else batch

    def skip(self, timeout: float | None = None) -> bool:
        """Passes over all changes that there are, held or not, waiting as :meth:`get` does; whether there was one."""
        found = self.revision < self._up_to
        self._numbers.clear()
        self._put_together = self._up_to
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

    def _take(self) -> bool:
        """Takes what is new from the feed; False if there is nothing."""
        since, newest = self._up_to, self._feed.newest()
        if since == newest:
            return False
        try:
            taken = self._feed.held(since, newest)
        except RevisionGone:
            self._pass_over()  # the next call goes on from there
            raise
        self._taken, self._from, self._up_to = taken, since, newest
        return True

    def _part_of_taken(self, up_to: int, numbers: Iterable[int] | None = None) -> Iterator[Change]:
        """What has been taken but not put together."""
        kinds, records = self._taken
        part = slice(self._put_together - self._from, up_to - self._from)
        if numbers is None:
            numbers = range(self._put_together + 1, up_to + 1)
        return changes_of(numbers, kinds[part], records[part])

    def _refill(self) -> bool:
        """Puts some changes together, few enough to stay in the caches until they are read; False if there are none."""
        self._left = iter(())  # all of them are handed out: nothing is held while there is nothing new
        if self._put_together == self._up_to and not self._take():
            return False
        up_to = min(self._up_to, self._put_together + AT_ONCE)
        numbers = list(range(self._put_together + 1, up_to + 1))
        numbers_left = iter(numbers)
        left = self._part_of_taken(up_to, numbers_left)
        self._left, self._put_together, self._numbers, self._numbers_left = left, up_to, numbers, numbers_left
        if up_to == self._up_to:
            self._let_go()
        return True

    def _let_go(self) -> None:
        """Of what has been taken, all is put together: whoever waits for more holds none of it."""
        self._taken, self._from = ([], []), self._up_to

    def _pass_over(self) -> bool:
        """Takes nothing of what is new, whether it is held or not; False if there is nothing."""
        since, self._taken = self._up_to, ([], [])
        self._from = self._up_to = self._put_together = self._feed.newest()
        return since != self._up_to

    def _is_idle(self) -> bool:
        return not (self._closed or self._feed.is_closed) and self._feed.newest() == self._up_to

    def close(self) -> None:
        """Ends the iteration, also one that waits in another thread."""
        self._closed = True
        self._put_together = self._up_to = self._from = self.revision
        self._taken = [], []
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
            is_there = length_hint(self._numbers_left) > 0 or self._await(None, self._refill)
        except RevisionGone as gone:
            return map(_raise, (gone,))  # for whom the iterator goes on afterwards, as it wouldn't if this raised
        return self._left if is_there and not self._closed else None

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
