"""What the benchmarks promise holds on a busy machine too, within wide bounds."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from benchmarks import chain, live, scroll, start, store, throughput
from benchmarks.store_operations import DICT, measure
from benchmarks.timing import ratio

# Bounds for any machine amid other work; `make bench` measures against the real targets.
LEAST_RATE = 0.2
GREATEST_GROWTH = 3.0
SLOWEST_START_S = 0.05
GREATEST_NODE_RATIO = 10.0
SLOWEST_CHANGE_S = 0.5
LONGEST_BLOCK_S = 0.5


def test_throughput_is_near_the_executors() -> None:
    """Two thousand tasks that do nothing, with results and a subscriber, run at a fifth of the executor's rate."""
    ours, peer = throughput.measure(tasks=2_000, rounds=5)

    assert ratio(peer, ours).of_medians >= LEAST_RATE


def test_number_of_records_does_not_matter() -> None:
    """An operation on one record among 100,000 costs about what it costs among 100."""
    measured = measure(sizes=(100, 100_000), peer_sizes=(100,), rounds=5)

    names = {case.operation for case in measured} - {DICT}
    grown = {name: store.growth(measured, store.OURS, name, is_warm=name in store.METHODS) for name in names}
    assert {"get", "search", "update", "insert", "remove", *store.METHODS} == names
    assert {} == {name: growth for name, growth in grown.items() if growth is None or growth > GREATEST_GROWTH}


def test_task_starts_at_once() -> None:
    """A task on an idle manager starts within a moment."""
    ours, _ = start.measure(samples=60)

    assert ours.median < SLOWEST_START_S


def test_chain_costs_what_it_costs_by_hand() -> None:
    """A task in a chain costs no more than some times what it costs by hand."""
    ours, peer = chain.measure(nodes=500, rounds=3)

    assert ratio(ours, peer).of_medians < GREATEST_NODE_RATIO


@pytest.mark.browser
def test_change_shows_while_others_stream(browser: Browser) -> None:
    """A status shows in the page within a moment while 200 changes a second stream."""
    seen = live.measure(browser, listed=0, changes_per_s=200, samples=live.WAVE)

    assert seen.changes_per_s > 100
    assert seen.series.median < SLOWEST_CHANGE_S


@pytest.mark.browser
def test_many_tasks_do_not_block_the_page(browser: Browser) -> None:
    """Scrolling, searching, filtering and sorting never block the page for long."""
    longest = scroll.measure(browser, tasks=2_000, rounds=1)

    assert {} == {step: longest[step] for step in scroll.STEPS if longest[step].processor.median > LONGEST_BLOCK_S}
