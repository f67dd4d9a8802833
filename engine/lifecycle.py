"""What happens to a task and what follows from it: added, begun, ended; dependants freed or doomed; threads stopped.

Every decision is one step under the store's lock: it looks at the record, writes its next version and takes the
task out of the graph. What follows (starting others, stopping the thread) is done after the lock is released.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from . import graph, records
from .errors import TaskCancelled, TaskInterrupt, TaskTimeout, UnknownTask
from .exit import finish_at_exit
from .journal import Journal
from .patience import take
from .pool import Pool
from .records import CANCELED, COMPLETED, ERROR, RUNNING, SUSPENDED, Record
from .status import UNFINISHED, word_of
from .stopping import Stopper
from .store import Edit, Keeper
from .supervisor import Supervisor
from .task import Task
from .waiting import Waiting
from .workers import Worker

log = logging.getLogger("task_control")


class Lifecycle:
    """The state machine of all tasks of one manager.

    ``live`` holds the tasks whose end isn't decided, by id, guarded by the store's lock; ``thread_timeout`` is the
    default limit in seconds, read when a task begins.
    """

    def __init__(self, keeper: Keeper, max_workers: int) -> None:
        self.live: dict[str, Task] = {}
        self.thread_timeout: float | None = None
        self._is_closing = False
        #: What was undone of users' writes, by task id: logged once the lock is released, as handlers are user code.
        self._undone: deque[tuple[str, str]] = deque()
        self._keeper = keeper
        self._lock = keeper.lock
        self.journal = Journal(keeper)
        self.supervisor = Supervisor(self._expire, may_rest=lambda: not self.live)
        self.pool = Pool(self, max_workers, self.supervisor.call_at, self.journal.tell_waiting)
        self._stopper = Stopper(self.supervisor, self.pool, self.journal)
        self.waiting = Waiting(keeper, self.live, self.pool)
        keeper.watch(self._review, self._react)
        finish_at_exit(self)

    def unfinished(self, task_id: object) -> Task | None:
        """The task with this id, if its end isn't decided."""
        return self.live.get(task_id) if isinstance(task_id, str) else None

    # -- the way in. Called within ``shield``

    def admit(self, task: Task, record: Record, dependencies: tuple[str, ...]) -> None:
        """Takes a new task in: it starts, waits for its dependencies, or is canceled because one has failed."""
        with self._lock:
            blockers, failure = self._resolve(dependencies) if dependencies else ([], None)
            task.doc_id = self._keeper.insert(record)
            self.live[task.id] = task
            if blockers:
                graph.link(task, blockers)
        if not self.supervisor.is_there:
            self.supervisor.ensure_thread()
        if failure is not None:
            self.decide(task, CANCELED, failure, TaskCancelled)
        elif not blockers:
            self.pool.submit(task)

    def _resolve(self, dependencies: tuple[str, ...]) -> tuple[list[Task], str | None]:
        """The unfinished tasks among the dependencies, and why the task can never run if one of them has failed."""
        blockers: list[Task] = []
        failure = None
        for task_id in dependencies:
            blocker = self.live.get(task_id)
            if blocker is not None:
                blockers.append(blocker)
                continue
            record = self._keeper.find(task_id)
            status = record.get("status") if record else None
            if status in (ERROR, CANCELED):
                failure = failure or _because(task_id, word_of(status))
            elif status != COMPLETED:
                raise UnknownTask(task_id)
        return blockers, failure

    # -- running. Called by worker threads while no interrupt can reach them

    def begin(self, task: Task, worker: Worker) -> bool:
        """Claims a task for a worker, in one step with its becoming Running."""
        take(self._lock)
        try:
            record = self.journal.record_of(task)
            if task.has_ended or record is None or record["status"] != SUSPENDED:
                return False
            limit = self.thread_timeout if task.limit is None else task.limit
            task.worker, task.gate, task.alarms = worker, worker.gate, []
            task.started = time.monotonic()
            self._keeper.replace(task.doc_id, records.started(record, worker.ident, limit))
        finally:
            self._lock.release()
        if limit is not None and limit != math.inf:
            self.supervisor.deadline(task.started + limit, task)
        return True

    def conclude(self, task: Task, value: Any, error: BaseException | None) -> list[Task]:
        """Records what came of a task, unless its end was decided before; returns the tasks that may start now."""
        run_s = time.monotonic() - task.started
        line = trace = None
        if error is not None and not task.has_ended:
            line, trace = records.one_line(error), records.traceback_text(error)
        status = COMPLETED if error is None else ERROR
        take(self._lock)
        try:
            task.is_thread_done = True
            task.function = task.context = task.handle = None
            record = self.journal.record_of(task)
            if task.has_ended or record is None or record["status"] != RUNNING:
                self.journal.tell_stopping(task, None)  # decided before: what comes late is dropped
                return []
            result = value if error is None and record["get_result"] else None
            ended = records.ended(record, status, run_s, error=line, traceback=trace, result=result)
            self._keeper.replace(task.doc_id, ended)
            followers = self._settle(task, status)
        finally:
            self._lock.release()
        if error is None:
            return followers
        log.error("task %s (%s) ended with %s", task.id, task.name, line, exc_info=error)
        self._doom(task, followers, word_of(status))
        return []

    # -- the other ways to end. Called within ``shield`` or on the supervisor

    def decide(self, task: Task, status: int, error: str, why: type[TaskInterrupt]) -> bool:
        """Ends a task before its function has; False if it had ended already. Never waits for its thread."""
        with self._lock:
            record = self.journal.record_of(task)
            if task.has_ended or record is None or record["status"] not in UNFINISHED:
                return False
            is_running = record["status"] == RUNNING
            run_s = time.monotonic() - task.started if is_running else 0.0
            stopping = records.STOP_REQUESTED if is_running else None
            ended = records.ended(record, status, run_s, error=error, stopping=stopping)
            self._keeper.replace(task.doc_id, ended)
            task.stop = why
            followers = self._settle(task, status)
        if is_running:
            self._stopper.stop(task)
        self._doom(task, followers, word_of(status))
        return True

    def _expire(self, task: Task) -> None:
        if not task.has_ended and self.decide(task, ERROR, records.TIMED_OUT, TaskTimeout):
            log.error("task %s (%s) ended with %s", task.id, task.name, records.TIMED_OUT)

    def forget(self, doc_ids: Iterable[int], *, only_final: bool) -> int:
        """Removes records by number; what hasn't ended is passed over or canceled with its record."""
        removed = 0
        for doc_id in doc_ids:
            with self._lock:
                record = self._keeper.at(doc_id)
                if record is None:
                    continue
                task = self._live_at(doc_id, record)
                if task is not None and only_final:
                    continue
                self._keeper.remove(doc_id)
                removed += 1
            if task is not None:
                self._follow_edit(task, None)
        return removed

    def _settle(self, task: Task, status: int) -> list[Task]:
        """Takes an ended task out of everything; returns those that it frees (Completed) or dooms. With the lock."""
        task.has_ended = True
        self.live.pop(task.id, None)
        if task.blockers:
            graph.unlink(task)
        for waiter in task.waiters:
            waiter.wake()
        if self._is_closing and not self.live:
            self._keeper.feed.close()
        if not task.dependants:
            return []
        return graph.release(task) if status == COMPLETED else graph.doom(task)

    def _doom(self, task: Task, doomed: list[Task], ending: str | None) -> None:
        """Cancels those that wait for a failed task, and those that wait for them, and so on."""
        queue = deque((dependant, _because(task.id, ending)) for dependant in doomed)
        while queue:
            dependant, error = queue.popleft()
            with self._lock:
                record = self.journal.record_of(dependant)
                if dependant.has_ended or record is None or record["status"] not in UNFINISHED:
                    continue  # a user has ended it: that is followed up by itself
                self._keeper.replace(dependant.doc_id, records.ended(record, CANCELED, 0.0, error=error))
                dependant.stop = TaskCancelled
                further = self._settle(dependant, CANCELED)
            reason = _because(dependant.id, word_of(CANCELED))
            queue.extend((one, reason) for one in further)

    def _live_at(self, doc_id: int, record: Record) -> Task | None:
        task = self.live.get(record.get("id", ""))
        return task if task is not None and task.doc_id == doc_id else None

    # -- what users write through the database

    def _review(self, old: Record, new: Record) -> Record:
        """Under the lock: what is stored of a user's write to a record; what is undone is logged after it."""
        if not records.is_task(old):
            return new
        stored, undone = records.reviewed(old, new)
        if undone:
            self._undone.append((old["id"], "; ".join(undone)))
        return stored

    def _react(self, edits: list[Edit]) -> None:
        """After the lock: what follows for tasks whose record a user has removed or whose end a user has written."""
        while self._undone:
            try:
                log.warning("undone in the record of task %s: %s", *self._undone.popleft())
            except IndexError:  # another thread took the last one
                break
        for doc_id, old, new in edits:
            task = self._live_at(doc_id, old) if old is not None else None
            if task is None:
                continue
            if new is None or old is None:
                self._follow_edit(task, None)
            elif new["status"] != old["status"]:
                self._follow_edit(task, new["status"])

    def _follow_edit(self, task: Task, status: int | None) -> None:
        """Follows up the end of a task that is on the record already, or that its record's removal is (None)."""
        with self._lock:
            if task.has_ended:
                return
            task.stop = TaskCancelled
            followers = self._settle(task, CANCELED if status is None else status)
        if task.gate is not None:
            self._stopper.stop(task)
        if status == COMPLETED:
            for follower in followers:
                self.pool.submit(follower)
        else:
            self._doom(task, followers, None if status is None else word_of(status))

    # -- the second look

    def look_again(self) -> bool:
        """Goes through all suspended tasks and mends what an event should have done; False if there are none left."""
        waiting = [task for task in list(self.live.values()) if task.blockers]
        for task in waiting:
            for blocker in list(task.blockers):
                if blocker.has_ended:
                    self._catch_up(task, blocker)
        return bool(waiting)

    def _catch_up(self, task: Task, blocker: Task) -> None:
        with self._lock:
            if task.has_ended or blocker not in task.blockers:
                return  # seen between two steps: it has been told
            record = self.journal.record_of(blocker)
            status = record["status"] if record is not None else None
            task.blockers.pop(blocker)
            is_free = status == COMPLETED and not task.blockers
        if is_free:
            self.pool.submit(task)
        elif status != COMPLETED:
            self._doom(blocker, [task], None if status is None else word_of(status))

    # -- the end

    def cancel_all(self) -> None:
        """Ends all tasks as Canceled on request. Called within ``shield``."""
        for task in list(self.live.values()):
            self.decide(task, CANCELED, records.ON_REQUEST, TaskCancelled)

    @property
    def is_idle(self) -> bool:
        """Whether all tasks have ended."""
        return not self.live

    def wait_for_all(self, timeout: float | None = None) -> bool:
        """Until all tasks have ended; False when ``timeout`` seconds are over first."""
        return self.waiting.wait(None, timeout)

    def close(self, join_s: float) -> None:
        """Lets threads and subscriptions end when their work is done; waits up to ``join_s`` seconds for threads."""
        self._is_closing = True
        if not self.live:
            self._keeper.feed.close()
        self.pool.close()
        self.supervisor.close()
        until = time.monotonic() + join_s
        self.pool.join(join_s)
        self.supervisor.join(max(0.0, until - time.monotonic()))


def _because(task_id: str, ending: str | None) -> str:
    if ending is None:
        return f"Canceled: the record of task {task_id} was removed"
    return f"Canceled: task {task_id} ended with {ending}"
