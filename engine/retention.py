"""How long, and how many, records of ended tasks are kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from .store import Keeper
from .supervisor import Supervisor

#: How soon records beyond the limits go, in seconds, and so many at a time.
EVERY_S = 0.1
AT_ONCE = 500


class Retention:
    """Removes the records of ended tasks, those that ended first, when they are too old or too many.

    Args:
        keep_for_s: for how many seconds after its end a record is kept; None for ever.
        max_records: how many records there may be; None for any number. Those of unfinished tasks count, but stay.
        remove: removes ended tasks' records by id.
    """

    def __init__(
        self,
        keeper: Keeper,
        supervisor: Supervisor,
        keep_for_s: float | None,
        max_records: int | None,
        remove: Callable[[list[str]], object],
    ) -> None:
        self._keeper = keeper
        self._supervisor = supervisor
        self._keep_for_s = keep_for_s
        self._max_records = max_records
        self._remove = remove
        #: The ended tasks, and when they ended (monotonic seconds), in that order. Some may have been removed since.
        self._ended: deque[tuple[float, str]] = deque()
        self._is_planned = False

    def note(self, task_id: str) -> None:
        """A task has ended. Needs no lock; from any thread."""
        self._ended.append((time.monotonic(), task_id))
        if not self._is_planned:
            self._plan(EVERY_S)

    def _plan(self, delay_s: float) -> None:
        self._is_planned = True
        self._supervisor.call_at(time.monotonic() + delay_s, self._clear)

    def _clear(self, _: Any) -> None:
        self._is_planned = False  # before the look at what there is: who notes an end looks at this after it
        going: list[str] = []
        too_many = 0 if self._max_records is None else self._keeper.count() - self._max_records
        while self._ended and len(going) < AT_ONCE:
            ended_at, task_id = self._ended[0]
            is_old = self._keep_for_s is not None and time.monotonic() - ended_at >= self._keep_for_s
            if not is_old and too_many <= 0:
                break
            self._ended.popleft()
            if self._keeper.find(task_id) is not None:
                going.append(task_id)
                too_many -= 1
        self._remove(going)
        if len(going) == AT_ONCE:
            self._plan(0.0)
        elif self._ended and self._keep_for_s is not None:
            self._plan(max(EVERY_S, self._ended[0][0] + self._keep_for_s - time.monotonic()))
