"""Charts and timeline of what happened."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import violations_in_all_looks
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

IMPORT = """async ([name, call, ...given]) => {
    const link = document.querySelector(`link[rel="modulepreload"][href$="/${name}.js"]`);
    return (await import(link.href))[call](...given);
}"""


def row(added: float, started: float | None, finished: float | None, **more: object) -> dict:
    """A row with what charts and timeline read."""
    times = {"added_at": added, "started_at": started, "finished_at": finished}
    return {"status": 0, "thread": 1, "id": "a", "name": "n", **times, **more}


def test_runs_lie_on_the_lanes_of_their_threads(taskman: TaskControl, visit: Visit) -> None:
    """Two that run at once have lanes of their own; a click on a bar opens its task."""
    for name in ("Import 1", "Send 2"):
        taskman.add(name=name, function=runs_on)
    page = visit("/activity")
    expect(page.locator(".run")).to_have_count(2)
    tops = {bar.locator("rect").get_attribute("y") for bar in page.locator(".run").all()}

    assert 2 == len(tops)
    expect(page.locator("[data-legend] li")).to_have_text(["Import 1", "Send 1"])
    page.get_by_role("link", name="Send 2, Running").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Send 2")


def test_timeline_is_live_and_says_what_failed(taskman: TaskControl, visit: Visit) -> None:
    """A run that ends badly appears by itself, marked by its state; the charts count it."""
    page = visit("/activity?range=60")
    expect(page.locator("[data-no-runs]")).to_be_visible()

    taskman.add(name="Broken", function=fails)

    expect(page.locator(".run[data-status='1']")).to_have_count(1)
    failed = page.get_by_role("img", name="Failed")
    assert "at most 60/min" in (failed.get_attribute("aria-label") or "")


def test_range_stays_in_the_address(taskman: TaskControl, visit: Visit) -> None:
    """The time that is looked at is kept over a reload."""
    page = visit("/activity")

    page.get_by_label("The last").select_option("hour")
    page.reload()

    expect(page.get_by_label("The last")).to_have_value("3600")


def test_keys_lead_from_run_to_run(taskman: TaskControl, visit: Visit) -> None:
    """Tab leads to a run, arrows to the others, Enter opens one."""
    for number in range(3):
        taskman.wait([taskman.add(name=f"Run {number}", function=ends)], timeout=5)
    page = visit("/activity")
    expect(page.locator(".run")).to_have_count(3)
    page.get_by_label("The last").focus()
    page.keyboard.press("Tab")

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")

    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Run 0, Completed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Run 0")


def test_idleness_is_cut_out(visit: Visit) -> None:
    """A long stretch in which nothing ran takes little room and is labelled; short ones stay as they are."""
    page = visit("/activity")
    runs = [(0, 100), (105, 200), (900, 1000)]
    runs = [{"from": start, "to": end} for start, end in runs]

    marks = page.evaluate(
        """async (runs) => {
            const link = document.querySelector('link[rel="modulepreload"][href$="/spans.js"]');
            const { scaleOf } = await import(link.href);
            const scale = scaleOf(runs, 0, 1000, 500);
            return { x: [0, 100, 105, 200, 900, 1000].map(scale.x), gaps: scale.gaps };
        }""",
        runs,
    )

    [gap] = marks["gaps"]
    assert 680 == gap["seconds"]
    assert sorted(marks["x"]) == marks["x"]
    assert marks["x"][4] - marks["x"][3] < 60
    assert marks["x"][1] > 100
    assert marks["x"][5] <= 500


def test_sums_are_right(visit: Visit) -> None:
    """Each bucket has what ended in it, halves and extremes of waits and runs, and the longest wait at its end."""
    page = visit("/activity")
    rows = [
        row(0, 1, 2),
        row(0, 2, 62, status=1),
        row(0, 3, 62.5),
        row(30, None, None, status=2),
        row(0, None, 31, status=4),
    ]

    sums = page.evaluate(IMPORT, ["buckets", "summed", rows, 119.5, 120, 1])

    assert (sums["bucketS"], len(sums["ended"])) == (2, 60)
    assert {1: 1, 15: 1, 31: 2} == {index: value for index, value in enumerate(sums["ended"]) if value}
    assert 1 == sums["failed"][31]
    assert (2, 3) == (sums["waits"]["p50"][1], sums["waits"]["p95"][1])
    assert sums["runs"]["p95"][31] == 60
    assert sums["runs"]["p50"][30] is None
    assert [30, 2, 89.5] == [sums["oldest"][index] for index in (14, 15, 59)]


def test_figures_travel_with_time(taskman: TaskControl, visit: Visit) -> None:
    """The oldest waiting task's time goes on while nothing happens."""
    first = taskman.add(name="Runs", function=runs_on)
    taskman.add(name="Waits", function=ends, depend_on=first)
    page = visit("/activity")
    figure = page.locator("[data-chart='oldest'] [data-chart-now]")
    expect(figure).to_contain_text("s")
    seen, deadline = figure.inner_text(), time.monotonic() + 20

    while figure.inner_text() == seen:
        assert time.monotonic() < deadline, "the figure stands still"
        page.wait_for_timeout(100)


def test_activity_passes_axe(taskman: TaskControl, visit: Visit) -> None:
    """The page has no violation and is no wider than the screen."""
    for function in (ends, fails, runs_on):
        taskman.add(name=function.__name__, function=function)
    page = visit("/activity")
    expect(page.locator(".run")).to_have_count(3)

    assert [] == violations_in_all_looks(page, widths=(1280, 375))


def test_most_frequent_kinds_have_colours_of_their_own(taskman: TaskControl, visit: Visit) -> None:
    """Names are told apart by their first word; the rare ones beyond the colours are summed up as others, in grey."""
    words = ["Scan", "Hash", "Count", "Send", "Pack", "Sign", "Fetch", "Clean", "Sort", "Merge"]
    for rank, word in enumerate(words):
        for number in range(len(words) - rank):
            taskman.add(name=f"{word} {number} of many", function=ends)
    taskman.wait(timeout=10)
    page = visit("/activity")

    expect(page.locator("[data-legend] .text")).to_have_text([*words[:8], "others"])
    colours = page.locator("[data-legend] li").evaluate_all("(items) => items.map((item) => item.dataset.colour)")
    assert ["other", 9] == [colours[-1], len(set(colours))]
    expect(page.locator(".run[data-colour='other']")).to_have_count(3)
