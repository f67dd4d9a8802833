"""What a task costs that depends on others, against graphs run by hand with graphlib and ThreadPoolExecutor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from graphlib import TopologicalSorter
from queue import SimpleQueue
from random import Random

from engine import Status, TaskControl

from .least import LeastEngine
from .report import Report, Table, Target, micros, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Graphs of dependencies"
ABOUT = """
From the first `add` until all ends are on the records: a chain, in which each depends on the one before; a fan, from
one to a thousand and from those to one; layers of a hundred tasks, each of which depends on one to five tasks of the
layer before, drawn at random. By hand: the same graph in `graphlib`, whose ready nodes are submitted to
`ThreadPoolExecutor(32)`; a callback puts those that are done into a queue, and who waits there takes all that it holds.
The floor for the layers is the least engine (`benchmarks/least.py`): an id, a record that is found by it, counted, and
kept in each version for followers, a context, a handle, a gate, links both ways, one thread that runs tasks, and no
other step. At the end a very long chain, which nobody walks by recursion, beside the short one, both with Task Control.
"""

OURS, PEER, LEAST = "Task Control", "graphlib and ThreadPoolExecutor(32)", "the least engine"
ROUNDS, QUICK_ROUNDS = 25, 5
CHAIN, LONG_CHAIN, QUICK_LONG_CHAIN = 1_000, 100_000, 10_000
LONG_ROUNDS, QUICK_LONG_ROUNDS = 9, 3
MOST_LONG = 2.0

#: For each node, the numbers of the nodes that it depends on; those come before it.
Graph = Sequence[Sequence[int]]


def chain(nodes: int) -> Graph:
    """Each node after the one before."""
    return [[node - 1] if node else [] for node in range(nodes)]


def fan(width: int) -> Graph:
    """One, then so many at once, then one."""
    return [[], *([0] for _ in range(width)), range(1, width + 1)]


def layers(count: int, width: int) -> Graph:
    """Layers of such a width; each node after one to five of the layer before, the same ones at each call."""
    random = Random(0)
    first: list[Sequence[int]] = [[] for _ in range(width)]
    return first + [
        random.sample(range((layer - 1) * width, layer * width), random.randint(1, min(5, width)))
        for layer in range(1, count)
        for _ in range(width)
    ]


LAYERS = "random layers, 5,000"
#: The graphs, and how many times the cost by hand each may have at most.
GRAPHS: Mapping[str, tuple[Graph, float]] = {
    f"chain of {CHAIN:,}": (chain(CHAIN), 0.5),
    "fan 1 to 1,000 to 1": (fan(1_000), 1.0),
    LAYERS: (layers(50, 100), 0.8),
}


def run(quick: bool) -> Report:
    """Measure all graphs, then the long chain."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    measured = {name: measure(graph, rounds) for name, (graph, _) in GRAPHS.items()}
    sizes = (CHAIN, QUICK_LONG_CHAIN if quick else LONG_CHAIN)
    return report(measured, measure_chains(sizes, QUICK_LONG_ROUNDS if quick else LONG_ROUNDS))


def measure(graph: Graph, rounds: int) -> dict[str, Series]:
    """The seconds for each node, with Task Control, by hand and with the least engine."""
    contestants = {
        OURS: partial(_run_tasks, graph),
        PEER: partial(_run_by_hand, graph),
        LEAST: partial(_run_tasks, graph, LeastEngine),
    }
    return interleaved(contestants, rounds=rounds, collect=True)


def measure_chains(sizes: Sequence[int], rounds: int) -> dict[int, Series]:
    """The seconds for each node of chains of these lengths, with Task Control."""
    return interleaved({nodes: partial(_run_tasks, chain(nodes)) for nodes in sizes}, rounds=rounds, collect=True)


def work(_: object) -> None:
    """The task."""


def _run_tasks(graph: Graph, engine: type[TaskControl | LeastEngine] = TaskControl) -> float:
    with engine() as taskman:
        begun = time.perf_counter()
        ids: list[str] = []
        for before in graph:
            ids.append(taskman.add("Node", work, depend_on=[ids[node] for node in before] or None))
        taskman.wait()
        completed = taskman.counts()[Status.COMPLETED]  # of the records, so these are written by then
        took_s = time.perf_counter() - begun
        if completed != len(graph):
            raise RuntimeError(f"{len(graph) - completed} tasks have not completed: nothing was measured")
    return took_s / len(graph)


def _run_by_hand(graph: Graph) -> float:
    done: SimpleQueue[int] = SimpleQueue()
    with ThreadPoolExecutor(32) as executor:
        begun = time.perf_counter()
        sorter = TopologicalSorter(dict(enumerate(graph)))
        sorter.prepare()
        while sorter.is_active():
            for node in sorter.get_ready():
                executor.submit(work, node).add_done_callback(partial(_put, done, node))
            finished = [done.get()]
            while not done.empty():
                finished.append(done.get())
            sorter.done(*finished)
        return (time.perf_counter() - begun) / len(graph)


def _put(done: SimpleQueue[int], node: int, _: object) -> None:
    done.put(node)


def report(measured: Mapping[str, Mapping[str, Series]], chains: Mapping[int, Series]) -> Report:
    """The cost of a node of each graph with all of them, and of the two chains with ours."""
    rows = [_row(name, *series.values()) for name, series in measured.items()]
    rows += [_row(f"chain of {nodes:,}", series) for nodes, series in sorted(chains.items())]
    claims = {name: f"{name}: at most {most} times the cost by hand" for name, (_, most) in GRAPHS.items()}
    targets = [
        _target(claims[name], measured[name][OURS], measured[name][PEER], most) for name, (_, most) in GRAPHS.items()
    ]
    (short, short_s), (long, long_s) = sorted(chains.items())
    claim = f"a node of a chain of {long:,}: at most {MOST_LONG} times the cost of one of {short:,}"
    head = ["a node, µs", OURS, PEER, "ratio (of single rounds)", LEAST, "spread", "rounds"]
    floor = ratio(measured[LAYERS][LEAST], measured[LAYERS][PEER])
    note = f"The floor for the layers: the least engine takes {times(floor)} times the cost by hand."
    return Report(Table(head, rows), [*targets, _target(claim, long_s, short_s, MOST_LONG)], [note])


def _row(name: str, ours: Series, peer: Series | None = None, least: Series | None = None) -> list[str]:
    beside = ["", ""] if peer is None else [micros(peer.median), times(ratio(ours, peer))]
    floor = "" if least is None else micros(least.median)
    spreads = ", ".join(percent(series.spread) for series in (ours, peer, least) if series is not None)
    return [name, micros(ours.median), *beside, floor, spreads, str(len(ours.values))]


def _target(claim: str, ours: Series, peer: Series, most: float) -> Target:
    found = ratio(ours, peer)
    return Target(claim, f"{times(found)} times", found.of_medians <= most)
