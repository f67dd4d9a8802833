"""The first load of the panel is counted by kind."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from benchmarks import load

MOST_BYTES = 400_000  # for any machine and a handful of tasks; `make bench` counts


@pytest.mark.browser
def test_first_load_is_counted_by_kind(browser: Browser):
    """Page, scripts, styles and live messages are all counted, and together they are no heavy load."""
    received = load.measure(browser, tasks=10)

    assert set(load.KINDS.values()) <= set(received)
    assert sum(received.values()) < MOST_BYTES
