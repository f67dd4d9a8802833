"""Spreads a round's work over the seconds it is to take, so that a person can watch it."""

from __future__ import annotations

import math
import time

from engine import TaskHandle

PACE_S = 80.0
LANES = 4

# How long the steps take beside each other: those of a part, then those of all parts together.
_SCAN, _HASH, _COMPRESS, _SUMMARY, _GATHER, _REPORT = 1.0, 2.0, 2.5, 0.5, 0.75, 0.5
_WEIGHTS = {
    "scan": _SCAN,
    "count": 1.5,
    "hash": _HASH,
    "compress": _COMPRESS,
    "sum up": _SUMMARY,
    "gather": _GATHER,
    "report": _REPORT,
}
_REPORT_EVERY_S = 0.25
_REPORTS_AT_MOST = 20  # of a task that isn't slowed down


class Pace:
    """How many seconds each step may take for a round to take `seconds`; with 0, nothing is slowed down.

    The longest way through a round: the scans of one lane, one after the other, then each other step once.
    """

    def __init__(self, seconds: float, parts: int) -> None:
        self.seconds = seconds
        longest = math.ceil(parts / LANES) * _SCAN + _HASH + _COMPRESS + _SUMMARY + _GATHER + _REPORT
        self._unit_s = seconds / longest

    def of(self, step: str, fullness: float = 1.0) -> float:
        """Seconds for a step; those of a part that holds less (fullness 0 to 1) are shorter, down to 40 %."""
        return self._unit_s * _WEIGHTS[step] * (0.4 + 0.6 * fullness)


class Steps:
    """Tells a task's progress file by file, and holds the task to its seconds. Made when the task begins."""

    def __init__(self, handle: TaskHandle, total: int, seconds: float = 0.0) -> None:
        self._handle = handle
        self._total = total
        self._seconds = seconds
        self._began = time.monotonic()
        reports = seconds / _REPORT_EVERY_S if seconds else _REPORTS_AT_MOST
        self._every = max(1, math.ceil(total / max(reports, 1)))

    def done(self, count: int, message: str) -> None:
        """Tell that so many are done; where a stop was decided, this is where the task ends."""
        if count % self._every and count != self._total:
            self._handle.checkpoint()
            return
        self._handle.progress(count, max(count, self._total), message)
        due = self._began + self._seconds * min(count / max(self._total, 1), 1.0)
        if (early := due - time.monotonic()) > 0:
            self._handle.sleep(early)

    def finish(self) -> None:
        """Wait until the task's seconds are over."""
        if (early := self._began + self._seconds - time.monotonic()) > 0:
            self._handle.sleep(early)
