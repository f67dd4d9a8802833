"""What follows from the end of a task: who waits is told, dependants are freed or doomed, its thread is stopped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from . import graph, logs, records
from .calls import Calls
from .errors import EndedByHand, TaskCancelled, TimedOut
from .journal import Journal
from .records import CANCELED, COMPLETED, ERROR, Record
from .status import UNFINISHED, word_of
from .store import Keeper
from .supervisor import Supervisor
from .task import Task
from .unfinished import Unfinished
from .watching import call_back


class Endings:
    """Follows up the ends of one manager's tasks, whoever has decided them. Called within ``shield``.

    Args:
        submit: has a task wait for a thread.
        stop: stops the thread of a task.
        note: is told the id of each task that has ended; None if nobody asks.

    Attributes:
        is_closing: the manager takes no more tasks, so the feed is closed with the last end.
    """

    def __init__(
        self,
        keeper: Keeper,
        tasks: Unfinished,
        journal: Journal,
        calls: Calls,
        supervisor: Supervisor,
        submit: Callable[[Task], None],
        stop: Callable[[Task], None],
        note: Callable[[str], None] | None,
    ) -> None:
        self._keeper = keeper
        self._lock = keeper.lock
        self._tasks = tasks
        self._journal = journal
        self._calls = calls
        self._supervisor = supervisor
        self._submit = submit
        self._stop = stop
        self._note = note
        self.is_closing = False

    # -- that its own thread has decided

    def follow_outcome(self, task: Task, value: Any, error: BaseException | None, line: str | None) -> list[Task]:
        """What follows from an outcome that has been posted; returns the tasks that may start now.

        ``line`` is the error in words.
        """
        for waiter in task.waiters:
            waiter.wake()
        if self.is_closing:
            self.close_feed()
        if self._note is not None:
            self._note(task.id)
        watcher = task.watcher
        if watcher is None and error is None and task.stop is None:  # as with most
            return graph.freed_by(task) if task.dependants else []
        status = COMPLETED if error is None else ERROR
        if watcher is not None:
            watcher.ended(status, value, error)
        freed = self._follow_dependants(task, status)
        if error is not None:
            logs.tell(logs.ERROR, "task %s (%s) ended with %s", task.id, task.name, line, error=error)
        if watcher is not None:
            for follower in freed:  # before users' callbacks, which may wait for them
                self._submit(follower)
            freed = []
            call_back(task)
        return freed

    def _follow_dependants(self, task: Task, status: int) -> list[Task]:
        is_gone = task.stop is not None  # its record was removed first: nobody will see that it has completed
        freed, doomed = graph.followers(task, CANCELED if is_gone else status)
        if doomed:
            self.doom(task, doomed, None if is_gone else status)
        return freed

    # -- that somebody else has

    def retire(self, task: Task, status: int) -> graph.Followers:
        """Takes an ended task out of everything; returns who waited for it. With the lock."""
        task.has_ended = True
        self._tasks.live.pop(task.id, None)
        if task.blockers:
            graph.unlink_all(task)
        if self.is_closing:
            self.close_feed()
        if self._note is not None:
            self._note(task.id)
        return graph.followers(task, status)

    def follow(self, task: Task, status: int | None, followers: graph.Followers, record: Record | None = None) -> None:
        """What follows for a retired task: by a stop, by a user's ``record``, or by its removal (no ``status``)."""
        self._tell(task, CANCELED if status is None else status, record)
        if task.worker is not None:
            self._stop(task)
        freed, doomed = followers
        for follower in freed:
            self._submit(follower)
        if doomed:
            self.doom(task, doomed, status)
        self._call_back(task)

    def _tell(self, task: Task, status: int, record: Record | None = None) -> None:
        """Tells who waits for the task or watches it."""
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
            call_back(task, here=not self._supervisor.is_here and not self._keeper.is_busy_here)

    # -- for its dependants

    def doom(self, task: Task, doomed: list[Task], status: int | None) -> None:
        """Cancels those that wait for a task that has failed, or is gone (no ``status``), and those behind them."""
        queue = deque((dependant, because(task.id, status)) for dependant in doomed)
        watched = []
        while queue:
            dependant, error = queue.popleft()
            with self._lock:
                self._keeper.settle()
                self._keeper.admit(dependant)  # it may have been added in the midst of a user's operation
                record = self._journal.record_of(dependant)
                if record is None or not dependant.decide():
                    continue  # a user has ended or removed it: that is followed up by itself
                self._keeper.replace(dependant.doc_id, records.stopped(record, CANCELED, None, error))
                dependant.stop = TaskCancelled
                self._calls.keep(dependant)
                freed, further = self.retire(dependant, CANCELED)
            for follower in freed:
                self._submit(follower)
            self._tell(dependant, CANCELED)
            if dependant.watcher is not None:
                watched.append(dependant)
            reason = because(dependant.id, CANCELED)
            queue.extend((one, reason) for one in further)
        for dependant in watched:
            self._call_back(dependant)

    def catch_up(self, task: Task, blocker: Task) -> None:
        """Does for a task what the end of one that it waits for should have done, unless it has."""
        if task.has_ended or not graph.unlink(task, blocker):
            return
        status = self.status_of(blocker.id, blocker)
        if status != COMPLETED and not task.options.runs_anyway:
            self.doom(blocker, [task], status)
        elif graph.count_down(task):
            self._submit(task)

    def look_again(self) -> bool:
        """Goes through all suspended tasks and mends what an event should have done; False if there are none left."""
        waiting = [task for task in list(self._tasks.live.values()) if task.blockers]
        for task in waiting:
            for blocker in task.blockers:
                if blocker.has_ended:
                    self.catch_up(task, blocker)
        return bool(waiting)

    def status_of(self, task_id: str, task: Task | None) -> int | None:
        """How a task has ended, which may not be on its record yet; None if that is gone.

        What is posted counts unless its record is being removed. That is seen by ``stop``; and in the midst of a
        user's operation, which may come to it, only afterwards.
        """
        posted = None if task is None else task.own_status
        if task is not None and posted is not None and not self._keeper.is_being_edited and task.stop is None:
            return posted
        facts = self._keeper.ended(task_id)
        if facts is not None:
            return facts.status
        record = self._keeper.find(task_id)
        status = None if record is None else record.get("status")
        if posted is not None and status in UNFINISHED:
            return posted  # this very thread is in the midst of such an operation
        return status

    # -- for followers

    def close_feed(self) -> None:
        """Lets subscriptions end, if all tasks have."""
        self._keeper.look()
        if self._tasks.is_empty:
            self._keeper.feed.close()


def because(task_id: str, status: int | None) -> str:
    """Why a task is canceled that depends on this one, which has ended so, or whose record was removed (None)."""
    if status is None:
        return f"{records.BECAUSE}the record of task {task_id} was removed"
    return f"{records.BECAUSE}task {task_id} ended with {word_of(status)}"


def _wake_waiters(task: Task) -> None:
    """After the task's end has been made known; those who come later see that it has ended."""
    for waiter in task.waiters:
        waiter.wake()
