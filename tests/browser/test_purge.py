"""The purge dialog shows exactly what will go, and exactly that goes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import TaskControl
from tests.browser.looking import names, row_of
from tests.browser.working import ends, fails, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P3")

Visit = Callable[..., Page]


@pytest.fixture
def dialog(taskman: TaskControl, visit: Visit) -> Locator:
    """Lend the open dialog over a list of two completed, one failed and one running task."""
    for name, function in (("Whole A", ends), ("Whole B", ends), ("Broken", fails)):
        taskman.add(name=name, function=function)
    taskman.wait(timeout=5)
    taskman.add(name="Runs", function=runs_on)
    page = visit()
    page.get_by_role("button", name="Purge").click()
    return page.get_by_role("dialog", name="Purge records")


def listed(dialog: Locator) -> list[str]:
    """The names that the preview lists."""
    return dialog.locator("[data-purge-list] .text").all_inner_texts()


def test_preview_lists_what_will_go(dialog: Locator) -> None:
    """On opening, all that have ended are listed by name, and the button says how many."""
    expect(dialog.locator("[data-purge-count]")).to_have_text("3 records will go:")

    expect(dialog.get_by_role("button", name="Remove 3 records")).to_be_enabled()
    assert ["Whole A", "Whole B", "Broken"] == listed(dialog)


def test_preview_follows_the_choice(dialog: Locator) -> None:
    """Without the completed ones only the failed one is listed; with an age that none has, nothing is."""
    dialog.get_by_label("Completed").uncheck()
    expect(dialog.locator("[data-purge-count]")).to_have_text("1 record will go:")
    assert ["Broken"] == listed(dialog)

    dialog.get_by_label("Added more than").fill("2")

    expect(dialog.locator("[data-purge-count]")).to_have_text("No record is like that: nothing would go.")
    expect(dialog.locator("[data-action='purge']")).to_be_disabled()


def test_purge_removes_what_was_shown(dialog: Locator, taskman: TaskControl) -> None:
    """The button removes what is listed; the list follows, and a notice says how many went."""
    dialog.get_by_label("Completed").uncheck()

    dialog.get_by_role("button", name="Remove 1 record").click()

    expect(dialog).to_be_hidden()
    expect(dialog.page.locator("[data-notices]")).to_contain_text("1 record removed.")
    expect(row_of(dialog.page, "Broken")).to_have_count(0)
    assert ["Whole A", "Whole B", "Runs"] == [task["name"] for task in taskman.get_all()]


def test_purge_spares_what_ended_after_the_preview(taskman: TaskControl, visit: Visit) -> None:
    """A task that ends while the dialog is open isn't removed: it wasn't in the preview."""
    gate = threading.Event()
    late = taskman.add(name="Late", function=runs_until(gate))
    taskman.add(name="Early", function=ends)
    page = visit()
    expect(row_of(page, "Early").locator(".cell-status")).to_have_text("Completed 0")
    page.get_by_role("button", name="Purge").click()
    remove = page.get_by_role("button", name="Remove 1 record")
    expect(remove).to_be_enabled()

    gate.set()
    expect(row_of(page, "Late").locator(".cell-status")).to_have_text("Completed 0")
    remove.click()

    expect(row_of(page, "Early")).to_have_count(0)
    assert [late] == [task["id"] for task in taskman.get_all()]


def test_dialog_can_be_left(dialog: Locator, taskman: TaskControl) -> None:
    """Escape and the other button leave the dialog, and nothing has gone."""
    page = dialog.page
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Purge")).to_be_focused()
    page.get_by_role("button", name="Purge").press("Enter")

    dialog.get_by_role("button", name="Keep them").click()

    expect(dialog).to_be_hidden()
    assert 4 == len(taskman.get_all())


def test_order_stands_still_behind_the_dialog(dialog: Locator, taskman: TaskControl) -> None:
    """While the dialog is open the rows behind it hold their order; then what waited comes in."""
    expect(dialog.locator("[data-purge-count]")).to_have_text("3 records will go:")
    before = names(dialog.page)

    taskman.add(name="New", function=ends)
    expect(dialog.page.locator("[data-waiting]")).to_have_text("1 change waiting")
    during = names(dialog.page)
    dialog.page.keyboard.press("Escape")

    assert before == during
    expect(row_of(dialog.page, "New")).to_be_visible()
