"""A reusable thread, and how it calls a function so that it can be stopped and nothing else is."""

from __future__ import annotations

import threading
from contextvars import Context
from typing import Any, Protocol

from .coroutines import TaskLoop
from .errors import TaskInterrupt
from .handle import call
from .interrupts import Gate, drain, gates
from .journal import Journal
from .task import Task


class Seats(Protocol):
    """Where a worker gets its tasks from: the pool."""

    def next_for(self, worker: Worker) -> Task | None:
        """The next task for a worker, after waiting for one; None if its thread is to end."""

    def keep_first(self, worker: Worker, freed: list[Task]) -> Task | None:
        """Submits what a worker has set free, except for one task that it goes on with itself."""


class Engine(Protocol):
    """What a worker reports to."""

    journal: Journal

    def begin(self, task: Task, worker: Worker) -> bool:
        """Claims the task for the worker; False if its end was decided while it waited."""

    def conclude(self, task: Task, value: Any, error: BaseException | None) -> list[Task]:
        """Records the outcome; returns the tasks that may start now."""


class Worker:
    """One thread that runs one task after the other. Its fields are its own unless the pool's lock is named."""

    __slots__ = (
        "pool",
        "engine",
        "thread",
        "wake",
        "task",
        "has_seat",
        "is_retired",
        "ident",
        "gate",
        "loop",
        "_has_begun",
        "_has_called",
        "_value",
        "_error",
    )

    def __init__(self, pool: Seats, engine: Engine, number: int) -> None:
        self.pool = pool
        self.engine = engine
        self.thread = threading.Thread(target=self._run, name=f"task-control-{number}", daemon=True)
        #: Released by whoever hands over a task to the idle worker.
        self.wake = threading.Lock()
        self.wake.acquire()
        #: The task in hand, or that was last. Written by the pool, under its lock, while the worker is idle.
        self.task: Task | None = None
        #: It counts as one of the pool's seats; it ends after its task. Guarded by the pool's lock.
        self.has_seat = True
        self.is_retired = False
        #: The event loop of the last coroutine that it has run.
        self.loop: TaskLoop | None = None
        # Made by the thread itself:
        self.ident = 0
        self.gate: Gate
        # How far it is with the task in hand, so that it can go on after an interrupt that came late:
        self._has_begun = False
        self._has_called = False
        self._value: Any = None
        self._error: BaseException | None = None

    def forget_task(self) -> None:
        """Lets go of the last task, before the worker rests."""
        self.task = None
        self.gate.run = None

    def _run(self) -> None:
        self.ident = threading.get_ident()
        self.gate = gates[self.ident] = Gate(self.ident)
        try:
            while not self._has_served():
                pass
        finally:
            gates.pop(self.ident, None)  # not there in a child that a task has forked

    def _has_served(self) -> bool:
        try:
            self._serve()
        except TaskInterrupt:  # pragma: no cover  # one that slipped past the closing of its gate: go on where we were
            return False
        return True

    def _serve(self) -> None:
        """Runs tasks until there are no more, beginning with the one in hand."""
        engine, pool = self.engine, self.pool
        task = self.task or pool.next_for(self)
        while task is not None:
            self.task, following = task, None
            if self._has_begun or engine.begin(task, self):
                self._has_begun = True
                self._execute(task)
                freed = engine.conclude(task, self._value, self._error)
                self._value = self._error = None
                if self.gate.was_used or self.gate.depth:  # it isn't certain how often its lock is held
                    self.gate = gates[self.ident] = Gate(self.ident)
                self._has_begun = self._has_called = False
                if freed:
                    following = pool.keep_first(self, freed)
                del freed
            del task  # an idle thread holds nothing of its last one
            task = following or pool.next_for(self)

    def _execute(self, task: Task) -> None:
        """Calls the function, then shuts the gate and takes back an interrupt that is still under way.

        From "open" to the end of the draining an interrupt may land wherever Python looks for one: at the start of a
        function, after a call, at a jump backwards. So that stretch calls nothing but the user's function, the
        gate's lock and the draining, each within a ``try`` whose handler shuts and drains again. It may be entered
        twice for the same task.
        """
        gate = self.gate
        context: Any = task.context
        if context is None:
            context = task.context = Context()  # for all attempts
        gate.run = task
        try:
            try:
                try:
                    if not self._has_called:
                        self._has_called = True
                        gate.lock.release()  # open
                        if task.stop is None:
                            self._value = context.run(call, task, self.engine.journal)
                except BaseException as error:
                    self._error = error
                gate.lock.acquire()  # shut
                if gate.was_used:
                    drain(self.ident)
            except TaskInterrupt as error:  # pragma: no cover  # landed in the handler, or while shutting
                self._error = self._error or error
                gate.lock.acquire()
                if gate.was_used:
                    drain(self.ident)
        except TaskInterrupt as error:  # pragma: no cover  # a second one landed in that handler
            self._error = self._error or error
            gate.lock.acquire()
            if gate.was_used:
                drain(self.ident)
