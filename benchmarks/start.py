"""How long a task waits for its start when nothing else is to do, against ThreadPoolExecutor."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from engine import TaskControl

from .report import Report, Table, Target, figure, micros
from .timing import Series, interleaved, ratio

TITLE = "Start of a task"
ABOUT = """
From just before `add`, or `submit`, until the function reads the clock, which is all that it does. One task at a time,
with pauses in between, on threads that are there already and idle.
"""

OURS, PEER = "Task Control", "ThreadPoolExecutor(32)"
SAMPLES, QUICK_SAMPLES = 500, 150
PAUSE_S = 0.002
TO_REACH = 1.2


def run(quick: bool) -> Report:
    """Measure and report."""
    return report(*measure(QUICK_SAMPLES if quick else SAMPLES))


def measure(samples: int) -> tuple[Series, Series]:
    """The seconds from the call to the start, for Task Control and for the executor."""
    with TaskControl() as taskman, ThreadPoolExecutor(32) as executor:
        contestants = {OURS: lambda: _start_task(taskman), PEER: lambda: _start_future(executor)}
        measured = interleaved(contestants, rounds=samples, warm_up=20)
    return measured[OURS], measured[PEER]


def _look_at_clock(_: object) -> float:
    return time.perf_counter()


def _start_task(taskman: TaskControl) -> float:
    time.sleep(PAUSE_S)
    begun = time.perf_counter()
    task_id = taskman.add("Look at the clock", _look_at_clock, get_result=True)
    taskman.wait(task_id)
    started = taskman.get_result(task_id)
    return float(started) - begun


def _start_future(executor: ThreadPoolExecutor) -> float:
    time.sleep(PAUSE_S)
    begun = time.perf_counter()
    return executor.submit(_look_at_clock, None).result() - begun


def report(ours: Series, peer: Series) -> Report:
    """Median and tail of both."""
    rows = [
        [name, micros(series.median), micros(series.percentile(95)), figure(len(series.values))]
        for name, series in ((OURS, ours), (PEER, peer))
    ]
    found = ratio(ours, peer).of_medians
    target = Target(f"a median of at most {TO_REACH} times the executor's", f"{figure(found)} times", found <= TO_REACH)
    return Report(Table(["", "median, µs", "95 % within, µs", "samples"], rows), [target])
