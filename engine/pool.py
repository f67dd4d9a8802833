"""The seats of a manager: who has one, who takes which task, when another thread is started."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from .interrupts import shield
from .task import Task
from .workers import Engine, Worker

#: This many threads are started the moment a task needs one; this many at the first look at tasks that wait; more only
#: when tasks are seen to wait for longer.
EAGER_THREADS = 2
SOON_THREADS = 8

#: How long an idle thread stays; how soon one that is picked is woken at the latest; when tasks that wait are looked at
#: first, and how often from then on; when a wait is told on the record. Seconds.
STAY_S = 10.0
WAKE_WITHIN_S = 1.0
LOOK_SOON_S = 0.001
LOOK_EVERY_S = 0.005
TELL_AFTER_S = 0.05


class Pool:
    """The threads of one manager. Tasks wait here in order only when no thread is free for them."""

    def __init__(
        self,
        max_workers: int,
        call_at: Callable[[float, Callable[[Any], None]], None],
        tell_waiting: Callable[[list[Task]], None],
        on_start: Callable[[], None],
    ) -> None:
        #: Whom the workers report to. Set before the first task comes.
        self.engine: Engine
        self.max_workers = max_workers
        self._eager = min(EAGER_THREADS, max_workers)
        self._call_at = call_at
        self._tell_waiting = tell_waiting
        self._on_start = on_start
        #: Guards everything below, each worker's seat and the tasks' waiting fields; no other lock is taken within.
        self._lock = threading.RLock()  # a finalizer may come back here
        self._ready: deque[Task] = deque()
        self._idle: list[Worker] = []
        #: An idle thread has been woken and isn't awake yet. While tasks wait and threads are idle, one is.
        self._is_waking = False
        self._workers: set[Worker] = set()
        self._seats = 0
        self._started = 0
        #: How often a thread has gone on from one task to the next: a hint, two at once may count one.
        self._passed = 0
        self._is_closing = False
        self._is_refused = False  # a hint, also written without the lock
        self._is_looking = False
        self._passed_at_last_look = 0

    # -- tasks in

    def submit(self, task: Task) -> None:
        """Has the task wait for a thread; wakes or starts one if that is due.

        Idle threads are woken one at a time: each wakes the next when it is awake and there is more to do. A burst of
        short tasks is then run by the few threads that it takes, and not by all of them in each other's way.
        """
        task.ready_at = monotonic()
        self._ready.append(task)
        # Without the lock, after the append: who lies down, is awake or stops looking looks once more after saying so.
        if self._is_waking if self._idle else self._is_looking and self._seats >= self._eager:
            return
        with self._lock:
            grow = not self._idle and self._seats < self._eager
            self._seats += grow
            worker, look = (None, False) if grow else self._pick_next()
        if grow:
            self._start(1)
        else:
            self._see_to(worker, look)

    def _take(self) -> Task | None:
        """The first task that waits. Needs no lock."""
        try:
            return self._ready.popleft()
        except IndexError:
            return None

    def _pick_next(self) -> tuple[Worker | None, bool]:
        """The idle thread to be woken for the tasks that wait; else whether a look at them is due. With the lock held.

        While there are idle ones none is: who is woken sees to the next.
        """
        worker = self._pick_idle()
        return worker, worker is None and not self._idle and len(self._ready) > 0 and self._begin_to_look()

    def _begin_to_look(self) -> bool:
        """Whether the caller is to plan a look, as none is planned; with the lock held."""
        if self._is_looking:
            return False
        self._is_looking, self._passed_at_last_look = True, self._passed
        return True

    def _see_to(self, worker: Worker | None, look: bool) -> None:
        """Does what has been picked, after the lock's release."""
        if worker is not None:
            worker.wake.release()
        elif look:
            self._plan_look(LOOK_SOON_S)

    def _pick_idle(self) -> Worker | None:
        """Takes an idle thread for the tasks that wait, unless one is being woken already; with the lock held."""
        if self._is_waking or not self._idle or not self._ready:
            return None
        try:
            worker = self._idle.pop()
        except IndexError:  # a finalizer, which Python runs where it wants, has added a task and picked it
            return None
        self._is_waking = True
        return worker

    def keep_first(self, worker: Worker, freed: list[Task]) -> Task | None:
        """Submits what a worker has set free, except for one task that it goes on with itself if none is waiting."""
        kept = None
        if not self._ready and worker.has_seat and self._seats <= self.max_workers:
            kept = freed.pop(0)
            self._passed += 1
        for task in freed:
            self.submit(task)
        return kept

    # -- threads

    def next_for(self, worker: Worker) -> Task | None:
        """The next task for a worker, after waiting for one; None if its thread is to end."""
        # Without the lock: a seat is only taken from a thread whose task is to stop.
        may_take = worker.task is None or worker.task.stop is None
        if may_take and self._ready and worker.has_seat and self._seats <= self.max_workers:
            try:
                task = self._ready.popleft()
            except IndexError:
                pass  # another thread was quicker
            else:
                self._passed += worker.task is not None
                return task
        return self._wait_for_task(worker)

    def _wait_for_task(self, worker: Worker) -> Task | None:
        task = None
        while task is None:
            with self._lock:
                worker.forget_task()
                goes_on = not worker.is_retired and self._seats <= self.max_workers
                if goes_on:
                    self._idle.append(worker)  # before the look at what waits: see submit
                    task = self._take()
                    if task is not None or self._is_closing:
                        task = self._get_up(worker, task)
                        goes_on = task is not None
                if not goes_on:
                    self._dismiss(worker)
                following, look = self._pick_next()
            self._see_to(following, look)
            if task is not None or not goes_on or not self._rest(worker):
                return task
            self._is_waking = False  # before the look at what waits: see submit
            if worker.has_seat and self._seats <= self.max_workers:
                task = self._take()
            if self._ready and (self._idle or not self._is_looking):
                with self._lock:
                    following, look = self._pick_next()
                self._see_to(following, look)
        return task

    def _get_up(self, worker: Worker, task: Task | None) -> Task | None:
        """Takes back a worker that has just lain down; with the lock held. Returns its task, if there is one now."""
        if not self._was_idle(worker):
            # A finalizer, which Python runs where it wants, has added a task and picked this very worker for it.
            worker.wake.acquire()
            self._is_waking = False
            task = task or self._take()
        return task

    def _was_idle(self, worker: Worker) -> bool:
        """Takes a worker out of the idle ones; False if it has been picked. With the lock held, in one step."""
        try:
            self._idle.remove(worker)
        except ValueError:
            return False
        return True

    def _rest(self, worker: Worker) -> bool:
        """Sleeps until the idle worker is woken; False if nobody has done so for so long that its thread is to end."""
        if worker.wake.acquire(True, STAY_S):  # by position: an idle thread holds the arguments, and names are a dict
            return True
        with self._lock:
            is_picked = not self._was_idle(worker)
        if is_picked and worker.wake.acquire(True, WAKE_WITHIN_S):  # in the instant the time was over
            return True
        with self._lock:
            if is_picked:  # who did so was kept from waking it, as Ctrl-C may do in the main thread
                self._is_waking = False
            self._dismiss(worker)
            following, look = self._pick_next()
        self._see_to(following, look)
        return False

    def _dismiss(self, worker: Worker) -> None:
        """Counts a thread out that is about to end; with the lock held."""
        if worker.has_seat:
            worker.has_seat = False
            self._seats -= 1
        self._workers.discard(worker)

    def give_away_seat(self, worker: Worker, task: Task) -> bool:
        """Lets another thread take the place of one that can't be stopped; that one ends when it comes back."""
        with self._lock:
            if worker.task is not task or worker.is_retired:
                return False
            worker.is_retired = True
            room = self._leave_seat(worker)
        self._start(room)
        return True

    def lend_seat(self, worker: Worker) -> None:
        """A task that waits for others leaves its seat to them."""
        with self._lock:
            room = self._leave_seat(worker)
        self._start(room)

    def take_seat_back(self, worker: Worker) -> None:
        """The waiting is over. There may be one thread too many for a moment: the next that is done ends."""
        with self._lock:
            if not worker.has_seat and not worker.is_retired:
                worker.has_seat = True
                self._seats += 1

    def _leave_seat(self, worker: Worker) -> int:
        """With the lock held; returns how many threads to start for those who wait."""
        if not worker.has_seat:
            return 0
        worker.has_seat = False
        self._seats -= 1
        if self._ready and self._seats < self.max_workers:
            self._seats += 1
            return 1
        return 0

    def _start(self, count: int) -> None:
        """Starts threads for which seats have been taken already."""
        for done in range(count):
            with self._lock:
                self._started += 1
                worker = Worker(self, self.engine, self._started)
                self._workers.add(worker)
            try:
                worker.thread.start()
                self._is_refused = False
            except BaseException as error:  # the system has no more, the interpreter is on its way out, or Ctrl-C
                with self._lock:
                    self._is_refused = isinstance(error, RuntimeError)
                    self._seats -= count - done
                    worker.has_seat, worker.is_retired = False, True  # should it have been started all the same
                    self._workers.discard(worker)
                    look = self._begin_to_look()
                if look:
                    self._plan_look(TELL_AFTER_S)
                if not self._is_refused:
                    raise
                return
            self._on_start()

    def in_hand(self) -> list[Task | None]:
        """For each thread the task that it has in hand or had last; None for one that rests."""
        with shield, self._lock:
            return [worker.task for worker in self._workers]

    @property
    def is_stalled(self) -> bool:
        """Whether tasks wait, no thread has a seat for them, and the system gave none when it was last asked."""
        with self._lock:
            return self._is_refused and self._seats <= 0 and len(self._ready) > 0

    # -- looking after those who wait

    def _plan_look(self, delay_s: float) -> None:
        self._call_at(monotonic() + delay_s, self._look)

    def _look(self, _: object = None) -> None:
        """Starts threads for tasks that have waited for a moment; has the others told why they wait.

        A burst of short tasks is served best by a few threads, which take several each between two looks. When they
        take less than one each, tasks are long: then there are twice as many; when nothing moves, one for each, but
        not before the tasks have waited for a while. None while one that was started doesn't run yet.
        """
        with self._lock:
            now = monotonic()
            passed = self._passed - self._passed_at_last_look
            self._passed_at_last_look = self._passed
            grow, unaware = 0, []
            self._is_looking = False  # before the look at what waits: see submit
            waited_s = self._longest_wait(now)
            if waited_s >= LOOK_SOON_S and not self._idle and all(worker.ident for worker in self._workers):
                grow = self._further_threads(passed, waited_s >= LOOK_EVERY_S)
                self._seats += grow
            is_full = self._seats >= self.max_workers
            if is_full:
                unaware = self._take_unaware(now - TELL_AFTER_S)
            again = self._is_looking = waited_s >= 0.0 and not (is_full and self._is_last_aware())
        self._start(grow)
        if unaware:
            self._tell_waiting(unaware)
        if again:
            self._plan_look(TELL_AFTER_S if is_full else LOOK_EVERY_S)

    def _further_threads(self, passed: int, is_long: bool) -> int:
        """How many to start for tasks that have waited, perhaps long, while threads went on to so many tasks."""
        if passed and passed >= self._seats:
            return 0
        wanted = self._seats if passed else len(self._ready)
        most = self.max_workers if is_long else min(SOON_THREADS, self.max_workers)
        return max(0, min(wanted, len(self._ready), most - self._seats))

    def _longest_wait(self, now: float) -> float:
        """For how many seconds the first task that waits has waited; -1 if none does."""
        try:
            return max(0.0, now - self._ready[0].ready_at)
        except IndexError:
            return -1.0

    def _is_last_aware(self) -> bool:
        try:
            return self._ready[-1].waits_for_seat
        except IndexError:
            return True

    def _take_unaware(self, since: float) -> list[Task]:
        found = []
        for task in reversed(self._ready.copy()):  # the aware ones are in front
            if task.waits_for_seat:
                break
            if task.ready_at <= since:
                task.waits_for_seat = True
                found.append(task)
        return found[::-1]

    # -- the end

    def close(self) -> None:
        """Lets every thread end as soon as no task waits for it."""
        with self._lock:
            self._is_closing = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.wake.release()

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds for the threads to end, but not for those that can't be stopped."""
        until = monotonic() + timeout
        with self._lock:
            threads = [worker.thread for worker in self._workers if not worker.is_retired]
        for thread in threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0.0, until - monotonic()))
