"""What users write through the database: what is stored of it, and what follows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from . import logs, records
from .errors import TaskCancelled
from .journal import Journal
from .records import Record
from .status import may_be_written
from .store import Edit, Keeper
from .task import Task
from .unfinished import Unfinished


class Edits:
    """Reviews users' writes to the records of one manager's tasks.

    Args:
        forget: lets go of what was kept of a task beside its record.
        follow: follows up the end of a task that is on its record, or that its record's removal (None) is.
    """

    def __init__(
        self,
        keeper: Keeper,
        tasks: Unfinished,
        journal: Journal,
        forget: Callable[[str, None], object],
        follow: Callable[[Task, Record | None], None],
    ) -> None:
        self._keeper = keeper
        self._tasks = tasks
        self._journal = journal
        self._forget = forget
        self._follow = follow
        #: What was undone, by task id: logged once the lock is released, as handlers are user code.
        self._undone: deque[tuple[str, str]] = deque()

    def review(self, old: Record, new: Record | None) -> Record | None:
        """Under the lock: what is stored of a user's write to a record; what is undone is logged after it."""
        if not records.is_task(old):
            return new
        task = self._tasks.find(old["id"])
        if task is not None and self._keeper.at(task.doc_id) is not old:
            task = None  # a copy that a user has made of its record
        if new is None:
            if task is not None:
                task.stop = task.stop or TaskCancelled
                self._journal.tell_begin(task, old)
            self._forget(old["id"], None)
            return None
        ends = may_be_written(old["status"], new.get("status"))
        can_end = ends and (task is None or task.decide())
        run_s = None
        if ends and can_end and task is not None:
            task.stop = TaskCancelled
            begun = self._journal.tell_begin(task, old)
            new = {key: begun[key] if key in old and value is old[key] else value for key, value in new.items()}
            old = begun
            run_s = None if task.worker is None else time.monotonic() - task.started
        stored, undone = records.reviewed(old, new, can_end, run_s)
        if undone:
            self._undone.append((old["id"], "; ".join(undone)))
        return stored

    def react(self, edits: list[Edit]) -> None:
        """After the lock: what follows for tasks whose record a user has removed or whose end a user has written."""
        while self._undone:
            try:
                task_id, what = self._undone.popleft()
            except IndexError:  # another thread took the last one
                break
            logs.tell(logs.WARNING, "undone in the record of task %s: %s", task_id, what)
        for doc_id, old, new in edits:
            task = None if old is None else self._tasks.at(doc_id, old)
            if task is not None and old is not None and (new is None or new["status"] != old["status"]):
                self._follow(task, new)
