"""The list by single keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from engine import TaskControl
from tests.browser.looking import ROWS, row_of
from tests.browser.serving import served
from tests.browser.working import ends, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


@pytest.fixture
def three(taskman: TaskControl) -> list[str]:
    """Lend three running tasks; the newest, Third, stands at the top."""
    return [taskman.add(name=name, function=runs_on) for name in ("First", "Second", "Third")]


def focused(page: Page) -> str:
    """The name of the task whose row has the focus."""
    return page.evaluate("document.activeElement.closest('tr')?.querySelector('.cell-name').textContent ?? ''")


@pytest.mark.usefixtures("three")
def test_j_and_k_move_and_enter_opens(visit: Visit) -> None:
    """From row to row and back, not beyond the ends, and into the task."""
    page = visit()

    visited = []
    for key in "jjjjkk":
        page.keyboard.press(key)
        visited.append(focused(page))
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    assert ["Third", "Second", "First", "First", "Second", "Third"] == visited
    expect(page.get_by_role("heading", level=1)).to_have_text("Second")


def test_x_selects_and_c_cancels(taskman: TaskControl, three: list[str], visit: Visit) -> None:
    """x marks rows, Escape marks none; c cancels the row at hand."""
    page = visit()
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("[data-many-of]")).to_have_text("2 selected")

    page.keyboard.press("Escape")
    expect(page.locator("[data-many-of]")).to_have_text("All 3")
    page.keyboard.press("c")

    expect(row_of(page, "Second").locator(".cell-status")).to_have_text("Canceled 4")
    assert [3, 4, 3] == [taskman.get_status(task) for task in three]


def test_c_cancels_what_is_selected(taskman: TaskControl, three: list[str], visit: Visit) -> None:
    """With tasks selected, c shows what will go, and a confirmation does it."""
    page = visit()
    for key in "jxjxc":
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name="Cancel tasks")
    expect(dialog.locator("[data-plan-count]")).to_have_text("Cancels 2.")

    dialog.get_by_role("button", name="Cancel 2 tasks").click()

    expect(page.locator("[data-count='4']")).to_have_text("2")
    assert [3, 4, 4] == [taskman.get_status(task) for task in three]


@pytest.mark.usefixtures("three")
def test_sheet_lists_the_keys_and_switches_them_off(visit: Visit) -> None:
    """? shows the sheet; keys that are switched off there stay off, but for the button."""
    page = visit()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("next and previous task")

    sheet.get_by_role("checkbox").uncheck()
    sheet.get_by_role("button", name="Close").click()
    page.reload()
    page.wait_for_selector('html[data-ready="1"]')
    page.keyboard.press("j")

    assert "" == focused(page)
    page.get_by_role("button", name="Keys").click()
    expect(sheet).to_be_visible()


def test_keys_reach_every_row(taskman: TaskControl, visit: Visit) -> None:
    """j goes on beyond the rows that were on the screen at first, and the row it reaches is in sight."""
    for number in range(80):
        taskman.add(name=f"Task {number}", function=ends)
    taskman.wait(timeout=10)
    page = visit("/?dir=asc")

    for _ in range(61):
        page.keyboard.press("j")

    assert "Task 60" == focused(page)
    expect(row_of(page, "Task 60")).to_be_in_viewport(ratio=1)


def test_keys_may_be_faster_than_the_screen(taskman: TaskControl, visit: Visit) -> None:
    """Sixty-one of them between two frames go sixty-one rows on."""
    for number in range(80):
        taskman.add(name=f"Task {number}", function=ends)
    taskman.wait(timeout=10)
    page = visit("/?dir=asc")

    page.evaluate(
        "() => { for (let n = 0; n < 61; n++)"
        " document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true })) }"
    )

    assert "Task 60" == focused(page)
    expect(row_of(page, "Task 60")).to_be_in_viewport(ratio=1)


@pytest.mark.usefixtures("three")
def test_keys_are_letters_in_the_search(visit: Visit) -> None:
    """Whoever types a search moves, selects and cancels nothing."""
    page = visit()

    page.keyboard.press("/")
    page.keyboard.type("jxck?")

    expect(page.get_by_role("searchbox")).to_have_value("jxck?")
    expect(page.locator("[data-many-of]")).to_have_text("All 0")


@pytest.mark.usefixtures("three")
def test_viewers_only_move(taskman: TaskControl, visit: Visit) -> None:
    """Who may only look has no boxes to select and no key that acts."""
    with served(create_app(taskman, authorize=lambda request: "viewer")) as server:
        page = visit(url=server.url)
        for key in "jxc":
            page.keyboard.press(key)

        assert "Third" == focused(page)
        page.locator("[data-many] summary").click()
        expect(page.get_by_role("checkbox", name="Select Third")).to_have_count(0)
        expect(page.get_by_role("link", name="Export the list as CSV")).to_be_visible()
        expect(page.locator(f"{ROWS}[data-status='3']")).to_have_count(3)
        page.close()
