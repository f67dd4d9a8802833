"""Acting on what is selected and on all that match, with what will be touched shown before."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import TaskControl
from tests.browser.looking import expect_names, leave_rows, names, row_of, violations
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P3")

Visit = Callable[..., Page]


def touched(dialog: Locator) -> list[str]:
    """The names that the dialog lists."""
    return dialog.locator("[data-plan-list] .text").all_inner_texts()


def choose(page: Page, item: str) -> Locator:
    """Choose from the menu that acts on many; answer the dialog."""
    page.locator("[data-many] summary").click()
    page.locator("[data-many]").get_by_role("button", name=item).click()
    return page.locator("[data-plan]")


def test_cancel_of_one_shows_what_waits_for_it(taskman: TaskControl, visit: Visit) -> None:
    """A task with others behind it isn't canceled before they were shown; kept, nothing has happened."""
    first = taskman.add(name="First", function=runs_on)
    second = taskman.add(name="Second", function=ends, depend_on=first)
    third = taskman.add(name="Third", function=ends, depend_on=second)
    page = visit()
    dialog = page.get_by_role("dialog", name="Cancel tasks")

    page.get_by_role("button", name="Cancel First").click()
    expect(dialog.locator("[data-plan-count]")).to_have_text("Cancels 1, and 2 that wait for it.")
    assert ["First", "Second", "Third"] == touched(dialog)
    dialog.get_by_role("button", name="Keep them").click()
    assert [3, 2, 2] == [taskman.get_status(task) for task in (first, second, third)]
    page.get_by_role("button", name="Cancel First").click()
    dialog.get_by_role("button", name="Cancel 3 tasks").click()

    expect(page.locator("[data-count='4']")).to_have_text("3")


def test_task_page_shows_what_waits_too(taskman: TaskControl, visit: Visit) -> None:
    """The button on a task's own page shows the same before it cancels."""
    first = taskman.add(name="First", function=runs_on)
    taskman.add(name="Second", function=ends, depend_on=first)
    page = visit(f"/tasks/{first}")

    page.get_by_role("button", name="Cancel First").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel 2 tasks").click()

    expect(page.locator(".task-head .word")).to_have_text("Canceled")


def test_all_that_match_are_canceled_and_no_other(taskman: TaskControl, visit: Visit) -> None:
    """Without a selection the menu acts on the filter; what comes to fit it while the dialog is open stays."""
    tasks = [taskman.add(name=name, function=runs_on) for name in ("Import A", "Import B", "Other")]
    page = visit("/?q=name:import*")
    dialog = choose(page, "Cancel …")
    expect(dialog.locator("[data-plan-count]")).to_have_text("Cancels 2.")

    late = taskman.add(name="Import C", function=runs_on)
    expect(page.get_by_text("1 change waiting")).to_be_visible()
    dialog.get_by_role("button", name="Cancel 2 tasks").click()

    expect(row_of(page, "Import A").locator(".cell-status")).to_have_text("Canceled 4")
    expect(row_of(page, "Import C").locator(".cell-status")).to_have_text("Running 3")
    assert [4, 4, 3, 3] == [taskman.get_status(task) for task in (*tasks, late)]


def test_selected_are_purged(taskman: TaskControl, visit: Visit) -> None:
    """Of what is selected only the ended go, which the dialog says, and the selection is over."""
    for name, function in (("Whole A", ends), ("Whole B", ends), ("Broken", fails)):
        taskman.add(name=name, function=function)
    taskman.wait(timeout=5)
    taskman.add(name="Runs", function=runs_on)
    page = visit()
    page.get_by_role("checkbox", name="Select Runs").check()
    page.get_by_role("checkbox", name="Select Whole B").click(modifiers=["Shift"])
    expect(page.locator("[data-many-of]")).to_have_text("3 selected")

    dialog = choose(page, "Purge records …")
    expect(dialog.locator("[data-plan-count]")).to_have_text("Removes the records of 2. Left as it is: 1 not ended.")
    assert ["Whole B", "Broken"] == touched(dialog)
    dialog.get_by_role("button", name="Remove 2 records").click()

    expect(page.locator("[data-many-of]")).to_have_text("All 2")
    assert ["Runs", "Whole A"] == names(page)


def failed_imports(taskman: TaskControl) -> dict[str, int]:
    """Add two imports that fail until there is tea in the stock, each with a report behind it, and one that ends."""
    stock: dict[str, int] = {}
    for name in ("A", "B"):
        importing = taskman.add(name=f"Import {name}", function=lambda: stock["tea"])
        taskman.add(name=f"Report {name}", function=ends, depend_on=importing)
    taskman.add(name="Whole", function=ends)
    taskman.wait(timeout=5)
    return stock


def test_selected_are_run_again(taskman: TaskControl, visit: Visit) -> None:
    """A task selected with what was canceled because of it: the dialog names each once, and each is run once."""
    stock = failed_imports(taskman)
    page = visit()
    for name in ("Import A", "Report A", "Whole"):
        page.get_by_role("checkbox", name=f"Select {name}").check()

    dialog = choose(page, "Run again …")
    expect(dialog.locator("[data-plan-count]")).to_have_text("Runs 2 again. Left as it is: 1 not failed.")
    expect(dialog.get_by_role("checkbox")).to_be_hidden()
    assert ["Import A", "Report A"] == touched(dialog)
    stock["tea"] = 3
    dialog.get_by_role("button", name="Run 2 tasks again").click()

    expect(page.locator(".notice")).to_have_text("2 tasks added to run again.")
    expect(page.locator("[data-count='0']")).to_have_text("3")
    leave_rows(page)
    expect_names(page, ["Report A", "Import A", "Whole", "Report B", "Import B", "Report A", "Import A"])
    assert [1, 4, 1, 4, 0, 0, 0] == [record["status"] for record in taskman.get_all()]


def test_all_that_match_are_run_again(taskman: TaskControl, visit: Visit) -> None:
    """With the dependants that were canceled, or without; a second time there is nothing left to be run again."""
    stock = failed_imports(taskman)
    page = visit("/?status=1")
    dialog = choose(page, "Run again …")
    said = dialog.locator("[data-plan-count]")
    expect(said).to_have_text("Runs 2 again, and 2 that were canceled because of them.")
    assert ["Import A", "Import B", "Report A", "Report B"] == touched(dialog)

    dialog.get_by_label("With the dependants that were canceled").uncheck()
    expect(said).to_have_text("Runs 2 again.")
    assert ["Import A", "Import B"] == touched(dialog)
    dialog.get_by_label("With the dependants that were canceled").check()
    expect(said).to_contain_text("and 2 that were canceled")
    stock["tea"] = 3
    dialog.get_by_role("button", name="Run 4 tasks again").click()

    expect(page.locator("[data-count='0']")).to_have_text("5")
    dialog = choose(page, "Run again …")
    expect(said).to_have_text("Nothing to run again. Left as they are: 2 already run again.")
    dialog.get_by_role("button", name="Close").click()
    assert len(taskman.get_all()) == 9


def test_r_runs_a_task_again(taskman: TaskControl, visit: Visit) -> None:
    """The key shows the plan for the task that has the focus; what changes nothing comes first."""
    failed_imports(taskman)
    page = visit()
    row_of(page, "Import B").locator(".cell-name a").focus()

    page.keyboard.press("r")

    expect(page.get_by_role("dialog", name="Run tasks again")).to_contain_text("Runs 1 again, and 1 that was canceled")
    expect(page.get_by_role("button", name="Leave them")).to_be_focused()
    assert [] == violations(page)


def test_rows_stand_still_while_selected(taskman: TaskControl, visit: Visit) -> None:
    """New tasks wait while one is selected, a button says how many, and come when nothing is selected any more."""
    taskman.add(name="Old", function=runs_on)
    page = visit()
    page.get_by_role("checkbox", name="Select Old").check()
    page.mouse.move(5, 5)

    for number in range(7):
        taskman.add(name=f"New {number}", function=runs_on)

    expect(page.get_by_role("button", name="7 changes waiting")).to_be_visible()
    assert ["Old"] == names(page)
    page.keyboard.press("Escape")
    expect(row_of(page, "New 6")).to_be_visible()


def test_list_is_saved_as_csv(taskman: TaskControl, visit: Visit, tmp_path: Path) -> None:
    """The export has the list as the filter and the order have it."""
    for name in ("Import B", "Import A", "Other"):
        taskman.add(name=name, function=ends)
    taskman.wait(timeout=5)
    page = visit("/?q=name:import*&sort=name&dir=asc")
    page.locator("[data-many] summary").click()

    with page.expect_download() as download:
        page.get_by_role("link", name="Export the list as CSV").click()
    download.value.save_as(tmp_path / "tasks.csv")

    assert "tasks.csv" == download.value.suggested_filename
    with (tmp_path / "tasks.csv").open(newline="") as file:
        assert ["Import A", "Import B"] == [row["name"] for row in csv.DictReader(file)]


def test_plan_passes_axe(taskman: TaskControl, visit: Visit) -> None:
    """The dialog has no violation."""
    first = taskman.add(name="First", function=runs_on)
    taskman.add(name="Second", function=ends, depend_on=first)
    page = visit()

    page.get_by_role("button", name="Cancel First").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert [] == violations(page)


def test_dialog_begins_at_what_changes_nothing(taskman: TaskControl, visit: Visit) -> None:
    """Enter on a dialog that has just opened keeps the tasks."""
    taskman.add(name="Runs", function=runs_on)
    page = visit()
    page.get_by_role("checkbox", name="Select Runs").check()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Keep them")).to_be_focused()

    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert 3 == taskman.get_all()[0]["status"]
