"""S11: ages and statuses that a purge refuses, with nothing removed."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.guarantee("S11", "S13")


def left(taskman):
    return [record["id"] for record in taskman.get_all()]


@pytest.mark.parametrize("statuses", [[2], [3], [0, 3], [5], [-1], ["0"], [None], "0", 0])
def test_statuses_that_are_not_final_are_refused(taskman, one_of_each, statuses):
    """Only the codes 0, 1 and 4 can be purged by status; anything else is refused and nothing goes."""
    with pytest.raises((TypeError, ValueError)):
        taskman.purge(statuses=statuses)

    assert len(left(taskman)) == 5


@pytest.mark.parametrize(
    "age", [-1, -0.001, float("nan"), float("inf"), float("-inf"), 1e300, 10**400], ids=lambda age: f"{age}"[:8]
)
@pytest.mark.parametrize("unit", ["days", "hours", "minutes"])
def test_negative_and_absurd_ages_are_refused(taskman, done, unit, age):
    """An age that is no sensible number is a ValueError that names it, and nothing goes."""
    kept = done()
    with pytest.raises(ValueError, match=r"days|hours|minutes"):
        taskman.purge(**{unit: age})

    assert left(taskman) == [kept]


@pytest.mark.parametrize("age", ["1", b"1", True, False, [1], 1j, object()])
@pytest.mark.parametrize("unit", ["days", "hours", "minutes"])
def test_ages_of_another_type_are_refused(taskman, done, unit, age):
    """An age that is no number is a TypeError that names it, and nothing goes."""
    kept = done()
    with pytest.raises(TypeError, match=unit):
        taskman.purge(**{unit: age})

    assert left(taskman) == [kept]


def test_one_bad_age_among_good_ones_is_refused(taskman, done):
    """A negative part isn't made good by a larger one."""
    kept = done()
    with pytest.raises(ValueError, match="minutes"):
        taskman.purge(days=1, minutes=-5)

    assert left(taskman) == [kept]
