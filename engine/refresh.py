"""Second looks at suspended tasks, in case an event that should have started one was missed."""

from __future__ import annotations

import math
import time

from .endings import Endings
from .supervisor import Supervisor


class Refresh:
    """Looks at the suspended tasks again at intervals, for as long as there are any. Called within ``shield``.

    Attributes:
        is_planned: whether there will be another look.
    """

    def __init__(self, supervisor: Supervisor, endings: Endings) -> None:
        self._supervisor = supervisor
        self._endings = endings
        self._interval_s = 3.0
        self._number = 0
        self.is_planned = False

    @property
    def interval_s(self) -> float:
        """The seconds between two looks; setting it makes earlier plans void."""
        return self._interval_s

    @interval_s.setter
    def interval_s(self, seconds: float) -> None:
        self._interval_s = seconds
        self.plan()

    def plan(self) -> None:
        """Plans the next look, in place of the one that is planned."""
        self.is_planned = True
        self._number += 1
        if self._interval_s != math.inf:
            self._supervisor.call_at(time.monotonic() + self._interval_s, self._look, self._number)

    def _look(self, number: int) -> None:
        if number != self._number:
            return
        self.is_planned = False  # before the look, which may miss who is linked meanwhile
        if self._endings.look_again():
            self.plan()
