"""Contestants take turns, and what counts is the median of their rounds."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from benchmarks.timing import Series, interleaved, ratio


def telling(name: str, calls: list[str], value: float = 1.0) -> Callable[[], float]:
    """A contestant that leaves its name."""

    def run() -> float:
        calls.append(name)
        return value

    return run


def test_everyone_runs_once_a_round_and_both_ways_round():
    """Of two rounds the second has the order of the first, turned round."""
    calls: list[str] = []

    interleaved({name: telling(name, calls) for name in "abcd"}, rounds=6, warm_up=0)

    rounds = [calls[start : start + 4] for start in range(0, 24, 4)]
    assert all(sorted(order) == list("abcd") for order in rounds)
    assert rounds[::2] == [order[::-1] for order in rounds[1::2]]
    assert len({tuple(order) for order in rounds}) > 2


def test_warm_up_does_not_count():
    """Rounds before the first are run, and their values thrown away."""
    values = iter([100.0, 100.0, 1.0, 2.0, 3.0])

    measured = interleaved({"only": lambda: next(values)}, rounds=3, warm_up=2)

    assert measured == {"only": Series((1.0, 2.0, 3.0))}


def test_groups_stay_together():
    """Within a round, a group is through before the next one begins; one given twice has two turns."""
    calls: list[str] = []
    quick = {name: telling(name, calls) for name in "ab"}

    measured = interleaved(quick, quick, {"slow": telling("slow", calls)}, rounds=3, warm_up=0)

    assert calls[4::5] == ["slow"] * 3
    assert {name: len(series.values) for name, series in measured.items()} == {"a": 6, "b": 6, "slow": 3}


def test_the_garbage_collector_keeps_its_settings():
    """Collecting between contestants leaves the collector as it was."""
    settings = gc.isenabled(), gc.get_threshold()

    interleaved({"only": lambda: 1.0}, rounds=2, collect=True)

    assert settings == (gc.isenabled(), gc.get_threshold())


@pytest.mark.parametrize(("percent", "expected"), [(1, 1.0), (25, 1.0), (50, 2.0), (75, 3.0), (95, 4.0), (100, 4.0)])
def test_percentile_is_a_value_that_was_measured(percent, expected):
    """Of four values, so many percent lie at or below the one that is answered."""
    assert expected == Series((4.0, 1.0, 3.0, 2.0)).percentile(percent)


def test_spread_is_the_middle_half_against_the_median():
    """Values without noise have no spread; a far one among many doesn't make one."""
    assert Series((2.0,) * 9).spread == 0.0
    assert Series((2.0,) * 8 + (50.0,)).spread == 0.0
    assert Series((1.0, 2.0, 3.0, 4.0)).spread == pytest.approx(2 / 2.5)


def test_ratio_is_of_medians_and_tells_how_far_rounds_lie_apart():
    """One odd round shows in the extremes and not in the ratio."""
    found = ratio(Series((2.0, 2.0, 8.0)), Series((1.0, 1.0, 1.0)))

    assert (found.of_medians, found.lowest, found.highest) == (2.0, 2.0, 8.0)
