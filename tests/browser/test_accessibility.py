"""The pages pass axe, in both colours, and speak to screen readers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import row_of, violations, violations_in_all_looks
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


@pytest.fixture
def every_state(taskman: TaskControl) -> str:
    """Fill the manager with a task in each state; lend the id of the failed one."""
    taskman.add(name="Whole", function=ends)
    failed = taskman.add(name="Broken", function=fails)
    taskman.add(name="Behind it", function=ends, depend_on=failed)
    taskman.wait(timeout=5)

    def work(task) -> None:
        task.log("begins")
        task.progress(3, 8, "third of eight")
        runs_on(task)

    running = taskman.add(name="Runs", function=work)
    taskman.add(name="Waits", function=ends, depend_on=running)
    return failed


@pytest.mark.usefixtures("every_state")
def test_list_passes_axe(visit: Visit) -> None:
    """The list of tasks has no violation."""
    page = visit()
    expect(row_of(page, "Runs").get_by_role("progressbar")).to_be_visible()

    assert [] == violations_in_all_looks(page)


@pytest.mark.usefixtures("every_state")
def test_cards_pass_axe(visit: Visit) -> None:
    """The list on a phone has no violation."""
    page = visit(viewport={"width": 390, "height": 844})

    assert [] == violations_in_all_looks(page)


def test_task_page_passes_axe(visit: Visit, every_state: str) -> None:
    """The page of a task has no violation."""
    page = visit(f"/tasks/{every_state}")

    assert [] == violations_in_all_looks(page)


@pytest.mark.usefixtures("every_state")
def test_dialog_passes_axe(visit: Visit) -> None:
    """The open purge dialog has no violation."""
    page = visit()
    page.get_by_role("button", name="Purge").click()
    expect(page.get_by_role("button", name="Remove 3 records")).to_be_enabled()

    assert [] == violations_in_all_looks(page)


def test_empty_list_passes_axe(visit: Visit) -> None:
    """The page without a task has no violation."""
    assert [] == violations(visit())


def test_error_page_passes_axe(visit: Visit, complaints) -> None:
    """The page of an error has no violation."""
    complaints.let_network_fail()
    page = visit("/tasks/0000000000")

    assert [] == violations(page)


def test_action_is_announced(taskman: TaskControl, visit: Visit) -> None:
    """What a person did is told to screen readers."""
    taskman.add(name="Runs", function=runs_on)
    page = visit()

    page.get_by_role("button", name="Cancel Runs").click()

    expect(page.locator("[data-announce]")).to_have_text("Canceled: Runs")


def test_table_says_how_long_it_is(taskman: TaskControl, visit: Visit) -> None:
    """The table tells its whole length and each row's place, though only some rows exist."""
    for number in range(200):
        taskman.add(name=f"Task {number}", function=ends)
    taskman.wait(timeout=10)
    page = visit("/?dir=asc")

    expect(page.locator("table")).to_have_attribute("aria-rowcount", "201")
    expect(row_of(page, "Task 0")).to_have_attribute("aria-rowindex", "2")
    assert page.locator("[data-rows] tr").count() < 100


def test_every_row_is_reached_by_tab(taskman: TaskControl, visit: Visit) -> None:
    """Tab goes on from row to row beyond those that were on the screen at first."""
    for number in range(80):
        taskman.add(name=f"Task {number}", function=runs_on)
    page = visit("/?dir=asc")
    page.get_by_role("button", name="Cancel Task 0", exact=True).focus()

    for _ in range(60):
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.evaluate("new Promise(requestAnimationFrame)")  # rows come with the frame, however busy the machine is

    expect(page.get_by_role("button", name="Cancel Task 60", exact=True)).to_be_focused()
