"""Tasks beyond what the page holds: listed, counted, found and acted on like the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from engine import TaskControl
from tests.browser.looking import counts, expect_names, names, row_of
from tests.browser.serving import Served, served
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

HELD = 100
TASKS = 1000


@pytest.fixture
def panel(taskman: TaskControl) -> Iterator[Served]:
    """Serve a panel whose pages hold a tenth of the tasks."""
    taskman.add(name="Oldest runs", function=runs_on)
    taskman.add(name="Old broken", function=fails)
    for number in range(TASKS - 2):
        taskman.add(name=f"Task {number}", function=ends)
    taskman.wait([record["id"] for record in taskman.get_all()[1:]], timeout=30)
    app = create_app(taskman)
    app.config["TASK_CONTROL_MAX_ROWS"] = HELD
    with served(app) as server:
        yield server


def test_whole_history_scrolls(visit: Visit) -> None:
    """The list is as long as the counts say, and its end is reached by scrolling."""
    page = visit()
    expect(page.locator("table")).to_have_attribute("aria-rowcount", str(TASKS + 1))

    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")

    expect(row_of(page, "Oldest runs")).to_be_in_viewport()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    expect(row_of(page, f"Task {TASKS // 2}")).to_be_visible()
    expect(page.locator("[data-rows] tr[data-blank]")).to_have_count(0)
    middle = [int(name.removeprefix("Task ")) for name in names(page)]
    assert sorted(middle, reverse=True) == middle
    assert len(middle) == middle[0] - middle[-1] + 1


def test_oldest_first_begins_with_the_history(visit: Visit) -> None:
    """In ascending order the list begins with what the page doesn't hold."""
    page = visit("/?dir=asc")

    expect(page.locator("[data-rows] .cell-name").first).to_have_text("Oldest runs")
    expect(page.locator("[data-rows] .cell-name").nth(2)).to_have_text("Task 0")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(row_of(page, f"Task {TASKS - 3}")).to_be_in_viewport()


def test_search_and_counts_reach_everything(visit: Visit) -> None:
    """A search finds tasks that aren't held, the counts include them, and each count is the length of its list."""
    page = visit("/?q=-name:*7*")
    expected = sum("7" not in f"Task {number}" for number in range(TASKS - 2)) + 2
    expect(page.locator("table")).to_have_attribute("aria-rowcount", str(expected + 1))

    assert {"All": str(expected), "Running": "1", "Completed": str(expected - 2), "Error": "1"} == counts(page)
    page.locator(".rail").get_by_text("Error").click()
    expect_names(page, ["Old broken"])
    page.get_by_role("searchbox").fill("name:oldest*")
    page.locator(".rail").get_by_text("All").click()
    expect_names(page, ["Oldest runs"])


def test_other_orders_are_the_servers(visit: Visit) -> None:
    """Sorted by name, the whole history is in that order."""
    page = visit("/?sort=name&dir=asc")

    expect(page.locator("[data-rows] .cell-name").first).to_have_text("Old broken")
    expect(page.locator("[data-rows] .cell-name").nth(4)).to_have_text("Task 10")
    expect(page.locator("table")).to_have_attribute("aria-rowcount", str(TASKS + 1))


def test_change_of_an_old_task_shows_at_its_place(taskman: TaskControl, visit: Visit) -> None:
    """A task that isn't held is canceled and purged as any other, and doesn't come up as a new one."""
    oldest = taskman.get_all()[0]["id"]
    page = visit("/?dir=asc")
    expect(row_of(page, "Oldest runs")).to_be_visible()

    taskman.cancel(oldest)
    expect(row_of(page, "Oldest runs").locator(".cell-status")).to_have_text("Canceled 4", timeout=15_000)
    taskman.remove(oldest)

    expect(page.locator("[data-rows] .cell-name").first).to_have_text("Old broken", timeout=15_000)
    expect(page.locator("table")).to_have_attribute("aria-rowcount", str(TASKS))


def test_what_the_page_lets_go_stays_listed(taskman: TaskControl, visit: Visit) -> None:
    """As new tasks push old ones out of the page, the list stays whole."""
    page = visit()
    for number in range(HELD):
        taskman.add(name=f"New {number}", function=ends)

    expect(page.locator("table")).to_have_attribute("aria-rowcount", str(TASKS + HELD + 1), timeout=15_000)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("[data-rows] .cell-name").first).to_have_text(f"New {HELD - 1}")
