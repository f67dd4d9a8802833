"""How a worker takes a lock that everybody needs often: it waits without standing in line."""

from __future__ import annotations

import time
from typing import Any

#: How often a worker looks again before it stands in line after all, and how long it steps aside each time; seconds.
_LOOKS = 50
_ASIDE_S = 1e-5


def take(lock: Any) -> None:
    """Acquires ``lock``; for threads that no interrupt and no Ctrl-C can reach, which are the workers.

    A thread that sleeps in ``acquire`` is given the lock while it can't use it yet, since it still has to wait for
    the interpreter; whoever runs meanwhile then sleeps for the lock in turn, and from there on every step of every
    thread costs a switch. One that steps aside for an instant finds the lock free when it is back.
    """
    if lock.acquire(False):
        return
    for _ in range(_LOOKS):
        time.sleep(_ASIDE_S)
        if lock.acquire(False):
            return
    lock.acquire()
