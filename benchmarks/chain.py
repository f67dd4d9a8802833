"""What a task in a chain costs, against a chain run by hand with graphlib and ThreadPoolExecutor."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from graphlib import TopologicalSorter
from queue import SimpleQueue

from engine import TaskControl

from .report import Report, Table, micros, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Chain of dependencies"
ABOUT = """
Tasks that each depend on the one before, from the first `add` to the end of the last. By hand: the same chain as a
graph of `graphlib`, whose ready nodes are submitted to `ThreadPoolExecutor(32)` and reported back as done.
"""

OURS, PEER = "Task Control", "graphlib and ThreadPoolExecutor(32)"
NODES = 1_000
ROUNDS, QUICK_ROUNDS = 15, 5


def run(quick: bool) -> Report:
    """Measure and report."""
    return report(*measure(NODES, QUICK_ROUNDS if quick else ROUNDS))


def measure(nodes: int, rounds: int) -> tuple[Series, Series]:
    """The seconds for each node, with Task Control and by hand."""
    contestants = {OURS: partial(_run_tasks, nodes), PEER: partial(_run_by_hand, nodes)}
    measured = interleaved(contestants, rounds=rounds, collect=True)
    return measured[OURS], measured[PEER]


def work(_: object) -> None:
    """The task."""


def _run_tasks(nodes: int) -> float:
    with TaskControl() as taskman:
        begun = time.perf_counter()
        last = None
        for _ in range(nodes):
            last = taskman.add("Link", work, depend_on=last)
        taskman.wait()
        return (time.perf_counter() - begun) / nodes


def _run_by_hand(nodes: int) -> float:
    done: SimpleQueue[int] = SimpleQueue()
    with ThreadPoolExecutor(32) as executor:
        begun = time.perf_counter()
        sorter: TopologicalSorter[int] = TopologicalSorter()
        for node in range(nodes):
            sorter.add(node, *([node - 1] if node else []))
        sorter.prepare()
        while sorter.is_active():
            for node in sorter.get_ready():
                executor.submit(work, node).add_done_callback(partial(_put, done, node))
            sorter.done(done.get())
        return (time.perf_counter() - begun) / nodes


def _put(done: SimpleQueue[int], node: int, _: object) -> None:
    done.put(node)


def report(ours: Series, peer: Series) -> Report:
    """The cost of a node with both."""
    rows = [
        [name, micros(series.median), percent(series.spread), str(len(series.values))]
        for name, series in ((OURS, ours), (PEER, peer))
    ]
    note = f"Ratio of the medians (of single rounds): {times(ratio(ours, peer))}."
    return Report(Table([f"chain of {NODES:,}", "a node, µs", "spread", "rounds"], rows), notes=[note])
