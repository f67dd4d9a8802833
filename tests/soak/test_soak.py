"""A short run of the soak: nothing goes wrong, and nothing is left over."""

from __future__ import annotations

import sys

import pytest

from tests.soak.loads import LOADS
from tests.soak.soak import Soak

pytestmark = [
    pytest.mark.guarantee("P2"),
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them"),
]


def test_random_load_leaves_nothing_behind():
    """After load and faults at random, sockets, descriptors and threads are those from before, and memory nearly so."""
    # In so short a time caches still fill: only the long run holds memory to a few percent.
    soak = Soak("gunicorn", seconds=4, seed=1, most_growth=1.25, rounds=3)

    problems = soak.run()

    assert problems == []
    assert set(soak.done) == {load.__name__ for load in LOADS}
