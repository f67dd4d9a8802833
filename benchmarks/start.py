"""How long a task waits for its start when nothing else is to do, against ThreadPoolExecutor."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any

from engine import TaskControl

from .report import Report, Table, Target, figure, micros
from .timing import Series, interleaved, ratio

TITLE = "Start of a task"
ABOUT = """
From just before `add`, or `submit`, until the function reads the clock, which is all that it does. One task at a time,
with pauses in between, on threads that are there already and idle. Two floors. The hand-over alone: a function is put
where a thread that sleeps finds it, and a lock is released that it sleeps on. And the executor with the least that a
task is: an id by which it is found, a name, a context of its own, when it was added and begun; no checks, no record, no
way to stop it. What is above the first is work, in caches that the pause has left cold; so the second takes the
executor's place in a run of its own, as the two would warm the caches for each other.
"""

OURS, PEER = "Task Control", "ThreadPoolExecutor(32)"
FLOOR = "a lock that wakes a thread (the floor)"
SAMPLES, QUICK_SAMPLES = 500, 150
PAUSE_S = 0.002
TO_REACH = 1.2


def run(quick: bool) -> Report:
    """Measure and report."""
    return report(*measure(QUICK_SAMPLES if quick else SAMPLES))


def measure(samples: int) -> tuple[dict[str, Series], dict[str, Series]]:
    """The seconds from the call to the start for each contestant; and with the least that a task is for the peer."""
    with TaskControl() as taskman, ThreadPoolExecutor(32) as executor, _Sleeper() as sleeper:
        contestants = {
            OURS: lambda: _start_task(taskman),
            PEER: lambda: _start_future(executor),
            FLOOR: lambda: _start_bare(sleeper),
        }
        with_least = {**contestants, PEER: lambda: _start_least(executor)}
        measured, least = (interleaved(each, rounds=samples, warm_up=20) for each in (contestants, with_least))
        return measured, least


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


class _Least:
    """The least that a task is, whoever runs it."""

    __slots__ = ("id", "name", "function", "context", "added_at", "started", "started_at")

    _numbers = itertools.count(1)

    def __init__(self, name: str, function: Callable[[object], object]) -> None:
        self.id = f"{next(self._numbers):010x}"
        self.name, self.function = name, function
        self.context: Context = copy_context()
        self.added_at = time.time()

    def run(self) -> Any:
        """Calls the function."""
        self.started, self.started_at = time.monotonic(), time.time()
        return self.context.run(self.function, self)


def _start_least(executor: ThreadPoolExecutor) -> float:
    time.sleep(PAUSE_S)
    begun = time.perf_counter()
    task = _Least("Look at the clock", _look_at_clock)
    _least_ones[task.id] = task
    started = executor.submit(task.run).result()
    del _least_ones[task.id]
    return float(started) - begun


_least_ones: dict[str, _Least] = {}


def _start_bare(sleeper: _Sleeper) -> float:
    time.sleep(PAUSE_S)
    begun = time.perf_counter()
    return float(sleeper.call(_look_at_clock)) - begun


class _Sleeper:
    """A thread that calls a function whenever it is woken."""

    def __init__(self) -> None:
        self._wake, self._done = threading.Lock(), threading.Lock()
        self._wake.acquire()
        self._done.acquire()
        self._function: Callable[[object], object] | None = None
        self._value: Any = None
        self._thread = threading.Thread(target=self._run, name="benchmark-sleeper")

    def call(self, function: Callable[[object], object]) -> Any:
        """What the function returns, called by the thread."""
        self._function = function
        self._wake.release()
        self._done.acquire()
        return self._value

    def _run(self) -> None:
        while self._wake.acquire() and self._function is not None:
            self._value = self._function(None)
            self._done.release()

    def __enter__(self) -> _Sleeper:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._function = None
        self._wake.release()
        self._thread.join()


def report(measured: dict[str, Series], least: dict[str, Series]) -> Report:
    """Median and tail of all."""
    rows = [
        [name, micros(series.median), micros(series.percentile(95)), figure(len(series.values))]
        for name, series in measured.items()
    ]
    found = ratio(measured[OURS], measured[PEER]).of_medians
    target = Target(f"a median of at most {TO_REACH} times the executor's", f"{figure(found)} times", found <= TO_REACH)
    grown = found / ratio(least[OURS], least[PEER]).of_medians
    note = (
        f"The floor, with the executor's hand-over: the least that a task is would alone make {figure(grown)} times, by"
        " what Task Control takes beside the executor with it and without."
    )
    return Report(Table(["", "median, µs", "95 % within, µs", "samples"], rows), [target], [note])
