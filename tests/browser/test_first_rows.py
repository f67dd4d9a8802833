"""The page as the server renders it: it reads without scripts, and says the same as with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl, TaskHandle
from tests.browser.looking import ROWS, counts, expect_names, names, row_of
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


def test_page_reads_without_scripts(taskman: TaskControl, visit: Visit) -> None:
    """Without JavaScript the list shows the tasks, newest first, with their states and errors."""
    taskman.add(name="Broken", function=fails)
    taskman.add(name="Whole", function=ends)
    taskman.wait(timeout=5)

    page = visit(scripts=False)

    expect_names(page, ["Whole", "Broken"])
    expect(row_of(page, "Broken").locator(".cell-status")).to_have_text("Error 1")
    expect(row_of(page, "Broken").locator(".cell-error")).to_contain_text("No such file or directory")
    expect(page.locator("[data-connection]")).to_contain_text("As it was on loading")
    assert {"All": "2", "Completed": "1", "Error": "1"} == counts(page)


def test_links_work_without_scripts(taskman: TaskControl, visit: Visit) -> None:
    """Without JavaScript the rail filters, a column's head sorts, the search searches and a task has its page."""
    for name, function in (("Broken", fails), ("Whole B", ends), ("Whole A", ends)):
        taskman.add(name=name, function=function)
    taskman.wait(timeout=5)
    page = visit(scripts=False)

    page.locator(".rail").get_by_text("Completed").click()
    page.get_by_role("link", name="Name").click()
    sorted_names = names(page)
    page.get_by_role("searchbox").fill("whole b")
    page.get_by_role("searchbox").press("Enter")
    found = names(page)
    page.get_by_role("link", name="Whole B").click()

    assert (["Whole A", "Whole B"], ["Whole B"]) == (sorted_names, found)
    expect(page.get_by_role("heading", level=1)).to_have_text("Whole B")


def test_dependencies_are_told_in_words(taskman: TaskControl, visit: Visit) -> None:
    """Each row says in words what it comes after, and a waiting one what it waits for."""
    first = taskman.add(name="First", function=runs_on)
    taskman.add(name="Second", function=ends, depend_on=first)

    page = visit(scripts=False)

    expect(row_of(page, "Second").locator(".cell-arrows")).to_have_text("after First")
    expect(row_of(page, "Second").locator(".cell-progress")).to_have_text("waits for First")


def test_canceled_row_names_the_task_that_failed(taskman: TaskControl, visit: Visit) -> None:
    """A task that was canceled for another says that one's name, listed or not; its title is the record's error."""
    broken = taskman.add(name="Broken", function=fails)
    taskman.add(name="Behind", function=ends, depend_on=broken)
    taskman.wait(timeout=5)

    for scripts in (False, True):
        error = row_of(visit("/?status=4", scripts=scripts), "Behind").locator(".cell-error .text")

        expect(error).to_have_text("Broken ended with Error")
        expect(error).to_have_attribute("title", f"Canceled: task {broken} ended with Error")


def test_last_message_goes_with_success(taskman: TaskControl, visit: Visit) -> None:
    """A completed task no longer says what it was at; one that failed says where it stood."""

    def stops_halfway(handle: TaskHandle) -> None:
        handle.progress(1, 2, "halfway")
        raise ValueError

    taskman.add(name="Whole", function=lambda task: task.progress(2, 2, "nearly"))
    taskman.add(name="Broken", function=stops_halfway)
    taskman.wait(timeout=5)

    for scripts in (False, True):
        page = visit(scripts=scripts)

        expect(row_of(page, "Whole").locator(".cell-progress")).to_have_text("")
        expect(row_of(page, "Broken").locator(".cell-progress")).to_have_text("1/2halfway")


def test_no_cancel_button_without_scripts(taskman: TaskControl, visit: Visit) -> None:
    """A button that could do nothing isn't shown."""
    taskman.add(name="Runs", function=runs_on)

    page = visit(scripts=False)

    expect(row_of(page, "Runs").locator("button")).not_to_be_visible()


def test_scripts_say_what_the_server_said(taskman: TaskControl, visit: Visit) -> None:
    """Taken over by the scripts, each cell says what the server had rendered."""
    first = taskman.add(name="First", function=lambda task: task.progress(3, 4, "almost"))
    taskman.add(name="Second", function=fails, depend_on=first)
    taskman.add(name="Third & <last>", function=ends, depend_on=[first])
    taskman.add(name="Fourth", function=ends, depend_on=taskman.add(name="Fails & <fails>", function=fails))
    taskman.wait(timeout=5)
    read = f"[...document.querySelectorAll('{ROWS} td')].map((cell) => cell.textContent.trim())"

    plain = visit(scripts=False)
    cells = plain.locator(f"{ROWS} td")
    rendered = [(cell.text_content() or "").strip() for cell in cells.all()]
    taken_over = visit().evaluate(read)

    assert rendered == taken_over


def test_rows_are_taken_over_not_replaced(taskman: TaskControl, visit: Visit) -> None:
    """The rows that the server rendered are the very elements that the scripts go on with."""
    taskman.add(name="Runs", function=runs_on)
    mark = """new MutationObserver((changes, observer) => {
        const row = document.querySelector("[data-rows] tr");
        if (row) { row.isTheServers = true; observer.disconnect(); }
    }).observe(document, { childList: true, subtree: true })"""
    page = visit()

    page.context.add_init_script(mark)
    page.reload()
    page.wait_for_selector('html[data-ready="1"]')

    assert page.evaluate(f"document.querySelector('{ROWS}').isTheServers")
