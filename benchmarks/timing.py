"""How everything here is timed: contestants take turns, and what counts is the median of their rounds."""

from __future__ import annotations

import gc
import os
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

Name = TypeVar("Name")


@dataclass(frozen=True)
class Series:
    """What one contestant was measured at, one value for each round, in order."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value that half of the rounds stay below."""
        return statistics.median(self.values)

    def percentile(self, percent: int) -> float:
        """The value that this share of the rounds stay at or below: one that was measured, none in between."""
        ordered = sorted(self.values)
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    @property
    def spread(self) -> float:
        """How wide the middle half of the rounds lies, as a share of the median: 0.0 is a machine without noise."""
        return (self.percentile(75) - self.percentile(25)) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Ratio:
    """One series in relation to another: the ratio of their medians, and the extremes of the rounds' own ratios."""

    of_medians: float
    lowest: float
    highest: float


def ratio(ours: Series, peer: Series) -> Ratio:
    """How many times the peer's value ours is. Both must come from the same rounds."""
    of_rounds = [mine / theirs for mine, theirs in zip(ours.values, peer.values, strict=True)]
    return Ratio(ours.median / peer.median, min(of_rounds), max(of_rounds))


def interleaved(
    *groups: Mapping[Name, Callable[[], float]], rounds: int, warm_up: int = 1, collect: bool = False
) -> dict[Name, Series]:
    """Lets each contestant run once a round and returns what they answered, which is usually a time in seconds.

    Their order is shuffled, and turned round in the next round, so that nobody always comes after the same one, nor
    meets what comes back at intervals, as a run of the garbage collector does. Groups come one after the other: those
    who empty the processor's caches stay among themselves. A group may be given several times. The first `warm_up`
    rounds don't count. With `collect`, what one has left as garbage is collected before the next one begins, outside
    of what it times; how and when the collector runs by itself is never touched.
    """
    shuffled = Random(0)
    orders = [list(group) for group in groups]
    values: dict[Name, list[float]] = {name: [] for group in groups for name in group}
    for number in range(-warm_up, rounds):
        for group, order in zip(groups, orders, strict=True):
            if number % 2:
                order.reverse()
            else:
                shuffled.shuffle(order)
            for name in order:
                if collect:
                    gc.collect()
                value = group[name]()
                if number >= 0:
                    values[name].append(value)
    return {name: Series(tuple(measured)) for name, measured in values.items()}


def load_average() -> float | None:
    """How many threads of the whole machine ran or wanted to, in the last minute; None where that isn't told."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None
