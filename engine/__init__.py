"""Task Control's engine: runs background tasks on threads of this process, with no broker and no web in it."""

from .control import TaskControl
from .errors import (
    EndedByHand,
    Forked,
    NotSendable,
    ProcessDied,
    RevisionGone,
    ShutDown,
    TaskCancelled,
    TaskControlError,
    TaskInterrupt,
    TaskTimeout,
    TimedOut,
    UnknownTask,
    WaitCycle,
)
from .executor import TaskExecutor
from .feed import Change
from .futures import TaskFuture
from .handle import TaskHandle, current_task
from .hooks import Transition
from .reading import Snapshot
from .reasons import Reason
from .retries import Retry
from .status import Status
from .subscription import Subscription

__all__ = [
    "Change",
    "EndedByHand",
    "Forked",
    "NotSendable",
    "ProcessDied",
    "Reason",
    "Retry",
    "RevisionGone",
    "ShutDown",
    "Snapshot",
    "Status",
    "Subscription",
    "TaskCancelled",
    "TaskControl",
    "TaskControlError",
    "TaskExecutor",
    "TaskFuture",
    "TaskHandle",
    "TaskInterrupt",
    "TaskTimeout",
    "TimedOut",
    "Transition",
    "UnknownTask",
    "WaitCycle",
    "current_task",
]
