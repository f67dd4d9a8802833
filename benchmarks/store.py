"""What one operation on one record costs among few and among many, in our store and in TinyDB's own."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .report import Report, Table, Target, figure, micros, percent
from .store_operations import DICT, OURS, PEER, Case, Measured, measure
from .timing import Series, ratio

TITLE = "Store"
ABOUT = """
One operation on one record, found by its task's id, among so many others: through `TaskControl.db`, and on a plain
`TinyDB` in memory that holds the same documents. Each round asks for a hundred ids, each once, so that no cache of
queries answers. Growth compares the largest number of records with the smallest: 1.00 means that the number doesn't
matter. A hundred records stay in the processor's caches, any hundred of very many don't: "growth, warm" is the growth
when the same hundred have been asked for just before. What it lacks of the other growth is the price of slower memory,
which a plain `dict` of the records pays as well: see the last row. What goes through the database is judged as it is;
the two methods of the manager, whose own work is next to nothing, both as they are and when warm.
"""

SIZES = (100, 10_000, 100_000)
QUICK_PEER_SIZES = (100, 10_000)
ROUNDS, QUICK_ROUNDS = 15, 7
TO_REACH = 1.5

#: Judged by their growth when warm as well: it tells their own cost from that of the memory.
METHODS = ("get_task", "get_status")


def run(quick: bool) -> Report:
    """Measure all sizes."""
    return report(measure(SIZES, QUICK_PEER_SIZES if quick else SIZES, QUICK_ROUNDS if quick else ROUNDS))


def growth(measured: Measured, store: str, operation: str, is_warm: bool = False) -> float | None:
    """How many times more an operation costs among the most records than among the fewest; None if not measured."""
    sizes = _sizes(measured, store)
    most, fewest = (measured.get(Case(operation, store, size, is_warm)) for size in (sizes[-1], sizes[0]))
    return ratio(most, fewest).of_medians if most and fewest else None


def report(measured: Measured) -> Report:
    """The cost of each operation at each size."""
    head = ["operation, µs"]
    head += [f"{OURS}, {figure(size)}" for size in _sizes(measured, OURS)] + ["growth", "growth, warm"]
    head += [f"{PEER}, {figure(size)}" for size in _sizes(measured, PEER)] + ["growth"]
    operations = [name for name in dict.fromkeys(case.operation for case in measured) if name != DICT]
    through_db = {name: growth(measured, OURS, name) for name in operations if name not in METHODS}
    methods = {name: growth(measured, OURS, name) for name in METHODS}
    warm = {name: growth(measured, OURS, name, is_warm=True) for name in METHODS}
    few, *_, many = map(figure, _sizes(measured, OURS))
    claim = f"at most {TO_REACH} times the cost among {few} when there are {many}"
    return Report(
        Table(head, [_row(measured, operation) for operation in (*operations, DICT)]),
        [
            _target(f"through the database, {claim}", through_db),
            _target(f"the manager's methods, {claim}", methods),
            _target(f"the manager's methods, warm, {claim}", warm),
        ],
        [_noise(measured)],
    )


def _row(measured: Measured, operation: str) -> list[str]:
    warm = growth(measured, OURS, operation, is_warm=True)
    ours, peers = _cells(measured, OURS, operation), _cells(measured, PEER, operation)
    return [operation, *ours, "" if warm is None else figure(warm), *peers]


def _sizes(measured: Measured, store: str) -> list[int]:
    return sorted({case.size for case in measured if case.store == store})


def _cells(measured: Measured, store: str, operation: str) -> list[str]:
    """The operation's cost at each size of the store, and its growth; empty where the store doesn't offer it."""
    grown = growth(measured, store, operation)
    if grown is None:
        return [""] * (len(_sizes(measured, store)) + 1)
    costs = [measured[Case(operation, store, size)].median for size in _sizes(measured, store)]
    return [*map(micros, costs), figure(grown)]


def _target(claim: str, growths: Mapping[str, float | None]) -> Target:
    ordered = sorted((grown or math.inf, operation) for operation, grown in growths.items())
    over = [operation for grown, operation in ordered if grown > TO_REACH]
    (least, first), *_, (most, last) = ordered
    found = f"{figure(least)} ({first}) to {figure(most)} ({last})"
    return Target(claim, found + (f"; above it: {', '.join(over)}" if over else ""), not over)


def _noise(measured: Measured) -> str:
    spreads = {case: series.spread for case, series in measured.items() if case.store == OURS}
    middle, worst = Series(tuple(spreads.values())).median, max(spreads, key=lambda case: spreads[case])
    rounds = len(measured[worst].values)
    return (
        f"{rounds} rounds of ours. Spread: {percent(middle)} in the middle of all cases, at most"
        f" {percent(spreads[worst])} ({worst.operation} among {figure(worst.size)})."
    )
