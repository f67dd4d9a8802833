"""Task Control's engine: runs background tasks on threads of this process, with no broker and no web in it."""

import logging

from .control import TaskControl
from .errors import (
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
from .reading import Snapshot
from .status import Status

# A library is silent until its host configures logging; the records tell what failed all the same.
logging.getLogger("task_control").addHandler(logging.NullHandler())

__all__ = [
    "Change",
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
    "UnknownTask",
    "WaitCycle",
    "current_task",
]
