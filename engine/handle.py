"""What running task code may ask and tell: progress, log lines, whether to stop, a sleep that ends early."""

from __future__ import annotations

import logging
import math
import threading
from contextvars import ContextVar
from types import CoroutineType, TracebackType
from typing import Any, Protocol

from .coroutines import run_coroutine
from .interrupts import Shield, own_gate, shield
from .records import Line
from .task import Task, check, is_shielded

_current: ContextVar[TaskHandle | None] = ContextVar("task_control_current_task", default=None)


class LogLines(Protocol):
    """Where lines go that ``logging`` is told inside of tasks."""

    is_off: bool

    def add(self, task: Task, line: Line) -> None:
        """Takes in a line. From any thread, within ``shield``."""


class Reporter(Protocol):
    """Who notes down what a task tells: the journal, or in a task's own process who sends it there."""

    @property
    def lines(self) -> LogLines:
        """Where what is logged goes."""

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Notes how far a task is."""

    def tell_log(self, task: Task, level: str, message: str) -> None:
        """Adds a line to a task's log."""


class TaskHandle:
    """A task's own view of itself: the argument of its function. Its methods may be called from any thread."""

    __slots__ = ("_journal", "_task")

    def __init__(self, task: Task, journal: Reporter) -> None:
        self._task = task
        self._journal = journal

    @property
    def id(self) -> str:
        """The task's id."""
        return self._task.id

    @property
    def name(self) -> str:
        """The task's name."""
        return self._task.name

    def __repr__(self) -> str:
        return f"<TaskHandle {self.id} {self.name!r}>"

    @property
    def cancelled(self) -> bool:
        """Whether the task's end has been decided (by a cancel, a timeout or a removed record): time to return."""
        return self._task.stop is not None

    def checkpoint(self) -> None:
        """Raises TaskCancelled or TaskTimeout if the task's end has been decided; not inside :meth:`shield`."""
        check(self._task)

    def sleep(self, seconds: float) -> None:
        """Sleeps, and raises as :meth:`checkpoint` does as soon as the task's end is decided.

        Raises ValueError for a negative or NaN number, TypeError for what is no number.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError(f"sleep takes a number of seconds, not {type(seconds).__name__}")
        if math.isnan(seconds) or seconds < 0:
            raise ValueError(f"sleep takes zero seconds or more, not {seconds!r}")
        self.checkpoint()
        alarm = threading.Lock()
        alarm.acquire()
        self._task.add_alarm(alarm.release)
        if self._task.stop is None or is_shielded(self._task):  # a stop from here on sets the alarm off
            alarm.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))
        try:
            self._task.alarms.remove(alarm.release)
        except ValueError:
            pass  # it went off
        self.checkpoint()

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Tells how far the task is: ``done`` of ``total`` (None: unknown) and what it is at. A checkpoint, too.

        Raises TypeError or ValueError for what is no finite number of zero or more.
        """
        told = {
            "done": _amount(done, "done"),
            "total": None if total is None else _amount(total, "total"),
            "message": None if message is None else str(message),
        }
        self.checkpoint()
        with shield:
            self._journal.tell_progress(self._task, told)

    def log(self, message: object, level: str | int = "INFO") -> None:
        """Adds a line to the task's log; the last 200 are kept, each up to 2,000 characters.

        ``level`` is one of ``logging``'s, by name or number. Raises ValueError for another.
        """
        names = logging.getLevelNamesMapping()
        if isinstance(level, int) and not isinstance(level, bool):
            name = logging.getLevelName(level)
        else:
            name = str(level).upper()
        if name not in names:
            raise ValueError(f"{level!r} is no log level: use one of {', '.join(names)} or its number")
        text = str(message)
        with shield:
            self._journal.tell_log(self._task, name, text)

    def shield(self) -> Shield:
        """``with handle.shield():`` keeps a cancel or timeout from cutting a block; it takes effect afterwards.

        The end is recorded at once all the same. Works in the thread that runs the task.
        """
        return _task_shield


class _TaskShield(Shield):
    """The shield as tasks use it: what was kept out takes effect as the outermost one is left."""

    __slots__ = ()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        super().__exit__(kind, error, tb)
        gate = own_gate()
        task = None if gate is None else gate.run
        if kind is None and isinstance(task, Task):
            check(task)


_task_shield = _TaskShield()


def call(task: Task, journal: Reporter) -> Any:
    """Calls the task's function as it wants to be called, with ``current_task()`` set below it.

    What is returned to be awaited is run to its end.
    """
    function: Any = task.function
    options = task.options
    if options.backend is not None:
        return function(task)
    handle = TaskHandle(task, journal)
    _current.set(handle)
    value = function(handle) if options.takes_handle else function()
    return run_coroutine(value, task) if type(value) is CoroutineType else value


def current_task() -> TaskHandle | None:
    """The handle of the task that the calling code runs in, however deep below its function; None outside."""
    return _current.get()


def current_run() -> tuple[Task, LogLines] | None:
    """The task that the calling code runs in, and where its log lines go; None outside."""
    handle = _current.get()
    return None if handle is None else (handle._task, handle._journal.lines)  # noqa: SLF001  # users get the handle


def _amount(value: object, argument: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{argument} must be a number, not {type(value).__name__}")
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{argument} must be a finite number of zero or more, not {value!r}")
    return value
