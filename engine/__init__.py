"""Task Control's engine: runs background tasks on threads of this process, with no broker and no web in it."""

from .control import TaskControl
from .errors import (
    Forked,
    NotSendable,
    ProcessDied,
    RevisionGone,
    ShutDown,
    TaskCancelled,
    TaskControlError,
    TaskInterrupt,
    TaskTimeout,
    UnknownTask,
    WaitCycle,
)
from .feed import Change, Subscription
from .handle import TaskHandle, current_task
from .hooks import Transition
from .reading import Snapshot
from .reasons import Reason
from .status import Status

__all__ = [
    "Change",
    "Forked",
    "NotSendable",
    "ProcessDied",
    "Reason",
    "RevisionGone",
    "ShutDown",
    "Snapshot",
    "Status",
    "Subscription",
    "TaskCancelled",
    "TaskControl",
    "TaskControlError",
    "TaskHandle",
    "TaskInterrupt",
    "TaskTimeout",
    "Transition",
    "UnknownTask",
    "WaitCycle",
    "current_task",
]
