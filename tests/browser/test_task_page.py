"""The page of one task says everything that is known of it, and follows it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl, TaskHandle
from tests.browser.looking import row_of
from tests.browser.working import ends, fails, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


def test_row_leads_to_the_task(taskman: TaskControl, visit: Visit) -> None:
    """The id in the list is a link to the task's page, and that leads back."""
    task = taskman.add(name="Runs", function=runs_on)
    page = visit()

    page.get_by_role("link", name=task).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.get_by_role("link", name="All tasks").click()

    expect(row_of(page, "Runs")).to_be_visible()


def test_failure_with_traceback_and_log(taskman: TaskControl, visit: Visit) -> None:
    """A failed task shows its error, the traceback and what it had logged, with or without scripts."""

    def work(handle: TaskHandle) -> None:
        handle.log("about to open", level="WARNING")
        fails(handle)

    task = taskman.add(name="Broken", function=work)
    taskman.wait(timeout=5)

    for scripts in (False, True):
        page = visit(f"/tasks/{task}", scripts=scripts)

        expect(page.locator(".error-line")).to_contain_text("FileNotFoundError")
        expect(page.get_by_label("Traceback")).to_contain_text("in fails")
        expect(page.get_by_label("Log lines")).to_contain_text("WARNING about to open")


def test_result_and_facts(taskman: TaskControl, visit: Visit) -> None:
    """A kept result is shown, and so are limit, thread and times."""
    task = taskman.add(name="Adds", function=lambda: {"sum": 42}, get_result=True, thread_timeout=90)
    taskman.wait(timeout=5)

    page = visit(f"/tasks/{task}")

    expect(page.locator("[data-field='result']")).to_have_text("{'sum': 42}")
    expect(page.locator("[data-field='limit']")).to_have_text("1 m 30 s")
    expect(page.locator("[data-field='thread']")).to_have_text(str(taskman.get_task(task)[0]["thread"]))
    expect(page.locator("[data-field='timestamp']")).to_have_text(taskman.get_task(task)[0]["timestamp"])


def test_process_is_shown_and_the_wait_for_one(taskman: TaskControl, visit: Visit, until: Callable[..., Any]) -> None:
    """A task with a process of its own says which one, and one that finds none free says that it waits."""
    places = len(os.sched_getaffinity(0))
    ids = [taskman.add("Sleeps", lambda task: task.sleep(60), isolation="process") for _ in range(places + 1)]

    def records() -> list[dict[str, Any]]:
        return [taskman.get_task(task)[0] for task in ids]

    until(lambda: sum(record["process"] is not None for record in records()) == places, "all processes to be in use")
    until(lambda: any(record["waiting_for"] == "process" for record in records()), "the last to wait for one")
    waits = next(record for record in records() if record["waiting_for"])
    runs = next(record for record in records() if record["process"])

    for scripts in (False, True):
        page = visit(f"/tasks/{runs['id']}", scripts=scripts)
        expect(page.locator("[data-field='process']")).to_have_text(str(runs["process"]))
        page = visit(f"/tasks/{waits['id']}", scripts=scripts)
        expect(page.locator("[data-field='process']")).to_have_text("none of its own")
        expect(page.locator("[data-field='why']")).to_have_text("All processes are taken; it waits for a free one.")


def test_neighbours_are_linked_with_their_states(taskman: TaskControl, visit: Visit) -> None:
    """The page names what the task waits for and what waits for it, each with its state and a link."""
    first = taskman.add(name="First", function=runs_on)
    second = taskman.add(name="Second", function=ends, depend_on=first)
    taskman.add(name="Third", function=ends, depend_on=second)
    page = visit(f"/tasks/{second}")
    expect(page.locator("[data-of='waits_for'] li")).to_contain_text(["Running"])
    expect(page.locator("[data-of='needed_by'] li")).to_contain_text(["Suspended"])

    taskman.cancel(first)
    expect(page.locator("[data-of='waits_for'] li")).to_contain_text(["Canceled"])
    page.get_by_role("link", name="Third", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Third")


def test_page_follows_the_task(taskman: TaskControl, visit: Visit) -> None:
    """Progress, log lines, states and their times come in while the page is open."""
    gate, go_on = threading.Event(), threading.Event()

    def work(handle: TaskHandle) -> None:
        runs_until(gate)(handle)
        handle.progress(2, 3, "nearly")
        handle.log("a line")
        runs_until(go_on)(handle)

    task = taskman.add(name="Works", function=work)
    page = visit(f"/tasks/{task}")
    expect(page.locator(".task-head .word")).to_have_text("Running")

    gate.set()
    expect(page.locator(".task-progress")).to_have_text("2/3nearly")
    expect(page.get_by_label("Log lines")).to_contain_text("a line")
    go_on.set()

    expect(page.locator(".task-head .word")).to_have_text("Completed")
    expect(page.locator(".task-progress .note")).to_have_text("nearly")
    expect(page.locator(".transitions .word")).to_have_text(["Suspended", "Running", "Completed"])
    expect(page.locator(".transitions .after").last).to_contain_text("after")


def test_cancel_on_the_task_page(taskman: TaskControl, visit: Visit) -> None:
    """The task can be canceled on its own page."""
    task = taskman.add(name="Runs", function=runs_on)
    page = visit(f"/tasks/{task}")

    page.get_by_role("button", name="Cancel Runs").click()

    expect(page.locator(".task-head .word")).to_have_text("Canceled")
    expect(page.get_by_role("button", name="Cancel Runs")).to_be_hidden()
    assert 4 == taskman.get_status(task)


def test_removed_record_is_told(taskman: TaskControl, visit: Visit, complaints) -> None:
    """When the record goes, the page says so and keeps what was known last."""
    complaints.let_network_fail()
    task = taskman.add(name="Old", function=ends)
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{task}")

    taskman.purge(minutes=0)

    expect(page.locator("[data-gone]")).to_contain_text("The record of this task was removed.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Old")


def test_unknown_task_has_an_error_page(visit: Visit, complaints) -> None:
    """An address of no task answers with a page that says so and leads back."""
    complaints.let_network_fail()
    page = visit("/tasks/0123456789", scripts=False)

    expect(page.get_by_role("heading", level=1)).to_contain_text("There is no task 0123456789")
    page.get_by_role("link", name="All tasks").click()

    expect(page.get_by_role("heading", name="No tasks yet")).to_be_visible()
