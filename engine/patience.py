"""How threads wait for locks: for one that everybody needs often, and for one that wakes them."""

from __future__ import annotations

import time
from typing import Any

#: How often a worker looks again before it stands in line after all, and how long it steps aside each time; seconds.
_LOOKS = 50
_ASIDE_S = 1e-5

#: The longest that a thread sleeps in one piece; seconds.
PIECE_S = 1.0


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


def rest(alarm: Any, until: float | None) -> bool:
    """Sleeps until the lock ``alarm`` is released; False if that monotonic second (None: never) comes first.

    In pieces, for the main thread's sake: a signal that comes in the instant before it falls asleep, or to another
    thread, doesn't wake it, and Python calls the handler only when it is awake.
    """
    while until is None:
        if alarm.acquire(True, PIECE_S):
            return True
    while True:
        left_s = max(0.0, until - time.monotonic())
        if alarm.acquire(timeout=min(left_s, PIECE_S)):
            return True
        if left_s <= PIECE_S:
            return False
