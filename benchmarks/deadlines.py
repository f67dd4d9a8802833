"""How late a deadline is decided when there are many, and how soon a loop that is past its own has been stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue

from engine import TaskControl, TaskHandle

from .report import Report, Table, Target, figure, millis
from .timing import Series

TITLE = "Deadlines"
ABOUT = """
A thousand tasks that sleep past their limits (`thread_timeout`), which lie evenly over two seconds: in `handle.sleep`,
which a deadline ends at once, and in `time.sleep`, which nothing ends. Counted is from the deadline, which is the
record's `started_at` and the limit, to the record's `finished_at`, which is when the engine has decided. Then one task
alone, a loop in Python that looks at nothing: from its deadline to the moment at which its `finally` runs.
"""

TASKS = 1_000
SPREAD_S = 2.0
#: The shortest limit: all have started before the first is over.
SHORTEST_S = 1.0
#: How much longer than its limit a task sleeps.
LONGER_S = 0.5
ROUNDS, QUICK_ROUNDS = 5, 1
LOOP_LIMIT_S = 0.05
LOOPS, QUICK_LOOPS = 100, 20
DECIDED_WITHIN_S, STOPPED_WITHIN_S = 0.005, 0.025

HANDLE, PLAIN = "handle.sleep", "time.sleep"


def run(quick: bool) -> Report:
    """Measure both kinds of sleep, then the loop."""
    decided: dict[str, list[float]] = {HANDLE: [], PLAIN: []}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        for sleep, late_s in decided.items():
            late_s += measure_decisions(sleep, TASKS, SPREAD_S).values
    late = {sleep: Series(tuple(values)) for sleep, values in decided.items()}
    return report(late, measure_stops(QUICK_LOOPS if quick else LOOPS))


def measure_decisions(sleep: str, tasks: int, spread_s: float, shortest_s: float = SHORTEST_S) -> Series:
    """By how many seconds the end of each task was decided too late; there are so many at once."""
    limits = [shortest_s + spread_s * number / tasks for number in range(tasks)]
    with TaskControl(max_workers=tasks) as taskman:
        ids = [taskman.add("Sleep", _sleeps(sleep, limit + LONGER_S), thread_timeout=limit) for limit in limits]
        taskman.wait(ids)
        return Series(tuple(_late_s(taskman, task_id, limit) for task_id, limit in zip(ids, limits, strict=True)))


def _sleeps(sleep: str, seconds: float) -> Callable[[TaskHandle], None]:
    def work(handle: TaskHandle) -> None:
        (handle.sleep if sleep == HANDLE else time.sleep)(seconds)

    return work


def _late_s(taskman: TaskControl, task_id: str, limit: float, ended_at: float | None = None) -> float:
    record = taskman.get_task(task_id)[0]
    late_s: float = (record["finished_at"] if ended_at is None else ended_at) - record["started_at"] - limit
    if late_s < 0:
        raise RuntimeError(f"a task ended {-late_s:.3f} s before its limit: that is no figure but a fault")
    return late_s


def measure_stops(loops: int) -> Series:
    """By how many seconds a loop outlived its limit, one after the other."""
    with TaskControl() as taskman:
        return Series(tuple(_stop_loop(taskman) for _ in range(loops)))


def _stop_loop(taskman: TaskControl) -> float:
    left_at: SimpleQueue[float] = SimpleQueue()

    def work() -> None:
        try:
            while True:
                pass
        finally:
            left_at.put(time.time())

    task_id = taskman.add("Loop", work, thread_timeout=LOOP_LIMIT_S)
    return _late_s(taskman, task_id, LOOP_LIMIT_S, left_at.get(timeout=60))


def report(decided: Mapping[str, Series], stopped: Series) -> Report:
    """How late each kind of task was."""
    rows = [_row(f"{sleep}, decided", series) for sleep, series in decided.items()] + [_row("loop, stopped", stopped)]
    worst = max(series.percentile(99) for series in decided.values())
    claims = (
        f"99 % of {figure(TASKS)} deadlines are decided within {millis(DECIDED_WITHIN_S)} ms",
        f"half of the loops are stopped within {millis(STOPPED_WITHIN_S)} ms",
    )
    return Report(
        Table(["late by", "median, ms", "99 % within, ms", "longest, ms", "tasks"], rows),
        [
            Target(claims[0], f"{millis(worst)} ms", worst <= DECIDED_WITHIN_S),
            Target(claims[1], f"{millis(stopped.median)} ms", stopped.median <= STOPPED_WITHIN_S),
        ],
    )


def _row(name: str, series: Series) -> list[str]:
    figures = (series.median, series.percentile(99), max(series.values))
    return [name, *map(millis, figures), figure(len(series.values))]
