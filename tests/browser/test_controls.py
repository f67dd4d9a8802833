"""Filter, search and sort, and the address that keeps them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import expect_names, leave_rows, row_of
from tests.browser.working import ends, fails, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


@pytest.fixture
def some_tasks(taskman: TaskControl) -> TaskControl:
    """Lend a manager with four tasks, one of which runs."""
    for name, function in (("Delta", ends), ("alpha", fails), ("Charlie", ends)):
        taskman.add(name=name, function=function)
    taskman.wait(timeout=5)
    taskman.add(name="Bravo", function=runs_on)
    return taskman


@pytest.mark.usefixtures("some_tasks")
def test_newest_come_first(visit: Visit) -> None:
    """Unless told otherwise, the task that was added last stands first."""
    page = visit()

    expect_names(page, ["Bravo", "Charlie", "alpha", "Delta"])


@pytest.mark.usefixtures("some_tasks")
def test_rail_filters_by_state(visit: Visit) -> None:
    """A click on a state lists its tasks alone, and says so in the rail and in the address."""
    page = visit()

    page.locator(".rail").get_by_text("Completed").click()

    expect_names(page, ["Charlie", "Delta"])
    expect(page.locator(".rail [aria-current]")).to_contain_text("Completed")
    expect(page.locator("[data-summary]")).to_have_text("2 of 4")
    assert page.url.endswith("/?status=0")


@pytest.mark.parametrize(
    ("words", "found"), [("ALPHA", ["alpha"]), ("no such file", ["alpha"]), ("r", ["Bravo", "Charlie", "alpha"])]
)
@pytest.mark.usefixtures("some_tasks")
def test_search_finds_names_and_errors(visit: Visit, words: str, found: list[str]) -> None:
    """The search lists the tasks whose name or error holds the words, in any case."""
    page = visit()

    page.get_by_role("searchbox").fill(words)

    expect_names(page, found)


def test_search_finds_an_id(some_tasks: TaskControl, visit: Visit) -> None:
    """The search finds a task by its id."""
    task = some_tasks.get_all()[1]
    page = visit()

    page.get_by_role("searchbox").fill(task["id"])

    expect_names(page, [task["name"]])


@pytest.mark.usefixtures("some_tasks")
def test_search_by_keyboard(visit: Visit) -> None:
    """The key / leads to the search, Escape clears it and a second one leaves it."""
    page = visit()

    page.keyboard.press("/")
    page.keyboard.type("alpha")
    expect(page.locator("[data-rows] tr")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[data-rows] tr")).to_have_count(4)
    page.keyboard.press("Escape")

    expect(page.get_by_role("searchbox")).not_to_be_focused()
    assert page.url.endswith("/")


@pytest.mark.usefixtures("some_tasks")
def test_heads_sort_both_ways(visit: Visit) -> None:
    """A click on a column's head sorts by it, a second one the other way round, and the head says so."""
    page = visit()

    page.get_by_role("link", name="Name").click()
    expect_names(page, ["alpha", "Bravo", "Charlie", "Delta"])
    page.get_by_role("link", name="Name").click()

    expect_names(page, ["Delta", "Charlie", "Bravo", "alpha"])
    expect(page.locator("th.cell-name")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("th.cell-added")).not_to_have_attribute("aria-sort", "descending")


@pytest.mark.usefixtures("some_tasks")
def test_address_brings_everything_back(visit: Visit) -> None:
    """Filter, search and order are in the address: opened anew, or by the back button, the list is the same."""
    page = visit("/?status=0&q=a&sort=name&dir=asc")
    expect_names(page, ["Charlie", "Delta"])

    page.locator("[data-filter='']").click()
    expect_names(page, ["alpha", "Bravo", "Charlie", "Delta"])
    page.go_back()

    expect_names(page, ["Charlie", "Delta"])
    expect(page.get_by_role("searchbox")).to_have_value("a")


@pytest.mark.usefixtures("some_tasks")
def test_no_match_offers_a_way_out(visit: Visit) -> None:
    """Where nothing matches, the page says so and clears the filters at a click."""
    page = visit("/?q=zulu")
    expect(page.get_by_role("heading", name="No task matches")).to_be_visible()

    page.get_by_role("link", name="Clear the filters").click()

    expect(page.locator("[data-rows] tr")).to_have_count(4)


def test_filtered_list_is_live(taskman: TaskControl, visit: Visit) -> None:
    """A task enters a filtered list as it comes into the state, and leaves with it."""
    gate = threading.Event()
    page = visit("/?status=3")

    taskman.add(name="Comes and goes", function=runs_until(gate))
    expect(row_of(page, "Comes and goes")).to_have_count(1)
    leave_rows(page)
    gate.set()

    expect(row_of(page, "Comes and goes")).to_have_count(0)


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_colours_are_kept(visit: Visit, chosen: str) -> None:
    """The chosen colours hold over a reload, from the first paint."""
    page = visit()

    page.locator(f"label:has(input[value={chosen}])").click()
    page.reload(wait_until="commit")

    expect(page.locator("html")).to_have_attribute("data-theme", chosen)
    assert chosen == page.evaluate("getComputedStyle(document.documentElement).colorScheme")
