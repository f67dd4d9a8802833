"""The tasks that the browser's sections show: very many that have ended, and some that change all the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine import TaskControl, TaskHandle


def add_ended(taskman: TaskControl, count: int) -> None:
    """Add so many tasks and wait for their end: each after the one before last, every tenth fails."""
    ids: list[str] = []
    for number in range(count):
        fails = number % 10 == 0
        before = ids[-2] if len(ids) > 1 and number % 10 != 2 else None  # none waits for one that fails
        ids.append(taskman.add(f"Task {number}", _fail if fails else _end, depend_on=None if fails else before))
    taskman.wait(ids)


def _end(_: TaskHandle) -> None:
    """End at once."""


def _fail(_: TaskHandle) -> None:
    raise FileNotFoundError(2, "No such file or directory", "/pictures/holiday.jpg")


@contextmanager
def changes_streaming(taskman: TaskControl, changes_per_s: int, tasks: int = 10) -> Iterator[None]:
    """While the block runs, so many tasks report progress, as often as makes so many changes a second together."""
    period_s = tasks / changes_per_s if changes_per_s else 0.0
    count = tasks if changes_per_s else 0
    ids = [taskman.add(f"Busy {number}", _counts_up(period_s, number / max(1, count))) for number in range(count)]
    try:
        yield
    finally:
        for task_id in ids:
            taskman.cancel(task_id)
        taskman.wait(ids)
        taskman.remove(ids)


def _counts_up(period_s: float, phase: float) -> Callable[[TaskHandle], None]:
    """A function that reports progress that often, for ever; `phase` from 0 to 1 keeps several out of step."""

    def work(handle: TaskHandle) -> None:
        due = time.monotonic() + period_s * phase
        done = 0
        while True:
            handle.sleep(max(0.0, due - time.monotonic()))
            done += 1
            handle.progress(done, 1_000_000, f"step {done}")
            due += period_s

    return work
