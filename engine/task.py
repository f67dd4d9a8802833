"""A task that hasn't ended, as the engine sees it; what users see is its record."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from .errors import TaskInterrupt
from .interrupts import Gate

if TYPE_CHECKING:
    from .handle import TaskHandle
    from .waiting import Waiter
    from .workers import Worker


#: What most tasks have, shared by them and never written to: their own is made by who has something to put in it.
NO_TASKS: dict[Task, None] = {}
NO_ALARMS: list[Callable[[], None]] = []


class Task:
    """The working state of one task, from ``add`` until its thread is done with it.

    Unless said otherwise, guarded by the store's lock. The truth about the status is the record, not this.
    """

    __slots__ = (
        "id",
        "doc_id",
        "name",
        "function",
        "takes_handle",
        "context",
        "handle",
        "limit",
        "has_ended",
        "blockers",
        "dependants",
        "waiters",
        "waits_for",
        "gate",
        "worker",
        "started",
        "stop",
        "stop_at",
        "alarms",
        "is_thread_done",
        "is_abandoned",
        "ready_at",
        "waits_for_seat",
    )

    def __init__(
        self,
        task_id: str,
        name: str,
        function: Callable[..., Any],
        takes_handle: bool,
        limit: float | None,
        context: Context,
    ) -> None:
        self.id = task_id
        self.name = name
        #: The record's number in the table.
        self.doc_id = 0
        self.function: Callable[..., Any] | None = function
        self.takes_handle = takes_handle
        self.context: Context | None = context
        self.handle: TaskHandle | None = None
        #: The task's own limit in seconds; None means the manager's default.
        self.limit = limit
        #: Its end is decided. Never goes back; may be read without the lock.
        self.has_ended = False
        #: The unfinished tasks that it depends on, and those that depend on it; sets that keep their order.
        self.blockers = self.dependants = NO_TASKS
        #: Who waits for its end in wait(); and what it waits for in wait() itself.
        self.waiters: tuple[Waiter, ...] = ()
        self.waits_for: frozenset[Task] = frozenset()
        # While it runs, written by its worker:
        self.gate: Gate | None = None
        self.worker: Worker | None = None
        #: Monotonic seconds at which the function was called.
        self.started = 0.0
        #: What to raise in the task, once a stop is decided, and when that was (monotonic).
        self.stop: type[TaskInterrupt] | None = None
        self.stop_at = 0.0
        #: Called once when a stop is decided, to wake what sleeps; append and pop only.
        self.alarms = NO_ALARMS
        #: The function has returned; the supervisor leaves it alone.
        self.is_thread_done = False
        #: Its seat was given away because it couldn't be stopped. Guarded by the pool's lock.
        self.is_abandoned = False
        #: Monotonic seconds since when it has waited for a seat, and whether its record says so. Pool's lock.
        self.ready_at = 0.0
        self.waits_for_seat = False

    def sound_alarms(self) -> None:
        """Wakes the task's own thread where it sleeps. From any thread; each alarm goes off once."""
        while self.alarms:
            try:
                alarm = self.alarms.pop()
            except IndexError:
                return
            alarm()
