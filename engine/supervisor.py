"""The one thread that keeps time: deadlines, interruptions, second looks. It never runs a user's function."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from . import logs
from .task import Task

#: How long the thread stays when there is nothing to do, and the longest it sleeps at once; seconds.
_STAY_S = 10.0
_LONGEST_SLEEP_S = 3600.0

#: From how many entries on those of ended tasks are thrown out.
_PRUNE_FROM = 1024

Action = Callable[[Any], None]


class Supervisor:
    """Calls actions at given times, in order, on one thread that starts with the first and ends when idle.

    Times are monotonic seconds. ``expire`` is the action for deadlines, which are dropped when their task has ended.
    """

    def __init__(self, expire: Callable[[Task], None], may_rest: Callable[[], bool]) -> None:
        self._expire = expire
        self._may_rest = may_rest
        #: Guards everything below. No other lock is taken while it is held.
        self._lock = threading.RLock()  # a finalizer may come back here
        self._entries: list[tuple[float, int, Action, Any, bool, bool]] = []
        self._prune_at = _PRUNE_FROM
        self._numbers = itertools.count()
        #: None until the first start and after the end; may be asked for without the lock.
        self.thread: threading.Thread | None = None
        self._alarm = threading.Lock()
        self._alarm.acquire()
        self._sleeps_until = -math.inf  # while awake
        self._is_closing = False

    def deadline(self, when: float, task: Task) -> None:
        """Has ``task`` expire at ``when`` unless it has ended by then."""
        self.call_at(when, self._expire, task)

    def call_at(
        self,
        when: float,
        action: Action,
        argument: Any = None,
        *,
        is_lasting: bool = False,
        may_be_early: bool = False,
    ) -> None:
        """Has ``action(argument)`` called at ``when``. It must not block.

        What is not lasting is forgotten once the supervisor is closed and no task is left. What may be early is called
        before its time rather than that the thread stays for it alone.
        """
        with self._lock:
            if len(self._entries) >= self._prune_at:
                self._prune()
            heapq.heappush(self._entries, (when, next(self._numbers), action, argument, is_lasting, may_be_early))
            if when < self._sleeps_until:
                self._wake()
        if self.thread is None:
            self.ensure_thread()

    @property
    def is_here(self) -> bool:
        """Whether it is the calling thread."""
        return threading.current_thread() is self.thread

    def ensure_thread(self) -> None:
        """Starts the thread if it isn't there."""
        with self._lock:
            if self.thread is not None:
                return
            thread = self.thread = threading.Thread(target=self._run, name="task-control-supervisor", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # out of threads, or the interpreter is on its way out: the next call tries again
            logs.tell(logs.WARNING, "the supervisor thread can't be started now; deadlines wait for it")
            with self._lock:
                self.thread = None

    def close(self) -> None:
        """Lets the thread end as soon as nothing is left to be called."""
        with self._lock:
            self._is_closing = True
            if self._sleeps_until > -math.inf:
                self._wake()

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds for the thread to end."""
        thread = self.thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)  # one that another thread is about to start can't be joined

    def _run(self) -> None:
        while True:
            due = self._take_due()
            if due is None:
                return
            for action, argument in due:
                try:
                    action(argument)
                except Exception as error:
                    logs.tell(logs.ERROR, "the supervisor goes on after an error in %r", action, error=error)

    def _take_due(self) -> list[tuple[Action, Any]] | None:
        """What is to be called now, after waiting for it; [] to look again, None to end the thread."""
        is_over = self._is_closing and self._may_rest()
        with self._lock:
            now = time.monotonic()
            due = []
            while self._entries and self._entries[0][0] <= now:
                entry = heapq.heappop(self._entries)
                due.append((entry[2], entry[3]))
            if due:
                return due
            if is_over:
                self._entries = [entry for entry in self._entries if entry[4]]
                heapq.heapify(self._entries)
                if not self._entries:
                    self.thread = None
                    return None
            sleep_s = min(self._entries[0][0] - now, _LONGEST_SLEEP_S) if self._entries else _STAY_S
            if self._stays_for_nothing:
                sleep_s = min(sleep_s, _STAY_S)
            self._sleeps_until = now + sleep_s
        was_woken = self._alarm.acquire(timeout=sleep_s)
        may_rest = not was_woken and self._may_rest()
        with self._lock:
            if not was_woken and self._sleeps_until == -math.inf:
                self._alarm.acquire()  # woken in the instant the time was over: the alarm has gone off
            self._sleeps_until = -math.inf
            if may_rest and not self._entries:
                self.thread = None
                return None
            if may_rest and self._stays_for_nothing:
                early, self._entries = self._entries, []
                return [(entry[2], entry[3]) for entry in early]
        return []

    @property
    def _stays_for_nothing(self) -> bool:
        """Whether all that is planned may be early; with the lock held."""
        return all(entry[5] for entry in self._entries)

    def _wake(self) -> None:
        self._sleeps_until = -math.inf
        self._alarm.release()

    def _prune(self) -> None:
        self._entries = [e for e in self._entries if e[2] != self._expire or not e[3].has_ended]
        heapq.heapify(self._entries)
        self._prune_at = max(_PRUNE_FROM, 2 * len(self._entries))
