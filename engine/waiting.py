"""Waiting for tasks to end: one thread sleeps, and the end of the task that it looks at wakes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Protocol, cast

from .errors import WaitCycle
from .graph import can_end_before
from .interrupts import own_gate, shield
from .patience import PIECE_S, rest
from .pool import Pool
from .store import Keeper
from .task import Task, check


class Sleeper(Protocol):
    """Who waits for the end of a task."""

    def wake(self) -> None:
        """Has it look again. From any thread, more than once; waits for nothing and doesn't raise."""


class Waiter:
    """The alarm of a thread that sleeps in wait(). It may go off more than once, and for nothing."""

    __slots__ = ("alarm",)

    def __init__(self) -> None:
        self.alarm = threading.Lock()
        self.alarm.acquire()

    def sleep(self, until: float | None) -> bool:
        """Until it's woken, or until that monotonic second (None: for ever): False then."""
        return rest(self.alarm, until)

    def wake(self) -> None:
        """Ends the sleep, or the next one if there is none now."""
        try:
            self.alarm.release()
        except RuntimeError:
            pass  # it has gone off already


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
        until = None if timeout is None else time.monotonic() + timeout
        me = self.own_task()
        if me is None:
            return self._sleep_through(list(self._live if ids is None else ids), Waiter(), until, None)
        with shield, self._lock:
            targets = self._targets_of(me, ids, is_bounded=timeout is not None)
            if timeout is None:
                me.waits_for = frozenset(targets)
        try:
            return not targets or self._sleep_without_seat(targets, me, until)
        finally:
            with shield, self._lock:
                me.waits_for = frozenset()

    def wait_outside(self, task_id: str) -> bool:
        """What :meth:`wait` does without a limit for one id in a thread that runs no task: the usual call.

        Kept short, as the task begins when the caller goes to sleep: until then the caller has the interpreter.
        """
        task = self._live.get(task_id)
        if task is None:
            return True
        waiter = Waiter()
        with self._lock:
            task.waiters = (*task.waiters, waiter)
        while not task.has_ended:
            waiter.alarm.acquire(True, PIECE_S)  # as ``rest`` does
        return True

    def own_task(self) -> Task | None:
        """The task that the calling thread runs, if it is one of this manager and its end isn't decided."""
        gate = own_gate()
        task = None if gate is None else cast("Task | None", gate.run)
        if task is None or task.has_ended:  # it calls back those who were told
            return None
        return task if self._live.get(task.id) is task else None

    def targets(self, ids: Iterable[str] | None, me: Task | None, *, is_bounded: bool) -> list[Task]:
        """The unfinished tasks that :meth:`wait` with these ids waits for. Raises WaitCycle as that does."""
        if me is None:
            return self._targets(ids)
        with shield, self._lock:
            return self._targets_of(me, ids, is_bounded)

    def _targets(self, ids: Iterable[str] | None) -> list[Task]:
        if ids is None:
            return list(self._live.values())
        found = (self._live.get(task_id) for task_id in dict.fromkeys(ids))
        return [task for task in found if task is not None]

    def _targets_of(self, me: Task, ids: Iterable[str] | None, is_bounded: bool) -> list[Task]:
        targets = self._targets(ids)
        if ids is None:
            return [task for task in targets if can_end_before(task, me)]
        if not is_bounded:
            for task in targets:
                if not can_end_before(task, me):
                    raise WaitCycle(task.id)
        return targets

    def _sleep_without_seat(self, targets: list[Task], me: Task, until: float | None) -> bool:
        worker, waiter = me.worker, Waiter()
        assert worker is not None
        me.add_alarm(waiter.wake)
        try:
            with shield:
                self._pool.lend_seat(worker)
            have_ended = self._sleep_through([target.id for target in targets], waiter, until, me)
        finally:
            with shield:
                self._pool.take_seat_back(worker)
                if waiter.wake in me.alarms:
                    me.alarms.remove(waiter.wake)
        check(me)
        return have_ended

    def _sleep_through(self, ids: list[str], waiter: Waiter, until: float | None, me: Task | None) -> bool:
        """Sleeps for one target after the other, the newest first: when that has ended, most others have, too.

        Only ids are held, so that what has ended can go meanwhile.
        """
        for task_id in reversed(ids):
            if task_id not in self._live:
                continue  # as with most of very many
            target = self._unfinished(task_id)
            while target is not None and self.lie_down(target, waiter):
                if (me is not None and me.stop is not None) or not waiter.sleep(until):
                    self.get_up(target, waiter)
                    return not any(map(self._unfinished, ids))
                target = self._unfinished(task_id)
        return True

    def _unfinished(self, task_id: str) -> Task | None:
        task = self._live.get(task_id)
        return None if task is None or task.has_ended else task

    def lie_down(self, target: Task, waiter: Sleeper) -> bool:
        """Has the end of ``target`` wake the waiter; False if it has ended."""
        with shield, self._lock:
            if waiter not in target.waiters:
                target.waiters = (*target.waiters, waiter)
        return not target.has_ended

    def get_up(self, target: Task, waiter: Sleeper) -> None:
        """Ends what :meth:`lie_down` began."""
        with shield, self._lock:
            target.waiters = tuple(other for other in target.waiters if other is not waiter)

    # -- what a task waits for, for as long as it does

    def leave_seat(self, me: Task, awaited: frozenset[Task]) -> None:
        """The task has begun to wait for these, without holding up its thread."""
        assert me.worker is not None
        with shield:
            with self._lock:
                me.waits_for = awaited
            self._pool.lend_seat(me.worker)

    def come_back(self, me: Task) -> None:
        """The task waits for nothing any more."""
        assert me.worker is not None
        with shield:
            with self._lock:
                me.waits_for = frozenset()
            self._pool.take_seat_back(me.worker)
