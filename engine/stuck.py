"""Which running tasks haven't moved for a while: their threads were found at the same place each time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from operator import is_
from types import CodeType
from typing import Any, NamedTuple

from .journal import Journal
from .lines import CallAt
from .stacks import current_frames, frames_of, place
from .task import Task

#: So often a thread is looked at in the time after which it is stuck, besides the first time.
LOOKS = 4

Frames = tuple[tuple[CodeType, int], ...]


class _Sight(NamedTuple):
    """How a task was found when it was first seen at this place.

    Attributes:
        frames: the instruction at which each of its frames is.
        told: what it had told on its record by then.
        cpu_s: the processor time that its thread had used, which goes on in a loop; None if that isn't known.
        at: in monotonic seconds.
        times: how often it has been found so.
    """

    frames: Frames
    told: tuple[object, ...]
    cpu_s: float | None
    at: float
    times: int


class StuckWatch:
    """Looks at the threads of tasks that run for long, on the supervisor's thread, as long as there are threads.

    Args:
        after_s: for how many seconds a task must not have moved; None to never look.
        threads: the tasks that threads have in hand or had last; empty if there is no thread.
        call_at: the supervisor's.
        journal: writes down what is found.
    """

    def __init__(
        self, after_s: float | None, threads: Callable[[], list[Task | None]], call_at: CallAt, journal: Journal
    ) -> None:
        self._after_s = after_s
        self._threads = threads
        self._call_at = call_at
        self._journal = journal
        self._is_planned = False
        # The supervisor's own:
        self._seen: dict[Task, _Sight] = {}
        self._stuck: set[Task] = set()

    def plan(self) -> None:
        """Has the threads looked at from time to time. Called when a thread was started, without a lock."""
        if not self._is_planned and self._after_s is not None and self._after_s != math.inf:
            self._is_planned = True
            self._call_at(time.monotonic() + self._after_s / LOOKS, self._look, may_be_early=True)

    def _look(self, _: Any) -> None:
        self._is_planned = False  # before the look at what there is: who starts a thread looks at this after it
        try:
            threads = self._threads()
            self._compare([task for task in threads if task is not None])
        finally:
            if self._threads():
                self.plan()

    def _compare(self, tasks: list[Task]) -> None:
        now = time.monotonic()
        after_s = self._after_s or 0.0
        slow = [task for task in tasks if _may_be_stuck(task) and now - task.started >= after_s / LOOKS]
        current = current_frames() if slow else {}
        before, self._seen = self._seen, {}
        for task in slow:
            frames = frames_of(task, current)
            if not frames or task.worker is None:
                continue
            places = tuple((frame.f_code, frame.f_lasti) for frame in frames)
            sight = _Sight(places, self._journal.told(task), task.worker.gate.cpu_s(task), now, 1)
            last = before.get(task)
            if last is not None and _is_same(last, sight):
                sight = last._replace(times=last.times + 1)
            self._seen[task] = sight
            if sight.times > LOOKS and task not in self._stuck:
                self._stuck.add(task)
                self._journal.tell_stuck(task, {"since": time.time() - (now - sight.at), "at": place(frames)})
        for task in [task for task in self._stuck if task not in self._seen or self._seen[task].times == 1]:
            self._stuck.discard(task)
            self._journal.tell_stuck(task, None)


def _may_be_stuck(task: Task) -> bool:
    """Whether its function has been called and hasn't returned, its end is open, and it doesn't sleep or wait."""
    return task.worker is not None and not task.is_thread_done and not task.has_ended and not task.alarms


def _is_same(last: _Sight, now: _Sight) -> bool:
    has_told = not all(map(is_, last.told, now.told))
    return not has_told and (last.frames, last.cpu_s) == (now.frames, now.cpu_s)
