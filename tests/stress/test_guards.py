"""The storm can fail: it finds what goes wrong when a guard is taken out."""

from __future__ import annotations

import pytest

from .guards import GUARDS, finding


@pytest.mark.parametrize("name", ["claim", "decide once", "seat back"])
def test_the_storm_finds_a_missing_guard(name):
    """Without this guard the storm reports a problem; `python -m tests.stress.guards` tries all of them."""
    assert finding(name) is not None, f"nothing was found without: {GUARDS[name].what}"
