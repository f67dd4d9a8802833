"""Who is told how a task ends, and on which thread users' code hears of it."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from . import logs
from .task import Task


class Watcher(Protocol):
    """Is told how its task has ended, by whoever ended it, without any lock of the engine's."""

    task_id: str

    def ended(self, status: int, value: Any, error: BaseException | None) -> None:
        """Takes in the final status, and what the function has returned or raised; runs no users' code."""

    def call_back(self) -> None:
        """Runs users' code, once everything else that follows from the end has been done."""


def call_back(task: Task, *, here: bool = True) -> None:
    """Has the task's watcher run users' code; ``here`` or, where that mustn't be, on a thread of its own."""
    watcher, task.watcher = task.watcher, None  # nobody keeps the other once it is over
    assert watcher is not None  # it is asked for once, by whoever has decided the end
    if not here:
        thread = threading.Thread(target=_call_back, args=(watcher,), name="task-control-future", daemon=True)
        try:
            thread.start()
            return
        except RuntimeError:
            pass  # the system has no more threads, and nobody may wait in vain
    _call_back(watcher)


def _call_back(watcher: Watcher) -> None:
    try:
        watcher.call_back()
    except BaseException as broken:  # a callback's, and this thread is not its own
        logs.tell(logs.ERROR, "what follows the end of task %s has failed", watcher.task_id, error=broken)
