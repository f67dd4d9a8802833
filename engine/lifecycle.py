"""What happens to a task: added, begun, ended. What follows from its end is said in ``endings``.

What a task does by itself takes no lock: it is posted to the keeper. Its end is decided by whoever is the
first to do so (``Task.decide``). If that is somebody else, it is one step under the store's lock: the next version of
the record is written and the task taken out of the graph. What follows is done after the lock is released.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

from . import graph, logs, records
from .attempts import Attempts
from .calls import Calls
from .endings import Endings, because
from .errors import TaskCancelled, TaskControlError, TaskInterrupt, TaskTimeout, UnknownTask
from .journal import Journal
from .patience import take
from .pool import Pool
from .records import CANCELED, COMPLETED, ERROR, Record
from .refresh import Refresh
from .status import FINAL, UNFINISHED
from .store import Keeper
from .supervisor import Supervisor
from .task import NO_ALARMS, Task
from .unfinished import Unfinished
from .workers import Worker


class Lifecycle:
    """The state machine of all tasks of one manager.

    Attributes:
        thread_timeout: the default limit in seconds, read when a task begins.
        refusal: what adding a task raises, once none is taken in any more.
        on_admission: called after each task that has been taken in; None if nobody asks.
    """

    def __init__(
        self,
        keeper: Keeper,
        tasks: Unfinished,
        journal: Journal,
        calls: Calls,
        supervisor: Supervisor,
        pool: Pool,
        endings: Endings,
        refresh: Refresh,
        attempts: Attempts,
    ) -> None:
        self._keeper = keeper
        self._lock = keeper.lock
        self._tasks = tasks
        self._live = tasks.live
        self.journal = journal
        self._late_lines = journal.lines.kept
        self._calls = calls
        self._supervisor = supervisor
        self._pool = pool
        self._endings = endings
        self._refresh = refresh
        self._attempts = attempts
        self.thread_timeout: float | None = None
        self.refusal: type[TaskControlError] | None = None
        self.on_admission: Callable[[], None] | None = None

    # -- the way in. Called within ``shield``

    def admit(self, task: Task, blockers: Sequence[Task] | None) -> None:
        """Takes a new task in: it starts, waits for its dependencies, or is canceled because one has failed.

        ``blockers`` are these, if all are live; else None. Raises UnknownTask, and ShutDown or Forked if no more tasks
        are taken in.
        """
        if self.refusal is not None:
            raise self.refusal
        failure = None
        if blockers is None:
            blockers, failure = self._resolve(task)
        if blockers:
            task.dependants = {}  # likely to be needed; its own before anybody can find the task
        self._live[task.id] = task
        self._keeper.post(task)
        if self._supervisor.thread is None:
            self._supervisor.ensure_thread()
        if failure is not None:
            self.decide(task, CANCELED, failure, TaskCancelled)
        elif blockers:
            ended = graph.link(task, blockers)
            if not self._refresh.is_planned:  # first: it mends what an interrupt keeps from being done
                self._refresh.plan()
            for blocker in ended:
                self._endings.catch_up(task, blocker)
        else:
            self._pool.submit(task)
        if self.on_admission is not None:
            self.on_admission()

    def _resolve(self, task: Task) -> tuple[Sequence[Task], str | None]:
        """The unfinished tasks among the dependencies, and why the task can never run if one of them has failed."""
        blockers: list[Task] = []
        failure = None
        for task_id in task.facts.dependencies:
            blocker = self._live.get(task_id)
            if blocker is not None and not blocker.has_ended:
                blockers.append(blocker)
                continue
            status = self._endings.status_of(task_id, blocker)
            if status in (ERROR, CANCELED) and not task.options.runs_anyway:
                failure = failure or because(task_id, status)
            elif status not in FINAL:
                raise UnknownTask(task_id)
        return blockers, failure

    # -- running. Called by worker threads while no interrupt can reach them

    def begin(self, task: Task, worker: Worker) -> bool:
        """Has the worker run the task; False if its end was decided while it waited, or if it waits for a process now.

        An end that is decided from here on is seen by the worker before it calls the function, or finds the task begun.
        """
        options, facts = task.options, task.facts  # the facts before the look at ``stop``: they go after it is set
        if options.backend is not None and task.stop is None and not options.backend.enter(task):
            return False
        if task.stop is not None:
            if options.backend is not None:
                options.backend.leave(task)
            return False
        limit = options.limit
        if limit is None:
            limit = self.thread_timeout
        task.run_limit = facts.limit = limit
        task.alarms, facts.thread = NO_ALARMS, worker.ident
        task.started, facts.started_at = monotonic(), time.time()
        task.worker = worker
        self._keeper.post(task)
        if limit is not None and limit != math.inf:
            self._supervisor.deadline(task.started + limit, task)
        return True

    def conclude(self, task: Task, value: Any, error: BaseException | None) -> list[Task]:
        """Posts what came of a task, unless its end was decided before; returns the tasks that may start now."""
        run_s = monotonic() - task.started
        if self._late_lines and task in self._late_lines:
            self._write_lines(task)
        options, facts = task.options, task.facts
        if options.backend is not None:
            options.backend.leave(task)
        if options.retry is not None and self._attempts.go_on(task, error, run_s):
            return []
        line = trace = None
        if error is not None and task.stop is None:  # before the decision: their text is made by the task's own code
            line, trace = records.one_line(error), records.traceback_text(error)
        if not task.decide():
            task.function = task.context = None  # the supervisor sees that the thread is done
            self.journal.tell_stopping(task, None)  # what comes late is dropped
            return []
        if error is None:
            if options.keeps_result:
                facts.result = value
        elif task.stop is None:  # else its record is being removed
            self._calls.keep(task)
        task.function = task.context = None  # what they hold may go
        facts.run_s, facts.finished_at = run_s, time.time()
        facts.error, facts.traceback = line, trace
        facts.status = task.own_status = COMPLETED if error is None else ERROR
        self._keeper.post(task)
        task.has_ended = True  # before the looks at who waits: those look at this after they have begun to wait
        if task.stop is not None:  # its record is being removed, and its last move may find none to be written on
            self._live.pop(task.id, None)
        return self._endings.follow_outcome(task, value, error, line)

    def _write_lines(self, task: Task) -> None:
        take(self._lock)
        try:
            self.journal.tell_lines(task)
        finally:
            self._lock.release()

    # -- the other ways to end. Called within ``shield`` or on the supervisor

    def decide(self, task: Task, status: int, error: str, why: type[TaskInterrupt]) -> bool:
        """Ends a task before its function has; False if it had ended already. Never waits for its thread."""
        with self._lock:
            self._keeper.settle()
            self._keeper.admit(task)  # another thread may just be adding it
            record = self.journal.record_of(task)
            if record is None or record["status"] not in UNFINISHED or not task.decide():
                return False
            task.stop = why  # before the second look: if its thread hasn't seen this, that sees the task begun
            self.journal.tell_lines(task)  # settles, too
            run_s = None if task.worker is None else monotonic() - task.started
            current = self.journal.tell_begin(task, self._keeper.at(task.doc_id) or record)
            self._keeper.replace(task.doc_id, records.stopped(current, status, run_s, error))
            self._calls.keep(task)
            followers = self._endings.retire(task, status)
        self._endings.follow(task, status, followers)
        return True

    def cancel_all(self) -> None:
        """Ends all tasks as Canceled on request.

        Those that run come last, and before them the newest first, as each is newer than what it depends on: so none
        of them begins because another one has made room for it or set it free.
        """
        newest_first = list(self._live.values())[::-1]
        for task in sorted(newest_first, key=lambda task: task.worker is not None):
            self.decide(task, CANCELED, records.ON_REQUEST, TaskCancelled)

    def expire(self, task: Task) -> None:
        """Ends a task, or its attempt, at its limit."""
        if task.attempt > 1 and self._attempts.is_over(task):
            return
        if task.options.retry is not None and self._attempts.end_overdue(task):
            return
        if not task.has_ended and self.decide(task, ERROR, records.TIMED_OUT, TaskTimeout):
            logs.tell(logs.ERROR, "task %s (%s) ended with %s", task.id, task.name, records.TIMED_OUT)

    def forget(self, doc_ids: Iterable[int], *, only_final: bool) -> int:
        """Removes records by number; what hasn't ended is passed over or canceled with its record."""
        removed = 0
        for doc_id in doc_ids:
            with self._lock:
                self._keeper.settle()
                record = self._keeper.at(doc_id)
                if record is None:
                    continue
                task = self._tasks.at(doc_id, record)
                if task is not None:
                    if only_final:
                        continue
                    task.stop = task.stop or TaskCancelled
                    self._keeper.settle()  # what it has posted before it could see that
                self._keeper.remove(doc_id)
                self._calls.forget(str(record.get("id")), None)
                removed += 1
            if task is not None:
                self.follow_edit(task, None)
        return removed

    def follow_edit(self, task: Task, record: Record | None) -> None:
        """Follows up the end of a task that is on the record already, or that its record's removal is (None)."""
        status = None if record is None else record["status"]
        with self._lock:
            self._keeper.settle()
            if task.has_ended:
                self._live.pop(task.id, None)
                return  # its own thread was first
            if status is None and not task.decide():
                return  # its own thread, or somebody's write, and who has decided follows it up
            if status not in (None, COMPLETED):
                self._calls.keep(task)
            followers = self._endings.retire(task, CANCELED if status is None else status)
        self._endings.follow(task, status, followers, record)
