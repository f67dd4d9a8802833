"""Log lines that aren't on their tasks' records yet: taken in without a lock, written down now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from .records import MAX_LOG_LINES, Line
from .task import Task

#: At most so often a task's lines are written down, and so many tasks' in a second; both keep the feed from flooding.
EVERY_S = 0.1
MOST_PER_S = 1000


class CallAt(Protocol):
    """How the supervisor is asked to call something later."""

    def __call__(
        self,
        when: float,
        action: Callable[[Any], None],
        argument: Any = None,
        *,
        is_lasting: bool = False,
        may_be_early: bool = False,
    ) -> None:
        """Has ``action(argument)`` called at ``when``, in monotonic seconds."""


class Lines:
    """The last lines of each task that has said something since its lines were written down.

    No lock is taken for them but the supervisor's: they come from anywhere in users' code, from log handlers that hold
    a lock of their own and from threads that hold the store's.

    Args:
        call_at: the supervisor's.
        write: puts a task's lines on its record.

    Attributes:
        kept: the lines by task. A task that isn't there has none.
        is_off: nothing is taken in.
    """

    def __init__(self, call_at: CallAt, write: Callable[[Task], None]) -> None:
        self.kept: dict[Task, deque[Line]] = {}
        self.is_off = False
        self._call_at = call_at
        self._write = write
        self._is_due = False
        self._next_at = 0.0

    def add(self, task: Task, line: Line) -> None:
        """Takes in a line. From any thread, within ``shield``."""
        lines = self.kept.get(task)
        if lines is None:
            lines = self.kept.setdefault(task, deque(maxlen=MAX_LOG_LINES))
        lines.append(line)
        while (kept := self.kept.setdefault(task, lines)) is not lines:  # they were taken out meanwhile
            kept.extend(_drained(lines))
            lines = kept
        if not self._is_due:
            self._is_due = True
            self._call_at(max(time.monotonic() + EVERY_S, self._next_at), self._write_all, is_lasting=True)

    def take(self, task: Task) -> list[Line]:
        """Takes out a task's lines; with the store's lock held, so that what is written stays in order."""
        lines = self.kept.pop(task, None)  # before it is emptied: who adds one now finds it gone, and puts it back
        return [] if lines is None else list(_drained(lines))

    def _write_all(self, _: object) -> None:
        self._is_due = False  # before the look at what there is: who adds a line looks at this after it
        tasks = list(self.kept)
        self._next_at = time.monotonic() + len(tasks) / MOST_PER_S
        for task in tasks:
            self._write(task)


def _drained(lines: deque[Line]) -> Iterator[Line]:
    """Takes the lines out, each for one taker only."""
    while lines:
        try:
            yield lines.popleft()
        except IndexError:  # another taker was faster
            return
