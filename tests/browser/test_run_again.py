"""Tasks that are tried again, and those that somebody runs again."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import Retry, TaskControl, TaskHandle
from tests.browser.looking import row_of
from tests.browser.working import ends, fails, runs_until

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


def test_attempts_are_listed(taskman: TaskControl, visit: Visit) -> None:
    """A task that waits for its next attempt says so, and its page has the earlier one with its folded traceback."""
    task = taskman.add("Dials", fails, retries=Retry(1, delay=600, jitter=0))
    page = visit()
    expect(row_of(page, "Dials")).to_contain_text("waits for its next attempt")

    page.get_by_role("link", name=task).click()

    expect(page.locator(".why")).to_contain_text("It is tried again in ")
    attempts = page.get_by_role("region", name="Attempts")
    expect(attempts.get_by_role("listitem")).to_have_count(1)
    expect(attempts).to_contain_text("FileNotFoundError")
    expect(page.get_by_label("Traceback of attempt 1")).to_be_hidden()
    attempts.get_by_text("Traceback").first.click()
    expect(page.get_by_label("Traceback of attempt 1")).to_contain_text("in fails")


@pytest.mark.parametrize("scripts", [True, False])
def test_between_attempts_the_page_tells_the_story(
    taskman: TaskControl, visit: Visit, until: Callable[..., None], scripts: bool
) -> None:
    """How long the attempts ran, and the task's way through them: with scripts, and in what the server sends alike."""
    task = taskman.add("Dials", fails, retries=Retry(2, delay=0.01, factor=100_000, max_delay=600, jitter=0))
    until(lambda: len(taskman.get_task(task)[0].get("attempts", ())) == 2, "two attempts")
    page = visit(f"/tasks/{task}", scripts=scripts)

    expect(page.locator("[data-field='run']")).to_have_text(re.compile(r"^2 attempts ran (<1|\d+) ms$"))
    expect(page.locator(".transitions .word")).to_have_text(
        ["Suspended", "Running", "Suspended", "Running", "Suspended"]
    )
    expect(page.locator(".transitions .note")).to_have_text(["", "attempt 1", "failed", "attempt 2", "failed"])


def test_a_task_that_succeeds_at_last_says_what_it_took(taskman: TaskControl, visit: Visit) -> None:
    """The run time of the last attempt, and that of those before."""
    calls = iter([fails, ends])

    def dial(handle: TaskHandle) -> None:
        next(calls)(handle)

    task = taskman.add("Dials", dial, retries=Retry(1, delay=0, jitter=0))
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{task}")

    took = r"(<1|\d+) ms, after 1 attempt that ran (<1|\d+) ms"
    expect(page.locator("[data-field='run']")).to_have_text(re.compile(f"^{took}$"))
    expect(page.locator(".transitions .note")).to_have_text(["", "attempt 1", "failed", "attempt 2", ""])


def test_run_again_with_what_was_canceled(taskman: TaskControl, visit: Visit) -> None:
    """A failed task's button shows what else would be run again, and then leads to the new task's page."""
    stock: dict[str, int] = {}
    order = taskman.add("Order", lambda: stock["tea"])
    taskman.add("Bill", ends, depend_on=order)
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{order}")
    expect(page.locator(".task-head .word")).to_have_text("Error")

    stock["tea"] = 3
    page.get_by_role("button", name="Run again Order").click()
    dialog = page.get_by_role("dialog", name="Run tasks again")
    expect(dialog.locator("[data-plan-count]")).to_have_text("Runs 1 again, and 1 that was canceled because of it.")
    dialog.get_by_role("button", name="Run 2 tasks again").click()

    expect(page.locator("p.origin")).to_have_text("Run again from Order")
    expect(page.locator(".task-head .word")).to_have_text("Completed")
    expect(page.get_by_role("button", name="Run again")).to_be_hidden()
    expect(page.locator("[data-of='needed_by'] li")).to_contain_text(["Completed"])
    page.locator("p.origin a").click()
    expect(page.locator(".task-head .word")).to_have_text("Error")
    assert sorted(record["status"] for record in taskman.get_all()) == [0, 0, 1, 4]


def test_a_failed_task_leads_to_what_does_it_again(taskman: TaskControl, visit: Visit) -> None:
    """An open page says it as soon as somebody runs the task again, and how that goes; the link leads there."""
    gate = threading.Event()
    calls = iter([fails, runs_until(gate)])

    def dial(handle: TaskHandle) -> None:
        next(calls)(handle)

    failed = taskman.add("Dials", dial)
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{failed}")
    again = page.locator(".origin").get_by_role("listitem")
    expect(again).to_have_count(0)

    (new,) = taskman.run_again(failed)
    expect(again).to_have_text([f"Run again as {new} Running"])
    gate.set()
    expect(again).to_have_text([f"Run again as {new} Completed"])
    again.get_by_role("link", name=new).click()

    expect(page.locator("p.origin")).to_have_text("Run again from Dials")
    expect(again).to_have_count(0)


def test_run_again_alone(taskman: TaskControl, visit: Visit) -> None:
    """Where nothing was canceled because of it, the button does it at once."""
    stock: dict[str, int] = {}
    order = taskman.add("Order", lambda: stock["tea"])
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{order}")

    stock["tea"] = 3
    page.get_by_role("button", name="Run again Order").click()

    expect(page.locator("p.origin")).to_have_text("Run again from Order")
    expect(page.locator(".task-head .word")).to_have_text("Completed")


def test_what_cannot_be_run_again_alone_says_so(taskman: TaskControl, visit: Visit, complaints: object) -> None:
    """A task that would be canceled at once isn't run; the notice says what to run instead."""
    complaints.let_network_fail()  # type: ignore[attr-defined]
    bill = taskman.add("Bill", ends, depend_on=taskman.add("Order", fails))
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{bill}")

    page.get_by_role("button", name="Run again Bill").click()

    expect(page.locator(".notice")).to_contain_text("run that one again, with what was canceled because of it")
    assert len(taskman.get_all()) == 2
