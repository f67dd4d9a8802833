"""The inbox of failures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import expect_names, violations_in_all_looks
from tests.browser.working import ends, fails

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


def breaks() -> None:
    """Fail otherwise than `fails`."""
    raise ValueError("no such thing")


def add(taskman: TaskControl, *functions: Callable) -> None:
    """Run these, one after the other, to their ends."""
    for number, function in enumerate(functions):
        taskman.wait([taskman.add(name=f"{function.__name__} {number}", function=function)], timeout=5)


def test_failures_of_one_kind_stand_together(taskman: TaskControl, visit: Visit) -> None:
    """Two kinds, the newest first, each with its number; one click lists all of a kind."""
    add(taskman, fails, ends, fails, breaks)
    page = visit()
    page.get_by_role("link", name="Failures").click()

    expect(page.locator(".failure h2")).to_have_text(["ValueError", "FileNotFoundError"])
    expect(page.locator(".failure").nth(1)).to_contain_text("working.py, in fails")
    page.get_by_role("link", name="2 tasks").click()

    expect_names(page, ["fails 2", "fails 0"])


def test_inbox_is_live_and_says_what_is_new(taskman: TaskControl, visit: Visit) -> None:
    """A new kind comes by itself; what came after the last visit is marked, what was there then isn't."""
    add(taskman, fails)
    page = visit("/failures")
    expect(page.locator(".failure")).to_have_count(1)
    expect(page.locator(".new:visible")).to_have_count(0)
    page.goto("about:blank")
    add(taskman, breaks)
    page.go_back()

    expect(page.locator(".failure", has_text="ValueError").locator(".new")).to_be_visible()
    expect(page.locator(".new:visible")).to_have_count(1)
    add(taskman, fails)
    expect(page.get_by_role("link", name="2 tasks")).to_be_visible()


def test_purge_takes_one_kind(taskman: TaskControl, visit: Visit) -> None:
    """All of a kind are purged at once, after they were shown; others stay."""
    add(taskman, fails, fails, breaks)
    page = visit("/failures")

    page.get_by_role("button", name="Purge all with FileNotFoundError").click()
    expect(page.locator("[data-plan-count]")).to_have_text("Removes the records of 2.")
    page.get_by_role("button", name="Remove 2 records").click()

    expect(page.locator(".failure h2")).to_have_text(["ValueError"])
    assert ["breaks 2"] == [record["name"] for record in taskman.get_all()]


def test_one_kind_is_run_again(taskman: TaskControl, visit: Visit) -> None:
    """All of a kind, each by its newest run: what failed again is run once more, and what is whole by now isn't."""
    broken = ["A", "B"]

    def fetch(name: str) -> None:
        if name in broken:
            raise TimeoutError(name)

    ids = [taskman.add(name, lambda name=name: fetch(name)) for name in ("A", "B")]
    taskman.add("Behind", ends, depend_on=ids[0])
    taskman.wait(timeout=5)
    add(taskman, breaks)
    page = visit("/failures")
    again = page.get_by_role("button", name="Run again all with TimeoutError")
    said = page.locator("[data-plan-count]")

    broken.remove("A")
    again.click()
    expect(said).to_have_text("Runs 2 again, and 1 that was canceled because of them.")
    page.get_by_role("button", name="Run 3 tasks again").click()
    expect(page.get_by_role("link", name="3 tasks")).to_be_visible()  # the two, and B once more
    again.click()
    expect(said).to_have_text("Runs 1 again. Left as they are: 2 already run again.")
    broken.clear()
    page.get_by_role("button", name="Run 1 task again").click()

    expect(page.locator(".notice").last).to_have_text("1 task added to run again.")
    taskman.wait(timeout=5)
    runs = {
        name: [task["status"] for task in taskman.get_all() if task["name"] == name] for name in ("A", "B", "Behind")
    }
    assert runs == {"A": [1, 0], "B": [1, 1, 0], "Behind": [4, 0]}


def test_empty_inbox_says_what_comes(visit: Visit) -> None:
    """Where nothing has failed, the page says what would be here."""
    expect(visit("/failures").get_by_role("heading", name="Nothing has failed")).to_be_visible()


def test_inbox_passes_axe(taskman: TaskControl, visit: Visit) -> None:
    """The page has no violation and is no wider than the screen."""
    add(taskman, fails, breaks)
    page = visit("/failures")

    assert [] == violations_in_all_looks(page, widths=(1280, 375))
