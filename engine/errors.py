"""What can go wrong, in the caller's words: one tree of errors, and the two interrupts that stop a task."""

from __future__ import annotations

import signal


class TaskControlError(Exception):
    """Base class of every error that this package raises on purpose."""


class UnknownTask(TaskControlError, LookupError):
    """No record carries this task id: it was never added here, or it has been purged.

    Attributes:
        task_id: the id that was asked for.
    """

    def __init__(self, task_id: object) -> None:
        self.task_id = task_id
        super().__init__(
            f"no task has the id {task_id!r} in this TaskControl: it was never added here, or its record "
            "was purged or removed. Use an id that add() returned; get_all() lists those that are known."
        )


class Forked(TaskControlError, RuntimeError):
    """A process that was forked off has none of the threads: the manager's tasks run in the parent alone."""

    def __init__(self) -> None:
        super().__init__(
            "this TaskControl belongs to the process that this one was forked from, and can't run tasks here. "
            "Make another TaskControl in this process, after the fork."
        )


class ShutDown(TaskControlError, RuntimeError):
    """The manager or executor takes no more tasks because shutdown() was called on it."""

    def __init__(self, owner: str = "TaskControl") -> None:
        super().__init__(
            f"this {owner} has been shut down and takes no more tasks. Add tasks before shutdown(), "
            f"or make a new {owner}()."
        )


class NotSendable(TaskControlError, TypeError):
    """A function, or what came of it, can't travel to the task's process or back. The message says what holds it."""


class ProcessDied(TaskControlError, RuntimeError):
    """A task's process ended before its function had.

    Attributes:
        exit_code: what it ended with; ``-n`` if signal ``n`` killed it, None if it only cut the connection.
    """

    def __init__(self, exit_code: int | None) -> None:
        self.exit_code = exit_code
        super().__init__(f"the task's process {_how_it_ended(exit_code)} before the function had returned")


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is None:
        return "closed its connection"
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:  # a real-time signal
        name = "without a name"
    hint = "; where nobody sends it, that is the system when memory is short" if name == "SIGKILL" else ""
    return f"was killed by signal {-exit_code} ({name}: {signal.strsignal(-exit_code)}{hint})"


class RemoteTraceback(Exception):
    """The traceback of another process, as the cause of an exception that came from there."""


class RevisionGone(TaskControlError, LookupError):
    """Changes after this revision are no longer held (or were never made): take a snapshot and go on from there.

    Attributes:
        since: the revision that was asked for.
        oldest: the smallest revision that can still be asked for.
        newest: the revision of the newest change.
    """

    def __init__(self, since: int, oldest: int, newest: int) -> None:
        self.since, self.oldest, self.newest = since, oldest, newest
        super().__init__(
            f"the changes after revision {since} are not held any more (held: {oldest} to {newest}). "
            "Take snapshot() and continue from its revision; a larger history= keeps more."
        )


class WaitCycle(TaskControlError, RuntimeError):
    """A task asked to wait, without a timeout, for a task that can't end before the asking one has ended.

    Attributes:
        task_id: the task that it wanted to wait for.
    """

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        super().__init__(
            f"waiting for task {task_id} would never end: it is the waiting task itself, or it waits for it. "
            "Leave it out of wait(), give wait() a timeout, or add the rest of the work as a dependant."
        )


class TimedOut(TaskControlError, TimeoutError):
    """What a future raises whose task ran over its limit.

    Attributes:
        task_id: the task.
        limit_s: the limit in seconds.
    """

    def __init__(self, task_id: str, limit_s: float | None) -> None:
        self.task_id, self.limit_s = task_id, limit_s
        super().__init__(
            f"task {task_id} ran over its limit of {limit_s} seconds and was stopped. "
            "Give it a larger thread_timeout, or have it do less."
        )


class EndedByHand(TaskControlError, RuntimeError):
    """What a future raises whose task was ended as Error by a write to the database.

    Attributes:
        task_id: the task.
        error: what its record says.
    """

    def __init__(self, task_id: str, error: object) -> None:
        self.task_id, self.error = task_id, error
        super().__init__(f"task {task_id} was ended as Error by a write to its record, which says: {error}")


class TaskInterrupt(BaseException):
    """Raised inside a task whose end has been decided. Let it pass: its status is final already.

    Not an ``Exception``, so that ``except Exception`` in a task doesn't swallow it.
    """


class TaskCancelled(TaskInterrupt):
    """The task was canceled."""


class TaskTimeout(TaskInterrupt):
    """The task ran over its limit."""
