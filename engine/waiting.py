"""Waiting for tasks to end: a counter that many tasks count down and one thread sleeps on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from .errors import WaitCycle, running
from .graph import can_end_before
from .interrupts import shield
from .pool import Pool
from .store import Keeper
from .task import Task


class Waiter:
    """One call of wait(): how many tasks it still waits for. Guarded by the store's lock."""

    __slots__ = ("remaining", "alarm")

    def __init__(self) -> None:
        self.remaining = 0
        self.alarm = threading.Lock()
        self.alarm.acquire()

    def count_down(self) -> None:
        """One of the tasks has ended."""
        self.remaining -= 1
        if not self.remaining:
            self.wake()

    def wake(self) -> None:
        """Ends the sleep. More than once does no harm."""
        try:
            self.alarm.release()
        except RuntimeError:
            pass


class Waiting:
    """Lets threads wait for tasks, those of the manager's own tasks included."""

    def __init__(self, keeper: Keeper, live: dict[str, Task], pool: Pool) -> None:
        self._lock = keeper.lock
        self._live = live
        self._pool = pool

    def wait(self, ids: Iterable[str] | None, timeout: float | None) -> bool:
        """Until all of ``ids`` (None: all there are now) have ended or are gone; False when the time is over first.

        Raises WaitCycle if a task waits without a timeout for one that can't end before it.
        """
        me: Task | None = getattr(running, "task", None)
        if me is not None and self._live.get(me.id) is not me:
            me = None  # a task of another manager, or one whose end is decided
        waiter = Waiter()
        with shield:
            with self._lock:
                targets = self._targets(ids, me, is_bounded=timeout is not None)
                for target in targets:
                    target.waiters = (*target.waiters, waiter)
                waiter.remaining = len(targets)
                if me is not None and timeout is None:
                    me.waits_for = frozenset(targets)
            if not targets:
                return True
        try:
            self._sleep(waiter, me, timeout)
        finally:
            with shield, self._lock:
                for target in targets:
                    target.waiters = tuple(other for other in target.waiters if other is not waiter)
                if me is not None:
                    me.waits_for = frozenset()
        return waiter.remaining == 0

    def _targets(self, ids: Iterable[str] | None, me: Task | None, is_bounded: bool) -> list[Task]:
        if ids is None:
            everything = list(self._live.values())
            return everything if me is None else [task for task in everything if can_end_before(task, me)]
        named = [self._live[task_id] for task_id in dict.fromkeys(ids) if task_id in self._live]
        if me is not None and not is_bounded:
            for task in named:
                if not can_end_before(task, me):
                    raise WaitCycle(task.id)
        return named

    def _sleep(self, waiter: Waiter, me: Task | None, timeout: float | None) -> None:
        until = None if timeout is None else time.monotonic() + timeout
        if me is None:
            self._sleep_until(waiter, until)
            return
        worker = me.worker
        assert worker is not None
        me.alarms.append(waiter.wake)
        try:
            with shield:
                self._pool.lend_seat(worker)
            if me.stop is None:
                self._sleep_until(waiter, until)
        finally:
            with shield:
                self._pool.take_seat_back(worker)
        if me.handle is not None:
            me.handle.checkpoint()

    @staticmethod
    def _sleep_until(waiter: Waiter, until: float | None) -> None:
        if until is None:
            waiter.alarm.acquire()
            return
        waiter.alarm.acquire(timeout=min(max(0.0, until - time.monotonic()), threading.TIMEOUT_MAX))
