"""What happens in the engine shows on the page by itself."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import counts, expect_names, row_of
from tests.browser.working import ends, fails, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P2")

Visit = Callable[..., Page]


def test_task_shows_from_add_to_end(taskman: TaskControl, visit: Visit) -> None:
    """A task that is added while the page is open appears, runs and completes there without a reload."""
    gate, go_on = threading.Event(), threading.Event()
    first = taskman.add(name="First", function=runs_until(gate))
    page = visit()

    taskman.add(name="Second", function=runs_until(go_on), depend_on=first)
    status = row_of(page, "Second").locator(".cell-status")
    expect(status).to_have_text("Suspended 2")
    expect(row_of(page, "Second").locator(".cell-progress")).to_have_text("waits for First")
    gate.set()
    expect(status).to_have_text("Running 3")
    go_on.set()

    expect(status).to_have_text("Completed 0")
    expect(page.locator("[data-connection]")).to_have_attribute("data-connection", "live")


def test_failure_shows_with_its_error(taskman: TaskControl, visit: Visit) -> None:
    """A task that fails shows its error in its row."""
    page = visit()

    taskman.add(name="Broken", function=fails)

    expect(row_of(page, "Broken").locator(".cell-error")).to_contain_text("FileNotFoundError")


def test_progress_shows_with_its_message(taskman: TaskControl, visit: Visit) -> None:
    """Progress that a task reports moves its bar and shows its message."""
    page = visit()

    def work(task) -> None:
        task.progress(7, 20, "counting")
        runs_on(task)

    taskman.add(name="Counts", function=work)

    progress = row_of(page, "Counts").locator(".cell-progress")
    expect(progress).to_have_text("7/20counting")
    expect(progress.get_by_role("progressbar", name="Progress of Counts")).to_have_js_property("value", 7)


def test_run_time_ticks(taskman: TaskControl, visit: Visit) -> None:
    """The run time of a running task goes on counting."""
    taskman.add(name="Runs", function=runs_on)
    page = visit()

    run_time = row_of(page, "Runs").locator(".cell-run")
    expect(run_time).to_have_text(re.compile(r"^\d+ s$"))
    seconds = int(run_time.inner_text().removesuffix(" s"))
    expect(run_time).to_have_text(re.compile(rf"^({seconds + 1}|{seconds + 2}) s$"), timeout=6000)


def test_counts_follow(taskman: TaskControl, visit: Visit) -> None:
    """The rail's counts are those of the engine at any time."""
    gate = threading.Event()
    page = visit()

    taskman.add(name="One", function=runs_until(gate))
    two = taskman.add(name="Two", function=runs_on)
    expect(page.locator("[data-count='3']")).to_have_text("2")
    gate.set()
    taskman.cancel(two)
    expect(page.locator("[data-count='4']")).to_have_text("1")
    expect(page.locator("[data-count='0']")).to_have_text("1")

    assert {"All": "2", "Completed": "1", "Canceled": "1"} == counts(page)


def test_purged_record_leaves(taskman: TaskControl, visit: Visit) -> None:
    """A record that is removed from the store leaves the list."""
    taskman.add(name="Old", function=ends)
    taskman.wait(timeout=5)
    page = visit()

    taskman.purge(minutes=0)

    expect(row_of(page, "Old")).to_have_count(0)
    expect(page.locator("[data-empty='none']")).to_be_visible()


def test_empty_list_teaches_the_first_step(taskman: TaskControl, visit: Visit) -> None:
    """Without a task the page shows how one is added, until there is one."""
    page = visit()
    expect(page.get_by_role("heading", name="No tasks yet")).to_be_visible()

    taskman.add(name="First steps", function=runs_on)

    expect(page.get_by_role("heading", name="No tasks yet")).to_be_hidden()
    expect_names(page, ["First steps"])
