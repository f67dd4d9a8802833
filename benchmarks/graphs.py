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

from .report import Report, Table, Target, figure, micros, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Graphs of dependencies"
ABOUT = """
From the first `add` until all ends are on the records: a chain, in which each depends on the one before; a fan, from
one to a thousand and from those to one; layers of a hundred tasks, each of which depends on one to five tasks of the
layer before, drawn at random; as many that depend on nothing. By hand: the same graph in `graphlib`, whose ready nodes
are submitted to `ThreadPoolExecutor(32)`; a callback puts those that are done into a queue, and who waits there takes
all that it holds. The floor for the layers: what those tasks cost that depend on nothing, and the least that links are,
looked up by id, noted with both sides and counted down, in one thread that runs no task. At the end a very long chain,
which nobody walks by recursion, beside the short one, both with Task Control.
"""

OURS, PEER = "Task Control", "graphlib and ThreadPoolExecutor(32)"
ROUNDS, QUICK_ROUNDS = 15, 5
CHAIN, LONG_CHAIN, QUICK_LONG_CHAIN = 1_000, 100_000, 10_000
LONG_ROUNDS, QUICK_LONG_ROUNDS = 5, 3
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


LAYERS, LOOSE = "random layers, 5,000", "5,000 without a link"
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
    measured[LOOSE] = measure([()] * 5_000, rounds)
    sizes = (CHAIN, QUICK_LONG_CHAIN if quick else LONG_CHAIN)
    chains = measure_chains(sizes, QUICK_LONG_ROUNDS if quick else LONG_ROUNDS)
    return report(measured, chains, measure_links(GRAPHS[LAYERS][0], rounds))


def measure(graph: Graph, rounds: int) -> tuple[Series, Series]:
    """The seconds for each node, with Task Control and by hand."""
    contestants = {OURS: partial(_run_tasks, graph), PEER: partial(_run_by_hand, graph)}
    measured = interleaved(contestants, rounds=rounds, collect=True)
    return measured[OURS], measured[PEER]


def measure_chains(sizes: Sequence[int], rounds: int) -> dict[int, Series]:
    """The seconds for each node of chains of these lengths, with Task Control."""
    return interleaved({nodes: partial(_run_tasks, chain(nodes)) for nodes in sizes}, rounds=rounds, collect=True)


def measure_links(graph: Graph, rounds: int) -> Series:
    """The seconds for the links of each node alone."""
    return interleaved({LAYERS: partial(_link_alone, graph)}, rounds=rounds, collect=True)[LAYERS]


class _Node:
    """The least that is known of a node that others wait for."""

    __slots__ = ("dependants", "waits_for")

    def __init__(self, waits_for: int) -> None:
        self.waits_for = waits_for
        self.dependants: list[_Node] = []


def _link_alone(graph: Graph) -> float:
    ids = [f"{number:010x}" for number in range(len(graph))]
    begun = time.perf_counter()
    nodes: dict[str, _Node] = {}
    for task_id, before in zip(ids, graph, strict=True):
        node = nodes[task_id] = _Node(len(before))
        for number in before:
            nodes[ids[number]].dependants.append(node)
    for node in nodes.values():  # each after those that it waits for
        for dependant in node.dependants:
            dependant.waits_for -= 1
    took_s = time.perf_counter() - begun
    if any(node.waits_for for node in nodes.values()):
        raise RuntimeError("not all were set free: nothing was measured")
    return took_s / len(graph)


def work(_: object) -> None:
    """The task."""


def _run_tasks(graph: Graph) -> float:
    with TaskControl() as taskman:
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


def report(measured: Mapping[str, tuple[Series, Series]], chains: Mapping[int, Series], links: Series) -> Report:
    """The cost of a node of each graph with both, and of the two chains with ours."""
    rows = [_row(name, ours, peer) for name, (ours, peer) in measured.items()]
    rows += [_row(f"chain of {nodes:,}", series) for nodes, series in sorted(chains.items())]
    claims = {name: f"{name}: at most {most} times the cost by hand" for name, (_, most) in GRAPHS.items()}
    targets = [_target(claims[name], *measured[name], most) for name, (_, most) in GRAPHS.items()]
    (short, short_s), (long, long_s) = sorted(chains.items())
    claim = f"a node of a chain of {long:,}: at most {MOST_LONG} times the cost of one of {short:,}"
    head = ["a node, µs", OURS, PEER, "ratio (of single rounds)", "spread", "rounds"]
    floor_s = measured[LOOSE][0].median + links.median
    note = (
        f"The floor for the layers: {micros(measured[LOOSE][0].median)} µs without a link and {micros(links.median)} µs"
        f" for the links alone, which would be {figure(floor_s / measured[LAYERS][1].median)} times the cost by hand."
    )
    return Report(Table(head, rows), [*targets, _target(claim, long_s, short_s, MOST_LONG)], [note])


def _row(name: str, ours: Series, peer: Series | None = None) -> list[str]:
    beside = ["", ""] if peer is None else [micros(peer.median), times(ratio(ours, peer))]
    spreads = ", ".join(percent(series.spread) for series in (ours, peer) if series is not None)
    return [name, micros(ours.median), *beside, spreads, str(len(ours.values))]


def _target(claim: str, ours: Series, peer: Series, most: float) -> Target:
    found = ratio(ours, peer)
    return Target(claim, f"{times(found)} times", found.of_medians <= most)
