"""How a thread is stopped whose task's end is decided: asked, interrupted, interrupted again, given up."""

from __future__ import annotations

import time

from .journal import Journal
from .pool import Pool
from .records import INTERRUPT_SENT, STILL_BLOCKED
from .supervisor import Supervisor
from .task import Task
from .workers import Worker

#: How long a task may take to notice by itself, and between two looks at it (growing); when it is given up. Seconds.
GRACE_S = 0.01
FIRST_PAUSE_S = 0.03
LONGEST_PAUSE_S = 0.5
GIVE_UP_AFTER_S = 0.5


class Stopper:
    """Takes threads down the ladder, one step at a time, on the supervisor's thread.

    Each step that doesn't help is put on the task's record.
    """

    def __init__(self, supervisor: Supervisor, pool: Pool, journal: Journal) -> None:
        self._supervisor = supervisor
        self._pool = pool
        self._journal = journal

    def stop(self, task: Task) -> None:
        """Begins to stop a task whose ``stop`` is set. Returns at once; from any thread."""
        begun = time.monotonic()
        task.sound_alarms()
        self._call_at(begun + GRACE_S, task, begun, FIRST_PAUSE_S)

    def _step(self, stopping: tuple[Task, float, float]) -> None:
        task, begun, pause_s = stopping
        worker, why = task.worker, task.stop
        if task.is_thread_done or worker is None or why is None or task.started > begun:  # the last: a later attempt
            return
        task.sound_alarms()  # one may have been set in the instant of the decision
        now, give_up_at = time.monotonic(), begun + GIVE_UP_AFTER_S
        loop = worker.loop
        closes = loop is not None and loop.task is task and loop.closes_in_order(now - begun)
        if not closes:
            worker.gate.interrupt(task, why)
        if now >= give_up_at and not worker.is_retired:
            self._give_up(task, worker)
        elif pause_s == FIRST_PAUSE_S * 2 and not closes:
            self._journal.tell_stopping(task, INTERRUPT_SENT)  # it didn't stop at once
        next_at = now + pause_s if worker.is_retired else min(now + pause_s, give_up_at)
        self._call_at(next_at, task, begun, min(pause_s * 2, LONGEST_PAUSE_S))

    def _call_at(self, when: float, task: Task, begun: float, pause_s: float) -> None:
        self._supervisor.call_at(when, self._step, (task, begun, pause_s), is_lasting=True)

    def _give_up(self, task: Task, worker: Worker) -> None:
        if self._pool.give_away_seat(worker, task):
            self._journal.tell_stopping(task, STILL_BLOCKED)
