"""Tasks that are tried again: an attempt that has failed is noted, and the next one planned."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from typing import Any

from . import records
from .errors import TaskTimeout
from .journal import Journal
from .patience import take
from .records import RUNNING, STOP_REQUESTED
from .store import Keeper
from .supervisor import Supervisor
from .task import Task


class Attempts:
    """Decides after each attempt whether there is to be another.

    The next one begins when its pause is over and the thread of the last one is done: no function runs twice at once.

    Args:
        stop: stops the thread of a task.
        submit: has a task wait for a thread.
    """

    def __init__(
        self,
        keeper: Keeper,
        journal: Journal,
        supervisor: Supervisor,
        stop: Callable[[Task], None],
        submit: Callable[[Task], None],
    ) -> None:
        self._keeper = keeper
        self._lock = keeper.lock
        self._journal = journal
        self._supervisor = supervisor
        self._stop = stop
        self._submit = submit

    def is_over(self, task: Task) -> bool:
        """Whether the attempt is over that a deadline was for."""
        limit = task.run_limit
        return task.worker is None or limit is None or time.monotonic() < task.started + limit

    def end_overdue(self, task: Task) -> bool:
        """Ends an attempt at its time limit and stops its thread; False if there is to be no other."""
        with self._lock:
            self._keeper.settle()
            record = self._journal.record_of(task)
            if record is None or record["status"] != RUNNING or task.stop is not None:
                return False
            if not self._may_go_on(task, TimeoutError()):
                return False
            task.stop = TaskTimeout
            run_s = time.monotonic() - task.started
            self._keeper.replace(
                task.doc_id, records.tried(record, run_s, records.TIMED_OUT, None, stopping=STOP_REQUESTED)
            )
        self._stop(task)
        return True

    def go_on(self, task: Task, error: BaseException | None, run_s: float) -> bool:
        """By its thread, after an attempt: plans the next one, or leaves it to the caller how the task ends (False)."""
        line = trace = None
        if error is not None and task.stop is None:
            line, trace = records.one_line(error), records.traceback_text(error)
        take(self._lock)
        try:
            self._keeper.settle()
            pause_s = self._pause(task, error, run_s, line, trace)
        finally:
            self._lock.release()
        if pause_s is None:
            return False
        self._supervisor.call_at(time.monotonic() + pause_s, self._resume, task)
        return True

    def _pause(
        self, task: Task, error: BaseException | None, run_s: float, line: str | None, trace: str | None
    ) -> float | None:
        record, retry = self._journal.record_of(task), task.options.retry
        is_overdue = record is not None and record["status"] != RUNNING and not task.is_decided
        if record is None or retry is None or not (is_overdue or (error and self._may_go_on(task, error))):
            if retry is not None:
                task.attempt = retry.times + 1  # it ends now, and whoever comes later with a limit finds that it does
            return None
        if not is_overdue:
            record = records.tried(record, run_s, line or "", trace, stopping=None)
        pause_s = retry.pause_s(task.attempt)
        self._keeper.replace(task.doc_id, {**record, "stopping": None, "retry_at": time.time() + pause_s})
        task.attempt += 1
        task.worker = None
        task.facts = copy(task.facts)  # the history keeps those of this attempt
        task.waits_for_seat = False
        return pause_s

    def _may_go_on(self, task: Task, error: BaseException) -> bool:
        retry = task.options.retry
        if retry is None or task.attempt > retry.times or task.is_decided:
            return False
        return isinstance(error, retry.on)

    def _resume(self, task: Any) -> None:
        with self._lock:
            if task.is_decided:
                return
            task.stop = None
        self._submit(task)
