"""The processes of one manager, from their start to their end: which one is free, when an idle one has to go."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ProcessDied

if TYPE_CHECKING:
    from .process import Process

#: How long an idle process stays, and one that was asked to leave may take; seconds.
STAY_S = 30.0

#: How long a process may take to be ready for calls; seconds.
START_S = 60.0

#: How long a process that has lost its connection may take to end by itself; seconds.
GRACE_S = 1.0


class Reserve:
    """Starts processes when one is needed and none is idle, and keeps those that are done. From any thread."""

    def __init__(self, call_at: Callable[[float, Callable[[Any], None]], None]) -> None:
        self._call_at = call_at
        #: Guards everything below; no other lock is taken within.
        self._lock = threading.RLock()  # a finalizer may come back here
        #: All processes; those without a task, the longest idle first; those that were asked to leave.
        self._all: set[Process] = set()
        self._idle: deque[Process] = deque()
        self._leaving: list[Process] = []
        self._is_sweeping = self._is_closing = False

    def take(self) -> Process:
        """A process without a task: the last that was used, or a new one. Raises if none can be started."""
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None:
                return self._start()
            if not process.is_dead:
                return process
            self.discard(process, 0.0)

    def _start(self) -> Process:
        from .process import Process  # with the first task that needs it: it brings much of the library along

        try:
            process = Process()
        except OSError as error:
            raise RuntimeError(f"no process can be started with {sys.executable!r} for the task: {error}") from error
        with self._lock:
            self._all.add(process)
        if not process.is_ready(START_S):
            self.discard(process, GRACE_S)
            raise ProcessDied(process.exit_code)
        return process

    def keep(self, process: Process) -> None:
        """Takes a process back whose task has ended."""
        process.since = time.monotonic()
        with self._lock:
            is_closing = self._is_closing
            if not is_closing:
                self._idle.append(process)
            sweep = not is_closing and not self._is_sweeping
            self._is_sweeping = self._is_sweeping or sweep
        if is_closing:
            process.dismiss()
            self.discard(process, GRACE_S)
        elif sweep:
            self._call_at(time.monotonic() + STAY_S, self._sweep)

    def discard(self, process: Process, patience_s: float) -> None:
        """Sees a process out; one that even a kill doesn't end is looked at again later."""
        is_gone = process.see_out(patience_s)
        with self._lock:
            if is_gone:
                self._all.discard(process)
            else:
                self._leaving.append(process)

    # -- the end

    def _sweep(self, _: object = None) -> None:
        """Dismisses processes that have been idle for long, and sees out those dismissed before. On the supervisor."""
        oldest = time.monotonic() - STAY_S
        with self._lock:
            gone = [process for process in self._leaving if process.is_dead or process.since <= oldest]
            self._leaving = [process for process in self._leaving if process not in gone]
            while self._idle and self._idle[0].since <= oldest:
                process = self._idle.popleft()
                process.since = time.monotonic()
                process.dismiss()
                self._leaving.append(process)
            again = self._is_sweeping = bool(self._idle or self._leaving)
        for process in gone:
            self.discard(process, 0.0)
        if again:
            self._call_at(time.monotonic() + STAY_S, self._sweep)

    def close(self, grace_s: float) -> None:
        """Ends the processes: those that are idle now, within some seconds, and the others when their task ends."""
        with self._lock:
            self._is_closing = True
            leaving = [*self._leaving, *self._idle]
            self._idle.clear()
            self._leaving = []
        for process in leaving:
            process.dismiss()
        until = time.monotonic() + grace_s
        for process in leaving:
            self.discard(process, max(0.0, until - time.monotonic()))

    def orphan(self) -> None:
        """In a forked child: all of them belong to its parent."""
        self._lock = threading.RLock()
        for process in self._all:
            process.forget()
        for kept in (self._all, self._idle, self._leaving):
            kept.clear()
