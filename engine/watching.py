"""Who is told how a task ends, and on which thread: what is told may run users' code."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from . import logs
from .task import Task


class Watcher(Protocol):
    """Is told once how its task has ended, by whoever ended it, without any lock of the engine's."""

    task_id: str

    def ended(self, status: int, value: Any, error: BaseException | None) -> None:
        """The final status, and what the function has returned or raised; may run users' code."""


def tell_end(task: Task, status: int, value: Any, error: BaseException | None, *, here: bool = True) -> None:
    """Tells the task's watcher; ``here`` or, where users' code mustn't run, on a thread of its own."""
    watcher, task.watcher = task.watcher, None  # nobody keeps the other once it is over
    if watcher is None:
        return
    if not here:
        told = (watcher, status, value, error)
        thread = threading.Thread(target=_tell, args=told, name="task-control-future", daemon=True)
        try:
            thread.start()
            return
        except RuntimeError:
            pass  # the system has no more threads, and nobody may wait in vain
    _tell(watcher, status, value, error)


def _tell(watcher: Watcher, status: int, value: Any, error: BaseException | None) -> None:
    try:
        watcher.ended(status, value, error)
    except BaseException as broken:  # a callback's, and this thread is not its own
        logs.tell(logs.ERROR, "what follows the end of task %s has failed", watcher.task_id, error=broken)
