"""A task that hasn't ended, as the engine sees it; what users see is its record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .errors import TaskInterrupt
from .facts import Facts
from .interrupts import own_gate, shield
from .options import Options

T = TypeVar("T")

if TYPE_CHECKING:
    from .waiting import Sleeper
    from .watching import Watcher
    from .workers import Worker


#: What most tasks have, shared by them and never written to: its own is made by who has something to put in it.
NO_DEPENDANTS: dict[Task, None] = {}
NO_ALARMS: list[Callable[[], None]] = []
_NONE_OF_THEM: frozenset[Task] = frozenset()


class Backend(Protocol):
    """Where functions run that don't run in their task's thread."""

    def enter(self, task: Task) -> bool:
        """Makes ready for a task that is about to begin; False if there is no place: it is submitted when there is."""

    def leave(self, task: Task) -> None:
        """Takes back a place that the task may have."""


class Task:
    """The working state of one task, from ``add`` until its thread is done with it.

    Unless said otherwise, guarded by the store's lock. What it does by itself (be added, begin, end) is posted to the
    keeper, and on its record before anybody can read that.
    """

    __slots__ = (
        "id",
        "doc_id",
        "name",
        "function",
        "options",
        "context",
        "facts",
        "run_limit",
        "attempt",
        "is_open",
        "has_ended",
        "blockers",
        "countdown",
        "dependants",
        "waiters",
        "watcher",
        "waits_for",
        "worker",
        "started",
        "own_status",
        "stop",
        "alarms",
        "ready_at",
        "waits_for_seat",
    )

    def __init__(
        self,
        task_id: str,
        name: str,
        function: Callable[..., Any],
        options: Options,
        context: Context,
        depend_on: str | tuple[str, ...] = (),
    ) -> None:
        self.id = task_id
        self.name = name
        #: The record's number in the table, 0 until it is there.
        self.doc_id = 0
        self.function: Callable[..., Any] | None = function
        self.options = options
        #: That of who added it; None in the place of an empty one, which is made when it is needed.
        self.context = context or None
        #: What its record is made of. GONE when its own end is on the record: others may hold the task for longer.
        self.facts = Facts(task_id, name, options, depend_on)
        #: There until somebody decides how it ends, by :meth:`decide`.
        self.is_open = True
        #: Its end is decided, posted or on the record. Never goes back; may be read without the lock.
        self.has_ended = False
        #: Which attempt it is at, one beyond the last if there is to be no other.
        self.attempt = 1
        #: The tasks that it waits for, until none is left, and those that wait for it, in their order.
        self.blockers: Sequence[Task] = ()
        self.dependants = NO_DEPENDANTS
        #: Who waits for its end in wait(); and what it waits for in wait() itself.
        self.waiters: tuple[Sleeper, ...] = ()
        self.waits_for = _NONE_OF_THEM
        #: Who is told how it ends, with what it returned or raised: its future, if it has one. Set before it is added.
        self.watcher: Watcher | None = None
        #: What runs it, from the moment on that it has begun; and how it has ended, if its own thread has decided that.
        self.worker: Worker | None = None
        self.own_status: int | None = None
        #: What to raise in the task, once a stop is decided.
        self.stop: type[TaskInterrupt] | None = None
        #: Whether its record says that it waits for a seat. Pool's lock.
        self.waits_for_seat = False

    # Not there from the start, since most tasks are many and short:

    #: If it waits for several a byte for each; whoever takes the last one, 1, sets it free. Set when it is linked.
    countdown: bytearray
    #: Monotonic seconds since when it has waited for a seat; set when it is ready.
    ready_at: float
    #: When the function was called, in monotonic seconds, and the limit; set when it begins.
    started: float
    run_limit: float | None
    #: Called once when a stop is decided, to wake what sleeps; append and pop only. Set when it begins.
    alarms: list[Callable[[], None]]

    def decide(self) -> bool:
        """Whether the caller is the one who decides how the task ends. In one step, with or without a lock."""
        try:
            del self.is_open
        except AttributeError:
            return False
        return True

    @property
    def is_decided(self) -> bool:
        """Whether somebody has decided how the task ends."""
        return not hasattr(self, "is_open")

    @property
    def is_thread_done(self) -> bool:
        """Whether the function has returned, or will not be called."""
        return self.function is None or self.worker is None

    @property
    def waits_since(self) -> float | None:
        """Since when it has waited for a seat, in monotonic seconds; None if it has not been ready."""
        return getattr(self, "ready_at", None)

    def add_alarm(self, alarm: Callable[[], None]) -> None:
        """Has a stop call ``alarm``, unless it is taken out of ``alarms`` before that. From any thread; once begun."""
        with shield:
            own(self, "alarms", NO_ALARMS, []).append(alarm)

    def sound_alarms(self) -> None:
        """Wakes the task's own thread where it sleeps. From any thread; each alarm goes off once."""
        while self.alarms:
            try:
                alarm = self.alarms.pop()
            except IndexError:
                return
            alarm()


#: What is being made for a task in place of what it shares with others. Those who do so at once make one.
_being_made: dict[tuple[Task, str], Any] = {}


def own(task: Task, field: str, shared: T, new: T) -> T:
    """What the task has of its own in ``field``: ``new``, if it has only what is ``shared``. No lock; in ``shield``."""
    if getattr(task, field) is shared:
        made = _being_made.setdefault((task, field), new)
        if getattr(task, field) is shared:  # else somebody was done before the line above, and this one isn't needed
            setattr(task, field, made)
        _being_made.pop((task, field), None)
    found: T = getattr(task, field)
    return found


def check(task: Task) -> None:
    """Raises what the task is to be stopped with, if its end has been decided; not where its thread is shielded."""
    why = task.stop
    if why is not None and not is_shielded(task):
        raise why


def is_shielded(task: Task) -> bool:
    """Whether the calling thread runs the task, and keeps interrupts out now."""
    gate = own_gate()
    return gate is not None and gate.run is task and gate.depth > 0
