"""Rows don't move under a pointer or a focus, and what is read stays where it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import leave_rows, names, row_of
from tests.browser.working import ends, runs_on

pytestmark = pytest.mark.guarantee("P2")

Visit = Callable[..., Page]


def test_order_stands_still_under_the_pointer(taskman: TaskControl, visit: Visit) -> None:
    """While the pointer is on the rows new ones wait, and cells change all the same."""
    task = taskman.add(name="Old", function=runs_on)
    page = visit()
    row_of(page, "Old").locator(".cell-name").hover()

    taskman.add(name="New", function=runs_on)
    taskman.cancel(task)

    expect(row_of(page, "Old").locator(".cell-status")).to_have_text("Canceled 4")
    expect(page.get_by_role("button", name="1 change waiting")).to_be_visible()
    assert ["Old"] == names(page)


def test_waiting_changes_apply_when_the_pointer_leaves(taskman: TaskControl, visit: Visit) -> None:
    """As soon as the pointer leaves the rows, what waited is there."""
    taskman.add(name="Old", function=runs_on)
    page = visit()
    row_of(page, "Old").locator(".cell-name").hover()
    taskman.add(name="New", function=runs_on)
    expect(page.get_by_role("button", name="1 change waiting")).to_be_visible()

    leave_rows(page)

    expect(row_of(page, "New")).to_be_visible()
    expect(page.locator("[data-action='apply']")).to_be_hidden()


def test_focus_holds_the_rows_until_told_otherwise(taskman: TaskControl, visit: Visit) -> None:
    """While the keyboard's focus is in a row the order holds; the button applies what waits and the focus stays."""
    taskman.add(name="Old", function=runs_on)
    page = visit()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Cancel Old").focus()
    taskman.add(name="New", function=runs_on)
    waiting = page.get_by_role("button", name="1 change waiting")
    expect(waiting).to_be_visible()
    assert ["Old"] == names(page)

    waiting.dispatch_event("click")

    expect(row_of(page, "New")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel Old")).to_be_focused()


def test_removed_row_stays_marked_under_the_pointer(taskman: TaskControl, visit: Visit) -> None:
    """A record that goes while the pointer is on its row says so there, and leaves afterwards."""
    taskman.add(name="Goes", function=ends)
    taskman.wait(timeout=5)
    page = visit()
    row_of(page, "Goes").locator(".cell-name").hover()

    taskman.purge(minutes=0)
    expect(row_of(page, "Goes").locator(".cell-progress")).to_have_text("its record was removed")
    leave_rows(page)

    expect(row_of(page, "Goes")).to_have_count(0)


def test_reading_place_is_kept(taskman: TaskControl, visit: Visit) -> None:
    """New tasks above don't shift what somebody reads further down."""
    for number in range(120):
        taskman.add(name=f"Old {number}", function=ends)
    taskman.wait(timeout=10)
    page = visit()
    page.evaluate("scrollTo(0, 1800)")
    row = row_of(page, "Old 60")
    expect(row).to_be_visible()
    before = row.bounding_box()

    for number in range(10):
        taskman.add(name=f"New {number}", function=ends)
    expect(page.locator("[data-count='']").first).to_have_text("130")
    expect(page.locator("table")).to_have_attribute("aria-rowcount", "131")

    assert before == row.bounding_box()
