"""What it costs that there are many tasks: the time of one more, and the memory of its record."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Mapping
from functools import partial

from engine import TaskControl

from .contestants import EXECUTOR, OURS, Contestant, work
from .processes import in_child, resident_bytes
from .report import Report, Table, Target, figure, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Growth"
ABOUT = """
Time: the tasks of the section on throughput, with results and a subscriber, the many in one manager, the few in several
managers one after the other; beside it the standard library's executor, which keeps no records. Memory: each round is a
process of its own, in which tasks with results are run until the changes that are held for followers are as many as
they may become, and then so many more; by how much memory grows with those, shared out among their records. All tasks
have one name and one result, so the users' own data is nothing. Once as the system counts resident memory, and once, in
another process, as Python's `tracemalloc` counts what is allocated.
"""

FEW, MANY = 1_000, 100_000
MOST_GROWTH = 1.2
MOST_BYTES = 1_500
ROUNDS, QUICK_ROUNDS = 7, 3
MEMORY_ROUNDS, QUICK_MEMORY_ROUNDS = 3, 1
QUICK_MANY = 20_000
#: How many managers run the few tasks in a round; their mean counts.
REPEATS = 10
#: Three changes each: more than the history holds.
SETTLED_AFTER = 10_000

RESIDENT, ALLOCATED = "resident", "allocated"


def run(quick: bool) -> Report:
    """Measure both."""
    many = QUICK_MANY if quick else MANY
    rounds = QUICK_ROUNDS if quick else ROUNDS
    seconds, peer = (measure(FEW, many, rounds, contestant) for contestant in (OURS, EXECUTOR))
    return report(seconds, measure_memory(many, QUICK_MEMORY_ROUNDS if quick else MEMORY_ROUNDS), peer)


def measure(few: int, many: int, rounds: int, contestant: Contestant = OURS) -> dict[int, Series]:
    """The seconds a task, when there are few and when there are many."""
    return interleaved(
        {few: partial(_seconds_a_task, contestant, few, REPEATS), many: partial(_seconds_a_task, contestant, many, 1)},
        rounds=rounds,
        collect=True,
    )


def _seconds_a_task(contestant: Contestant, tasks: int, repeats: int) -> float:
    return sum(contestant.run(tasks) for _ in range(repeats)) / (tasks * repeats)


def measure_memory(tasks: int, rounds: int) -> dict[str, Series]:
    """The bytes a kept record, resident and allocated; each in a process of its own."""
    return interleaved(
        {kind: partial(in_child, _bytes_a_record, tasks, kind) for kind in (RESIDENT, ALLOCATED)},
        rounds=rounds,
        warm_up=0,
    )


def _bytes_a_record(tasks: int, kind: str) -> float:
    if kind == ALLOCATED:
        tracemalloc.start()
    with TaskControl() as taskman:
        _run_tasks(taskman, SETTLED_AFTER)
        before = _bytes_held(kind)
        _run_tasks(taskman, tasks)
        return (_bytes_held(kind) - before) / tasks


def _run_tasks(taskman: TaskControl, tasks: int) -> None:
    for _ in range(tasks):
        taskman.add("No-op", work, get_result=True)
    taskman.wait()


def _bytes_held(kind: str) -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0] if kind == ALLOCATED else resident_bytes()


def report(seconds: Mapping[int, Series], memory: Mapping[str, Series], peer: Mapping[int, Series]) -> Report:
    """The cost of a task at both sizes, and of a record in both ways of counting; a peer's growth beside it."""
    (few, few_s), (many, many_s) = sorted(seconds.items())
    rows = [[f"a task among {figure(tasks)}, µs", *_cells(series, 1e6)] for tasks, series in sorted(seconds.items())]
    rows += [
        [f"a call of {EXECUTOR.name} among {figure(calls)}, µs", *_cells(series, 1e6)]
        for calls, series in sorted(peer.items())
    ]
    rows += [[f"a record, {kind}, bytes", *_cells(series, 1)] for kind, series in memory.items()]
    grown, most_bytes = ratio(many_s, few_s), max(series.median for series in memory.values())
    time_claim = f"a task among {figure(many)} costs at most {MOST_GROWTH} times one among {figure(few)}"
    memory_claim = f"at most {figure(MOST_BYTES)} bytes a record, in either way of counting"
    return Report(
        Table(["", "median", "spread", "rounds"], rows),
        [
            Target(time_claim, f"{times(grown)} times", grown.of_medians <= MOST_GROWTH),
            Target(memory_claim, f"{figure(most_bytes)} bytes", most_bytes <= MOST_BYTES),
        ],
    )


def _cells(series: Series, unit: float) -> list[str]:
    return [figure(series.median * unit), percent(series.spread), str(len(series.values))]
