"""What happens to a task and what follows from it: added, begun, ended; dependants freed or doomed; threads stopped.

What a task does by itself takes no lock: it is posted to the keeper. Its end is decided by whoever takes it
out of ``_undecided``. If that is somebody else, it is one step under the store's lock: the next version of the record
is written and the task taken out of the graph. What follows (starting others, stopping the thread) is done after the
lock is released.
"""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from . import capture, graph, logs, records
from .attempts import Attempts
from .backends import Processes
from .calls import Calls
from .edits import Edits
from .errors import EndedByHand, TaskCancelled, TaskInterrupt, TaskTimeout, TimedOut, UnknownTask
from .exit import finish_at_exit
from .forks import follow_forks
from .hooks import Hooks
from .journal import Journal
from .moves import Moves, first_record
from .patience import take
from .pool import Pool
from .records import CANCELED, COMPLETED, ERROR, Record
from .retention import Retention
from .settings import Settings
from .status import FINAL, UNFINISHED, word_of
from .stopping import Stopper
from .store import Keeper
from .stuck import StuckWatch
from .supervisor import Supervisor
from .task import Task
from .waiting import Waiting
from .watching import call_back
from .workers import Worker


class Lifecycle:
    """The state machine of all tasks of one manager.

    ``live`` holds the tasks whose end isn't on the record, by id. They come in without a lock, and leave it under the
    store's. ``thread_timeout`` is the default limit in seconds, read when a task begins.
    """

    def __init__(self, keeper: Keeper, settings: Settings, remove: Callable[[list[str]], object]) -> None:
        self.live: dict[str, Task] = {}
        #: Those of them whose end nobody has decided.
        self._undecided: dict[str, Task] = {}
        self.thread_timeout: float | None = None
        self.boot_id = secrets.token_hex(8)
        #: It takes no more tasks: they couldn't be run. In a forked child it belongs to another process.
        self.is_closing = self.is_orphan = False
        self.calls = Calls()
        self._keeper = keeper
        self._lock = keeper.lock
        self.supervisor = Supervisor(self._expire, may_rest=lambda: self.is_idle)
        self.journal = Journal(keeper, self.supervisor.call_at)
        self._late_lines = self.journal.lines.kept
        self.journal.lines.is_off = not settings.captures_logs
        if settings.captures_logs:
            capture.install()
        call_at = self.supervisor.call_at
        self.pool = Pool(self, settings.max_workers, call_at, self.journal.tell_waiting, self._watch_threads)
        self.processes = Processes(settings.max_processes, self.pool.submit, call_at, self.journal)
        self._watch = StuckWatch(settings.stuck_after_s, self.pool.in_hand, call_at, self.journal)
        self._stopper = Stopper(self.supervisor, self.pool, self.journal)
        self._attempts = Attempts(
            keeper, self.journal, self.supervisor, self._undecided, self._stopper.stop, self.pool.submit
        )
        self.waiting = Waiting(keeper, self.live, self.pool)
        self._retention: Retention | None = None
        if settings.keep_for_s is not None or settings.max_records is not None:
            limits = settings.keep_for_s, settings.max_records
            self._retention = Retention(keeper, self.supervisor, *limits, remove)
        #: Made with the first hook.
        self.hooks: Hooks | None = None
        edits = Edits(keeper, self.live, self._decides, self.calls.forget, self._follow_edit)
        keeper.watch(Moves(self.live).make, edits.review, edits.react)
        finish_at_exit(self)
        follow_forks(self)

    def _watch_threads(self) -> None:
        self._watch.plan()

    def unfinished(self, task_id: object) -> Task | None:
        """The task with this id, if its end isn't on the record."""
        return self.live.get(task_id) if isinstance(task_id, str) else None

    # -- the way in. Called within ``shield``

    def admit(self, task: Task, dependencies: tuple[str, ...]) -> None:
        """Takes a new task in: it starts, waits for its dependencies, or is canceled because one has failed."""
        blockers, failure = self._resolve(task, dependencies) if dependencies else ([], None)
        self._undecided[task.id] = self.live[task.id] = task
        self._keeper.post(task)
        if not self.supervisor.is_there:
            self.supervisor.ensure_thread()
        if failure is not None:
            self.decide(task, CANCELED, failure, TaskCancelled)
        elif blockers:
            self._link(task, blockers)
        else:
            self.pool.submit(task)
        if self.hooks is not None:
            self.hooks.ensure_thread()

    def ensure_hooks(self) -> Hooks:
        """What calls users' functions at transitions."""
        with self._lock:
            if self.hooks is None:
                self.hooks = Hooks(self._keeper, lambda: self.is_idle)
            return self.hooks

    def _resolve(self, task: Task, dependencies: tuple[str, ...]) -> tuple[list[Task], str | None]:
        """The unfinished tasks among the dependencies, and why the task can never run if one of them has failed."""
        blockers: list[Task] = []
        failure = None
        for task_id in dependencies:
            blocker = self.live.get(task_id)
            if blocker is not None and not blocker.has_ended:
                blockers.append(blocker)
                continue
            status = self._ending_of(task_id, blocker)
            if status in (ERROR, CANCELED) and not task.runs_anyway:
                failure = failure or _because(task_id, word_of(status))
            elif status not in FINAL:
                raise UnknownTask(task_id)
        return blockers, failure

    def _ending_of(self, task_id: str, task: Task | None) -> int | None:
        """How a task has ended, which may not be on its record yet; None if that is gone.

        What is posted counts unless its record is being removed. That is seen by ``stop``; and in the midst of a
        user's operation, which may come to it, only afterwards.
        """
        outcome = None if task is None else task.outcome
        if task is not None and outcome is not None and not self._keeper.is_being_edited and task.stop is None:
            return outcome[0]
        record = self._keeper.find(task_id)
        status = None if record is None else record.get("status")
        if outcome is not None and status in UNFINISHED:
            return outcome[0]  # this very thread is in the midst of such an operation
        return status

    def _link(self, task: Task, blockers: list[Task]) -> None:
        """Has the task wait for others, each of which may end meanwhile."""
        with self._lock:
            graph.link(task, blockers)
        for blocker in blockers:
            if blocker.has_ended:  # and may have missed the link
                self._catch_up(task, blocker)

    # -- running. Called by worker threads while no interrupt can reach them

    def begin(self, task: Task, worker: Worker) -> bool:
        """Has the worker run the task; False if its end was decided while it waited, or if it waits for a process now.

        An end that is decided from here on is seen by the worker before it calls the function, or finds the task begun.
        """
        backend = task.backend
        if backend is not None and task.stop is None and not backend.enter(task):
            return False
        if task.stop is not None:
            if backend is not None:
                backend.leave(task)
            return False
        limit = task.run_limit = self.thread_timeout if task.limit is None else task.limit
        task.started, task.started_at, task.alarms = time.monotonic(), time.time(), []
        task.worker = worker
        self._keeper.post(task)
        if limit is not None and limit != math.inf:
            self.supervisor.deadline(task.started + limit, task)
        return True

    def conclude(self, task: Task, value: Any, error: BaseException | None) -> list[Task]:
        """Posts what came of a task, unless its end was decided before; returns the tasks that may start now."""
        run_s = time.monotonic() - task.started
        if self._late_lines and task in self._late_lines:
            self._write_lines(task)
        if task.backend is not None:
            task.backend.leave(task)
        if task.retry is not None and self._attempts.go_on(task, error, run_s):
            return []
        line = trace = None
        if error is not None and task.stop is None:  # before the decision: their text is made by the task's own code
            line, trace = records.one_line(error), records.traceback_text(error)
        decides = self._undecided.pop(task.id, None) is not None
        if decides and error is not None and task.stop is None:  # else its record is being removed
            self.calls.keep(task)
        task.function = task.context = None  # what they hold may go, and the supervisor sees that the thread is done
        if not decides:
            self.journal.tell_stopping(task, None)  # what comes late is dropped
            return []
        result = value if error is None and task.keeps_result else None
        task.outcome = (COMPLETED if error is None else ERROR, run_s, time.time(), line, trace, result)
        self._keeper.post(task)
        task.has_ended = True  # before the looks at who waits: those look at this after they have begun to wait
        if task.stop is not None:  # its record is being removed, and its last move may find none to be written on
            self.live.pop(task.id, None)
        return self._follow_up(task, value, error)

    def _follow_up(self, task: Task, value: Any, error: BaseException | None) -> list[Task]:
        """What follows from an outcome; returns the tasks that may start now."""
        status = COMPLETED if error is None else ERROR
        _wake_waiters(task)
        if task.watcher is not None:
            task.watcher.ended(status, value, error)
        if self.is_closing:
            self._close_feed()
        if self._retention is not None:
            self._retention.note(task.id)
        freed, doomed = self._take_followers(task, status) if task.dependants else graph.NO_FOLLOWERS
        if doomed:
            self._doom(task, doomed, None if task.stop is not None else word_of(status))
        if error is not None:
            line = task.outcome[3] if task.outcome is not None else None
            logs.tell(logs.ERROR, "task %s (%s) ended with %s", task.id, task.name, line, error=error)
        if task.watcher is not None:
            for follower in freed:  # before users' callbacks, which may wait for them
                self.pool.submit(follower)
            freed = []
            call_back(task)
        return freed

    def _write_lines(self, task: Task) -> None:
        take(self._lock)
        try:
            self.journal.tell_lines(task)
        finally:
            self._lock.release()

    def _take_followers(self, task: Task, status: int) -> graph.Followers:
        take(self._lock)
        try:  # if its record was removed first, nobody will see that it has completed
            return graph.followers(task, status if task.stop is None else CANCELED)
        finally:
            self._lock.release()

    def _decides(self, task: Task) -> bool:
        """Whether the caller is the one who decides how the task ends. In one step, with or without a lock."""
        return self._undecided.pop(task.id, None) is not None

    # -- the other ways to end. Called within ``shield`` or on the supervisor

    def decide(self, task: Task, status: int, error: str, why: type[TaskInterrupt]) -> bool:
        """Ends a task before its function has; False if it had ended already. Never waits for its thread."""
        with self._lock:
            self._keeper.settle()
            if not task.doc_id:
                task.doc_id = self._keeper.insert(first_record(task))  # another thread is just adding it
            record = self.journal.record_of(task)
            if record is None or record["status"] not in UNFINISHED or not self._decides(task):
                return False
            task.stop = why  # before the second look: if its thread hasn't seen this, that sees the task begun
            self.journal.tell_lines(task)  # settles, too
            run_s = None if task.worker is None else time.monotonic() - task.started
            current = self._keeper.at(task.doc_id) or record
            stopped = records.stopped(current, status, run_s, error)
            self._keeper.replace(task.doc_id, stopped)
            self.calls.keep(task)
            followers = self._retire(task, status)
        self._tell(task, status)
        if task.worker is not None:
            self._stopper.stop(task)
        self._pass_on(task, followers, word_of(status))
        self._call_back(task)
        return True

    def _expire(self, task: Task) -> None:
        if task.attempt > 1 and self._attempts.is_over(task):
            return
        if task.retry is not None and self._attempts.end_overdue(task):
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
                task = self._live_at(doc_id, record)
                if task is not None:
                    if only_final:
                        continue
                    task.stop = task.stop or TaskCancelled
                    self._keeper.settle()  # what it has posted before it could see that
                self._keeper.remove(doc_id)
                self.calls.forget(str(record.get("id")), None)
                removed += 1
            if task is not None:
                self._follow_edit(task, None)
        return removed

    def _retire(self, task: Task, status: int) -> graph.Followers:
        """Takes an ended task out of everything; returns who waited for it. With the lock."""
        task.has_ended = True
        self.live.pop(task.id, None)
        if task.blockers:
            graph.unlink(task)
        if self.is_closing:
            self._close_feed()
        if self._retention is not None:
            self._retention.note(task.id)
        return graph.followers(task, status) if task.dependants else graph.NO_FOLLOWERS

    def _pass_on(self, task: Task, followers: graph.Followers, ending: str | None) -> None:
        """Starts those that an ended task has freed, and cancels those that it has doomed."""
        for follower in followers.freed:
            self.pool.submit(follower)
        if followers.doomed:
            self._doom(task, followers.doomed, ending)

    def _doom(self, task: Task, doomed: list[Task], ending: str | None) -> None:
        """Cancels those that wait for a failed task, and those that wait for them, and so on."""
        queue = deque((dependant, _because(task.id, ending)) for dependant in doomed)
        watched = []
        while queue:
            dependant, error = queue.popleft()
            with self._lock:
                self._keeper.settle()
                record = self.journal.record_of(dependant)
                if record is None or not self._decides(dependant):
                    continue  # a user has ended or removed it: that is followed up by itself
                self._keeper.replace(dependant.doc_id, records.stopped(record, CANCELED, None, error))
                dependant.stop = TaskCancelled
                self.calls.keep(dependant)
                freed, further = self._retire(dependant, CANCELED)
            for follower in freed:
                self.pool.submit(follower)
            self._tell(dependant, CANCELED)
            if dependant.watcher is not None:
                watched.append(dependant)
            reason = _because(dependant.id, word_of(CANCELED))
            queue.extend((one, reason) for one in further)
        for dependant in watched:
            self._call_back(dependant)

    def _live_at(self, doc_id: int, record: Record) -> Task | None:
        task = self.live.get(record.get("id", ""))
        return task if task is not None and task.doc_id == doc_id else None

    def _follow_edit(self, task: Task, record: Record | None) -> None:
        """Follows up the end of a task that is on the record already, or that its record's removal is (None)."""
        status = None if record is None else record["status"]
        with self._lock:
            self._keeper.settle()
            if task.has_ended:
                self.live.pop(task.id, None)
                return  # its own thread was first
            if status is None and not self._decides(task):
                return  # its own thread, or somebody's write, and who has decided follows it up
            if status not in (None, COMPLETED):
                self.calls.keep(task)
            followers = self._retire(task, CANCELED if status is None else status)
        self._tell(task, CANCELED if status is None else status, record)
        if task.worker is not None:
            self._stopper.stop(task)
        self._pass_on(task, followers, None if status is None else word_of(status))
        self._call_back(task)

    def _tell(self, task: Task, status: int, record: Record | None = None) -> None:
        """Tells who waits for the task or watches it that somebody has ended it: by a user's ``record`` or a stop."""
        _wake_waiters(task)
        if task.watcher is None:
            return
        error: Exception | None = None
        if status == ERROR:
            error = TimedOut(task.id, task.run_limit) if record is None else EndedByHand(task.id, record.get("error"))
        value = record.get("result") if record is not None else None
        task.watcher.ended(status, value, error)

    def _call_back(self, task: Task) -> None:
        """Has who watches the task run users' code, but neither on the supervisor's thread nor under the lock."""
        if task.watcher is not None:
            call_back(task, here=not self.supervisor.is_here and not self._keeper.is_busy_here)

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
            self._keeper.settle()
            if task.has_ended or blocker not in task.blockers:
                return  # it has been told
            status = self._ending_of(blocker.id, blocker)
            is_doomed = status != COMPLETED and not task.runs_anyway
            if not is_doomed:
                task.blockers.discard(blocker)
            is_free = not task.blockers
        if is_doomed:
            self._doom(blocker, [task], None if status is None else word_of(status))
        elif is_free:
            self.pool.submit(task)

    # -- the end

    def cancel_all(self) -> None:
        """Ends all tasks as Canceled on request. Called within ``shield``.

        Those that run come last, and before them the newest first, as each is newer than what it depends on: so none
        of them begins because another one has made room for it or set it free.
        """
        newest_first = list(self.live.values())[::-1]
        for task in sorted(newest_first, key=lambda task: task.worker is not None):
            self.decide(task, CANCELED, records.ON_REQUEST, TaskCancelled)

    @property
    def is_idle(self) -> bool:
        """Whether all tasks have ended."""
        self._keeper.look()
        try:
            return all(task.has_ended for task in self.live.values())  # the first is the oldest: most often it says it
        except RuntimeError:  # one has just been added
            return False

    def wait_for_all(self, timeout: float | None = None) -> bool:
        """Until all tasks have ended; False when ``timeout`` seconds are over first."""
        return self.waiting.wait(None, timeout)

    def close(self, join_s: float) -> None:
        """Lets threads and subscriptions end when their work is done; waits up to ``join_s`` seconds for threads."""
        self.is_closing = True
        if self.is_orphan:
            return  # none of the threads is here, and one that isn't may have held a lock
        self._close_feed()
        self.pool.close()
        self.supervisor.close()
        until = time.monotonic() + join_s
        self.pool.join(join_s)
        self.processes.close(max(0.0, until - time.monotonic()))
        self.supervisor.join(max(0.0, until - time.monotonic()))
        if self.hooks is not None:
            self.hooks.join(join_s)

    # -- around a fork

    def hold(self) -> None:
        """Keeps records and tasks as they are until :meth:`let_go`."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Ends what :meth:`hold` began."""
        self._lock.release()

    def orphan(self) -> None:
        """In a forked child: the records stay as they were, and nothing is waited for.

        A manager that had nothing to do before the fork is a new one here, not to be taken for its parent's.
        """
        self.is_orphan = self.is_orphan or self._keeper.revision > 0
        if self.is_orphan:
            self.journal.lines.is_off = True  # nobody would write them down
        else:
            self.boot_id = secrets.token_hex(8)
        self.live.clear()
        self._undecided.clear()
        self.calls.clear()
        self.processes.orphan()

    def _close_feed(self) -> None:
        if self.is_idle:
            self._keeper.feed.close()


def _wake_waiters(task: Task) -> None:
    """After the task's end has been made known; those who come later see that it has ended."""
    for waiter in task.waiters:
        waiter.wake()


def _because(task_id: str, ending: str | None) -> str:
    if ending is None:
        return f"{records.BECAUSE}the record of task {task_id} was removed"
    return f"{records.BECAUSE}task {task_id} ended with {ending}"
