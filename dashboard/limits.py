"""How often something may be done: a bucket of tries for each who, which fills again with time."""

from __future__ import annotations

import threading
import time

_PERIOD_S = 60.0
_MOST_KEPT = 4096


class Limit:
    """Allows so many tries a minute to each who, after silence all of them at once. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the table below
        self._left: dict[str, tuple[float, float]] = {}  # how many tries were left, and when (monotonic seconds)

    def wait_s(self, who: str, per_minute: int) -> float:
        """Take a try: 0.0 if there was one, else in how many seconds there will be. Without any, for ever."""
        if per_minute <= 0:
            return _PERIOD_S
        now = time.monotonic()
        with self._lock:
            left, at = self._left.pop(who, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) * per_minute / _PERIOD_S)
            allowed = left >= 1.0
            self._left[who] = (left - 1.0 if allowed else left, now)
            while len(self._left) > _MOST_KEPT:
                del self._left[next(iter(self._left))]  # who was heard of the longest time ago
        return 0.0 if allowed else (1.0 - left) * _PERIOD_S / per_minute
