"""How many tasks that do nothing are run in a second, beside everything that people use instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from . import peers
from .contestants import EXECUTOR, LIMIT, OURS, WORKERS, Contestant
from .published import PEERS
from .report import Report, Table, Target, figure, percent, times
from .timing import Ratio, Series, interleaved, ratio

TITLE = "Throughput"
ABOUT = f"""
Tasks whose function only returns, all added, then the results of all read. Task Control keeps a record of each
(`get_result=True`), and one subscriber reads every change, three a task; the clock stops when it has read the last.
All others get the same function and keep no records; with {WORKERS} threads where they take a number. The
`SimpleQueue` is no peer but the limit: one thread that takes functions from one queue and puts results into another.
The last two are far slower and are given at most 10,000 tasks, in the row with more of them as well. joblib is told of
all calls at once; Flask-Executor's tasks take a request's context along; huey, and dramatiq with its `StubBroker`, keep
queue and results in memory.
"""

TO_REACH = 1.5

#: How many rounds are run with so many tasks.
ROUNDS = {1_000: 15, 10_000: 21, 100_000: 5}
QUICK_ROUNDS = {1_000: 5, 10_000: 3}
#: The sizes that are judged.
JUDGED = (10_000, 100_000)

Measured = Mapping[str, Series]


def run(quick: bool) -> Report:
    """Measure all that can be imported, at all sizes."""
    reasons = {one.name: peers.why_not(one.module) if one.module else None for one in PEERS}
    contestants = [OURS, EXECUTOR, LIMIT, *(one for one in PEERS if reasons[one.name] is None)]
    sizes = QUICK_ROUNDS if quick else ROUNDS
    measured = {tasks: measure(contestants, tasks, rounds) for tasks, rounds in sizes.items()}
    return report(measured, {name: reason for name, reason in reasons.items() if reason is not None})


def measure(contestants: Sequence[Contestant], tasks: int, rounds: int) -> Measured:
    """The seconds a task, by name, round by round."""
    runs: dict[str, Callable[[], float]] = {one.name: partial(_seconds_a_task, one, tasks) for one in contestants}
    return interleaved(runs, rounds=rounds, collect=True)


def _seconds_a_task(contestant: Contestant, tasks: int) -> float:
    given = min(tasks, contestant.most)
    return contestant.run(given) / given


def report(measured: Mapping[int, Measured], skipped: Mapping[str, str]) -> Report:
    """The rates, how ours relates to each, and who is missing."""
    names = list(next(iter(measured.values())))
    rows = [row for tasks, series in measured.items() for row in _rows(tasks, series)]
    targets = [target for tasks in JUDGED if tasks in measured for target in _targets(tasks, measured[tasks])]
    counts = ", ".join(f"{len(series[OURS.name].values)} with {figure(tasks)}" for tasks, series in measured.items())
    missing = [f"Skipped: {name} ({reason})." for name, reason in skipped.items()]
    return Report(Table(["tasks/s", *names], rows), targets, [f"Rounds: {counts} tasks.", *missing])


def _ratios(measured: Measured) -> dict[str, Ratio]:
    # A rate is the inverse of a time, and so is its ratio.
    ours = measured[OURS.name]
    return {name: ratio(series, ours) for name, series in measured.items() if name != OURS.name}


def _rows(tasks: int, measured: Measured) -> list[list[str]]:
    return [
        [f"{figure(tasks)} tasks", *(figure(1 / series.median) for series in measured.values())],
        ["Task Control's rate, times theirs", "", *(figure(one.of_medians) for one in _ratios(measured).values())],
        ["spread", *(percent(series.spread) for series in measured.values())],
    ]


def _targets(tasks: int, measured: Measured) -> list[Target]:
    ratios = _ratios(measured)
    to_executor = ratios[EXECUTOR.name]
    claim = f"at {figure(tasks)} tasks, at least {TO_REACH} times the rate of {EXECUTOR.name}"
    targets = [Target(claim, f"{times(to_executor)} times", to_executor.of_medians >= TO_REACH)]
    least, nearest = min((one.of_medians, name) for name, one in ratios.items() if name != LIMIT.name)
    told = f"{figure(least)} times the rate of {nearest}, which comes nearest"
    return [*targets, Target(f"at {figure(tasks)} tasks, ahead of every peer", told, least > 1)]
