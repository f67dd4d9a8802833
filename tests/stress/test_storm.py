"""Thousands of tasks end, are canceled and time out in the same instants; no wrong task is hit and nothing is lost."""

from __future__ import annotations

import pytest

from .storm import Storm

# Python runs finalizers wherever garbage is found, in tasks as well: an interrupt that lands in one is swallowed there,
# reported as this warning, and sent again.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.guarantee("S8")
@pytest.mark.guarantee("S14")
@pytest.mark.usefixtures("hasty_switching")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_hits_no_wrong_task_and_loses_nothing(seed):
    """Whatever is stopped when, each task ends once, as decided, and every seat is there afterwards."""
    problems = Storm(seed, tasks=3000).run()

    assert problems == []


@pytest.mark.guarantee("S8")
@pytest.mark.usefixtures("hasty_switching")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stop_in_the_instant_of_the_end_hits_nothing_else(seed):
    """When most limits run out as the functions return, no interrupt reaches the next task or the engine's own code."""
    problems = Storm(seed, tasks=3000, only_ends=True).run()

    assert problems == []
