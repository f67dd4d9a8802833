"""The Cancel button stops a task, however busy the page is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import row_of
from tests.browser.working import counts_up, ends, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P3")

Visit = Callable[..., Page]


def test_click_cancels_a_running_task(taskman: TaskControl, visit: Visit) -> None:
    """A click on Cancel ends the task, and its row says by what."""
    task = taskman.add(name="Runs", function=runs_on)
    page = visit()

    page.get_by_role("button", name="Cancel Runs").click()

    expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Canceled 4")
    expect(row_of(page, "Runs").locator(".cell-error")).to_have_text("Canceled on request")
    expect(page.get_by_role("button", name="Cancel Runs")).to_be_hidden()
    assert 4 == taskman.get_status(task)


def test_click_cancels_a_waiting_task(taskman: TaskControl, visit: Visit) -> None:
    """A task that waits can be canceled as well."""
    first = taskman.add(name="First", function=runs_on)
    second = taskman.add(name="Second", function=ends, depend_on=first)
    page = visit()

    page.get_by_role("button", name="Cancel Second").click()

    expect(row_of(page, "Second").locator(".cell-status")).to_have_text("Canceled 4")
    assert (3, 4) == (taskman.get_status(first), taskman.get_status(second))


def test_keyboard_cancels(taskman: TaskControl, visit: Visit) -> None:
    """By keyboard alone: Tab to the button, Enter; the focus stays in the row."""
    taskman.add(name="Runs", function=runs_on)
    page = visit()

    page.keyboard.press("/")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.action") == "cancel":
            break
    expect(page.get_by_role("button", name="Cancel Runs")).to_be_focused()
    page.keyboard.press("Enter")

    expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Canceled 4")
    expect(row_of(page, "Runs").locator(".cell-id a")).to_be_focused()


def test_no_click_is_lost_while_rows_update(taskman: TaskControl, visit: Visit) -> None:
    """Of thirty clicks in a row, while every row updates each 50 ms and tasks come in, each cancels its task."""
    tasks = [taskman.add(name=f"Busy {number}", function=counts_up(0.05)) for number in range(30)]
    page = visit()
    # Where somebody's is who is about to click. Else the rows go on moving, and the tool waits for one to stand still.
    middle = page.get_by_role("button", name="Cancel Busy 15", exact=True).bounding_box()
    page.mouse.move(middle["x"] + 5, middle["y"] + 5)
    stop = threading.Event()

    def add_more() -> None:
        while not stop.wait(0.05):
            taskman.add(name="More", function=ends)

    adder = threading.Thread(target=add_more)
    adder.start()
    try:
        for number in range(30):
            page.get_by_role("button", name=f"Cancel Busy {number}", exact=True).click()
        expect(page.locator("[data-count='4']")).to_have_text("30")
    finally:
        stop.set()
        adder.join()

    assert [4] * 30 == [taskman.get_status(task) for task in tasks]


def test_pressed_button_is_never_replaced(taskman: TaskControl, visit: Visit) -> None:
    """A press that lasts over many updates of its row, while new tasks come in, is a click all the same."""
    task = taskman.add(name="Busy", function=counts_up(0.02))
    page = visit()
    box = page.get_by_role("button", name="Cancel Busy").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)

    page.mouse.down()
    for number in range(10):
        taskman.add(name=f"New {number}", function=ends)
        page.wait_for_timeout(50)
    page.mouse.up()

    expect(row_of(page, "Busy").locator(".cell-status")).to_have_text("Canceled 4")
    assert 4 == taskman.get_status(task)


def test_refused_cancel_says_why(taskman: TaskControl, visit: Visit, complaints) -> None:
    """Where the task had ended already the page says so."""
    complaints.let_network_fail()
    gate = threading.Event()
    taskman.add(name="Ends", function=runs_until(gate))
    page = visit()
    page.route("**/cancellation", lambda route: (gate.set(), taskman.wait(timeout=5), route.continue_()))

    page.get_by_role("button", name="Cancel Ends").click()

    expect(page.locator("[data-notices]")).to_contain_text("“Ends” was not canceled.")
    expect(row_of(page, "Ends").locator(".cell-status")).to_have_text("Completed 0")


def test_thread_that_cannot_be_stopped_is_told(taskman: TaskControl, visit: Visit) -> None:
    """A canceled task whose thread goes on says so in its row until the thread has ended."""
    gate = threading.Event()
    taskman.add(name="Sits", function=lambda: gate.wait(20))
    page = visit()

    try:
        page.get_by_role("button", name="Cancel Sits").click()
        expect(row_of(page, "Sits").locator(".note")).to_contain_text("still blocked in a call for ", timeout=15_000)
    finally:
        gate.set()

    expect(row_of(page, "Sits").locator(".note")).to_have_text("")
