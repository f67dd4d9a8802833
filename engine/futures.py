"""The future of a task, as the standard library's: its result or exception, callbacks, and a cancel that stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import Forked, UnknownTask
from .interrupts import own_gate
from .outstanding import ShieldedLock
from .records import CANCELED, RUNNING, SUSPENDED

if TYPE_CHECKING:
    from .control import TaskControl

Result = TypeVar("Result")


class TaskFuture(Future[Result]):
    """What becomes of a submitted task. Made by :meth:`TaskExecutor.submit`; from any thread.

    Attributes:
        task_id: the task's id.
    """

    def __init__(self, taskman: TaskControl, let_go: Callable[[TaskFuture[Any]], None]) -> None:
        super().__init__()
        #: Whoever ends the task takes it, so nobody may be interrupted with it.
        self._condition = threading.Condition(ShieldedLock())  # type: ignore[arg-type]  # it has all that is used
        self.task_id = ""
        self._taskman = taskman
        self._let_go = let_go
        self._told_by: int | None = None

    def __repr__(self) -> str:
        return f"<TaskFuture of task {self.task_id}: {self._state_word()}>"

    def _state_word(self) -> str:
        if not self.done():
            return "running" if self.running() else "pending"
        if self.cancelled():
            return "cancelled"
        error = super().exception()
        return "finished" if error is None else f"raised {type(error).__name__}"

    def cancel(self) -> bool:
        """Cancels the task, also one that runs: True if it is cancelled now, False if it had ended otherwise."""
        try:
            return self._taskman.cancel(self.task_id) or self.cancelled()
        except UnknownTask:  # its record is gone
            return self.cancelled()

    def cancel_pending(self) -> None:
        """Cancels the task unless it runs (one that begins in this instant is stopped)."""
        if self._has_status(SUSPENDED):
            self.cancel()

    def running(self) -> bool:
        """Whether the task runs."""
        return not self.done() and self._has_status(RUNNING)

    def _has_status(self, status: int) -> bool:
        try:
            return self._taskman.get_status(self.task_id) == status
        except UnknownTask:
            return False

    def result(self, timeout: float | None = None) -> Result:
        """What the function returned, the very object; raises what it raised, or how else the task ended.

        CancelledError if it was cancelled, TimedOut if it was over its limit, TimeoutError if ``timeout`` seconds are
        over first. A task that asks lends its seat, and gets WaitCycle if it would wait for ever.
        """
        try:
            return super().result(self._wait(timeout))
        finally:
            del self  # what is raised holds this frame

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What :meth:`result` would raise, None if it would return; waits as that does."""
        return super().exception(self._wait(timeout))

    def _wait(self, timeout: float | None) -> float | None:
        """Inside a task, waits for this one as a task does; how many seconds are left to wait."""
        if own_gate() is None and not self._taskman.is_forked:
            return timeout
        if self.done():
            return timeout
        if self._taskman.is_forked:
            raise Forked
        until = None if timeout is None else time.monotonic() + timeout
        self._taskman.wait(self.task_id, timeout)
        return None if until is None else max(0.0, until - time.monotonic())

    # -- by the engine

    @property
    def is_told_here(self) -> bool:
        """Whether the calling thread is just calling its callbacks."""
        return self._told_by == threading.get_ident()

    def ended(self, status: int, value: Any, error: BaseException | None) -> None:
        """Takes in how the task has ended."""
        try:
            if status == CANCELED:
                super().cancel()
                self.set_running_or_notify_cancel()
            elif error is not None:
                self.set_exception(error)
            else:
                self.set_result(value)
        except (InvalidStateError, RuntimeError):
            pass  # somebody has set it by hand

    def _invoke_callbacks(self) -> None:
        """Nothing yet: the state is set when the engine still has to tell others, for which a callback may wait."""

    def call_back(self) -> None:
        """Calls the callbacks."""
        self._told_by = threading.get_ident()
        try:
            super()._invoke_callbacks()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._let_go(self)
