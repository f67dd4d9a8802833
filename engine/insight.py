"""What can be asked about a task that isn't on its record: why it waits, and where it is."""

from __future__ import annotations

import time

from .reading import Reading
from .reasons import Reason, reason_of
from .runtime import Runtime
from .stacks import stack_of
from .store import Keeper
from .task import Task


class Insight(Reading):
    """The part of TaskControl that looks into tasks. Every method may be called from any thread, none waits."""

    def __init__(self, keeper: Keeper, runtime: Runtime) -> None:
        super().__init__(keeper)
        self._runtime = runtime

    def why(self, task_id: str) -> Reason | None:
        """Why the task isn't running, or doesn't get on or end, as one sentence; None if there is nothing to say.

        Raises UnknownTask.
        """
        record = self._record(task_id)
        task, now = self._runtime.tasks.find(task_id), time.time()
        ready = None if task is None else task.waits_since
        ready_at = None if ready is None else now - (time.monotonic() - ready)
        return reason_of(record, self._keeper.find, self._runtime.pool.max_workers, ready_at, now)

    def stack(self, task_id: str) -> list[str]:
        """Where the task's thread is now: an entry for each frame from the task's function on, outermost first.

        The entries are those of a traceback, ``print("".join(...))`` shows them. ``[]`` if no thread runs the task.
        One that sits in a call after the task's end was decided still does. Raises UnknownTask.
        """
        self._record(task_id)
        task = self._task_in_hand(task_id)
        return [] if task is None else stack_of(task)

    def _task_in_hand(self, task_id: str) -> Task | None:
        return next((one for one in self._runtime.pool.in_hand() if one is not None and one.id == task_id), None)
