"""How many tasks that do nothing are run in a second, against ThreadPoolExecutor."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from engine import Subscription, TaskControl

from .report import Report, Table, Target, figure, percent, times
from .timing import Ratio, Series, interleaved, ratio

TITLE = "Throughput"
ABOUT = """
Tasks whose function only returns, all added, then the results of all read. Task Control keeps a record of each
(`get_result=True`), and one subscriber reads every change, three a task; the clock stops when it has read the last.
`ThreadPoolExecutor(32)` gets the same function: `submit` for all, then `result` of all.
"""

CHANGES_PER_TASK = 3  # added, running, completed
PEER_WORKERS = 32
TO_REACH = 0.5
TO_REACH_AT = 10_000

#: How many rounds are run with so many tasks.
ROUNDS = {1_000: 21, 10_000: 11, 100_000: 3}
QUICK_ROUNDS = {1_000: 7, 10_000: 3}

OURS, PEER = "Task Control", f"ThreadPoolExecutor({PEER_WORKERS})"


def run(quick: bool) -> Report:
    """Measure at all sizes."""
    sizes = QUICK_ROUNDS if quick else ROUNDS
    return report({tasks: measure(tasks, rounds) for tasks, rounds in sizes.items()})


def measure(tasks: int, rounds: int) -> tuple[Series, Series]:
    """The seconds that Task Control and the executor took for so many tasks, round by round."""
    contestants = {OURS: lambda: run_tasks(tasks), PEER: lambda: run_futures(tasks)}
    measured = interleaved(contestants, rounds=rounds, collect=True)
    return measured[OURS], measured[PEER]


def work(_: object) -> int:
    """The task."""
    return 1


def run_tasks(tasks: int) -> float:
    """Run so many tasks with a subscriber, and return how long that took."""
    # A history that holds them all: whether the subscriber keeps up is left to the scheduler of threads.
    with TaskControl(history=CHANGES_PER_TASK * tasks) as taskman, taskman.subscribe() as changes:
        reader = threading.Thread(target=_read, args=(changes, CHANGES_PER_TASK * tasks), name="benchmark-reader")
        reader.start()
        begun = time.perf_counter()
        ids = [taskman.add("No-op", work, get_result=True) for _ in range(tasks)]
        taskman.wait()
        results = [taskman.get_result(task_id) for task_id in ids]
        reader.join()
        took_s = time.perf_counter() - begun
    _check(results, tasks)
    return took_s


def _read(changes: Subscription, count: int) -> None:
    for _ in islice(changes, count):
        pass


def run_futures(tasks: int) -> float:
    """Run as many futures, and return how long that took."""
    with ThreadPoolExecutor(PEER_WORKERS) as executor:
        begun = time.perf_counter()
        futures = [executor.submit(work, None) for _ in range(tasks)]
        results = [future.result() for future in futures]
        took_s = time.perf_counter() - begun
    _check(results, tasks)
    return took_s


def _check(results: Sequence[object], tasks: int) -> None:
    if results != [1] * tasks:
        raise RuntimeError(f"{tasks - results.count(1)} of {tasks} results are missing: nothing was measured")


def report(measured: dict[int, tuple[Series, Series]]) -> Report:
    """The rates, and how ours relate to the executor's."""
    head = ["tasks", f"{OURS}, tasks/s", f"{PEER}, tasks/s", "ratio (of single rounds)", "spread", "rounds"]
    # A rate is the inverse of a time, and so is its ratio.
    ratios: dict[int, Ratio] = {tasks: ratio(peer, ours) for tasks, (ours, peer) in measured.items()}
    rows = [
        [
            figure(tasks),
            figure(tasks / ours.median),
            figure(tasks / peer.median),
            times(ratios[tasks]),
            f"{percent(ours.spread)}, {percent(peer.spread)}",
            str(len(ours.values)),
        ]
        for tasks, (ours, peer) in measured.items()
    ]
    reached = ratios[TO_REACH_AT].of_medians
    claim = f"at {figure(TO_REACH_AT)} tasks, at least {TO_REACH} times the executor's rate"
    return Report(Table(head, rows), [Target(claim, f"{figure(reached)} times", reached >= TO_REACH)])
