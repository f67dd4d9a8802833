"""What is written on tasks' records beside their status: progress, log lines, why they wait, how far a stop is."""

from __future__ import annotations

import time
from typing import Any

from . import records
from .lines import CallAt, Lines
from .moves import next_version
from .records import RUNNING, SUSPENDED, Line, Record
from .store import Keeper
from .task import Task


class Journal:
    """Writes on the records of one manager's tasks. Called within ``shield``, or where no interrupt can come.

    Each method but the first two takes the store's lock and brings the records up to date before it writes.
    """

    def __init__(self, keeper: Keeper, call_at: CallAt) -> None:
        self._keeper = keeper
        self._lock = keeper.lock
        #: What ``logging`` was told inside of tasks and isn't on their records yet.
        self.lines = Lines(call_at, self.tell_lines)

    def record_of(self, task: Task) -> Record | None:
        """The task's record, unless it is gone and its number may be another's. With the lock held."""
        record = self._keeper.at(task.doc_id)
        return record if record is not None and record.get("id") == task.id else None

    def tell_begin(self, task: Task, record: Record) -> Record:
        """Writes down that a task has begun while moves can't be; with the lock held, after its ``stop`` is set.

        Who begins looks at that after it has posted so: either it is found to have begun, or it calls no function.
        Returns the record as it is then.
        """
        begun = next_version(task, record) if record["status"] == SUSPENDED else None
        if begun is not None:
            self._keeper.replace(task.doc_id, begun)
        return begun or record

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Notes how far a task is, unless its end is decided."""
        with self._lock:
            self._keeper.settle()
            record = self.record_of(task)
            if record is not None and not task.has_ended:
                self._keeper.replace(task.doc_id, {**record, "progress": progress})

    def tell_log(self, task: Task, level: str, message: str) -> None:
        """Adds a line to a task's log; also while an ended task's thread is still at work."""
        self.tell_lines(task, records.line(time.time(), level, message))

    def tell_lines(self, task: Task, *further: Line) -> None:
        """Adds the lines that have been taken in for a task to its log, and further ones."""
        with self._lock:
            self._keeper.settle()
            lines = (*self.lines.take(task), *further)
            record = self.record_of(task)
            if lines and record is not None:
                self._keeper.replace(task.doc_id, records.logged(record, lines))

    def tell_stopping(self, task: Task, stopping: str | None) -> None:
        """Notes how far the stopping of a task's thread is; None when the thread is done with it."""
        with self._lock:
            self._keeper.settle()
            record = self.record_of(task)
            if record is None or record["stopping"] == stopping or (task.is_thread_done and stopping is not None):
                return
            self._keeper.replace(task.doc_id, {**record, "stopping": stopping})

    def tell_rerun(self, task_id: str, new_id: str) -> None:
        """Notes on the record of an ended task, as long as it is there, which new one does it again."""
        with self._lock:
            self._keeper.settle()
            found = self._keeper.locate(task_id)
            if found is not None:
                doc_id, record = found
                self._keeper.replace(doc_id, records.rerun(record, new_id))

    def told(self, task: Task) -> tuple[object, ...]:
        """What a task has told of itself so far: each time it tells something, one of these is another object."""
        with self._lock:
            record = self.record_of(task) or {}
        return record.get("progress"), record.get("log")

    def tell_stuck(self, task: Task, stuck: dict[str, Any] | None) -> None:
        """Notes of a running task since when its thread hasn't moved, and from where; None when it has."""
        with self._lock:
            self._keeper.settle()
            record = self.record_of(task)
            if record is not None and record["status"] == RUNNING and record["stuck"] != stuck:
                self._keeper.replace(task.doc_id, {**record, "stuck": stuck})

    def tell_process(self, task: Task, pid: int) -> None:
        """Notes which process runs a task's function."""
        with self._lock:
            self._keeper.settle()
            record = self.record_of(task)
            if record is not None and not task.has_ended:
                self._keeper.replace(task.doc_id, {**record, "process": pid})

    def tell_waiting(self, tasks: list[Task], place: str = records.SEAT) -> None:
        """Notes of tasks that nothing but a seat, or a process, keeps them from running."""
        for task in tasks:
            with self._lock:
                self._keeper.settle()
                record = self.record_of(task)
                if record is not None and record["status"] == SUSPENDED:
                    self._keeper.replace(task.doc_id, {**record, "waiting_for": place})
