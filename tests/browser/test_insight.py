"""Why a task waits, where it is and what it logs, as a person sees it on the task's page and in the list."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard import create_app
from engine import TaskControl, TaskHandle
from tests.browser.looking import expect_names, row_of, violations
from tests.browser.serving import Served, served
from tests.browser.working import ends, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]


@pytest.fixture
def stuck() -> Iterator[Callable[[], None]]:
    """Lend a function that sits in a call until the test is over."""
    over = threading.Event()

    def sits() -> None:
        over.wait(60)

    yield sits
    over.set()


def test_page_says_why_a_task_waits(taskman: TaskControl, visit: Visit) -> None:
    """With and without scripts; the time goes on, and the reason follows what happens to the other tasks."""
    first_gate, second_gate = threading.Event(), threading.Event()
    first = taskman.add(name="First", function=runs_until(first_gate))
    second = taskman.add(name="Second", function=runs_until(second_gate), depend_on=first)
    third = taskman.add(name="Third", function=ends, depend_on=[first, second])

    plain = visit(f"/tasks/{third}", scripts=False).locator("[data-field='why']")
    expect(plain).to_contain_text(
        f'It waits for "First" ({first}) and 1 other, of which the first has been Running for '
    )
    why = visit(f"/tasks/{third}").locator("[data-field='why']")
    expect(why).to_have_text(re.compile(r"Running for [2-9] s\.$"))
    first_gate.set()
    expect(why).to_contain_text(f'It waits for "Second" ({second}), which has been Running for ')
    second_gate.set()

    expect(why).to_be_hidden()


def test_log_has_what_was_logged(taskman: TaskControl, visit: Visit) -> None:
    """A line of logging comes in while the page is open, with its level and its logger's name."""
    gate = threading.Event()

    def work(handle: TaskHandle) -> None:
        runs_until(gate)(handle)
        logging.getLogger("feeds.http").warning("slow answer")
        runs_on(handle)

    task = taskman.add(name="Logs", function=work)
    page = visit(f"/tasks/{task}")
    expect(page.get_by_text("It has said nothing.")).to_be_visible()

    gate.set()

    expect(page.get_by_label("Log lines")).to_contain_text("WARNING feeds.http slow answer")


def test_stack_is_shown_on_demand(taskman: TaskControl, visit: Visit) -> None:
    """The button takes the stack, and takes it anew; when the task has ended, what was seen last stays."""
    gate, end = threading.Event(), threading.Event()

    def first_part(handle: TaskHandle) -> None:
        runs_until(gate)(handle)

    def second_part(handle: TaskHandle) -> None:
        runs_until(end)(handle)

    def work(handle: TaskHandle) -> None:
        first_part(handle)
        handle.log("on to the second part")
        second_part(handle)

    task = taskman.add(name="Works", function=work)
    page = visit(f"/tasks/{task}")
    page.get_by_role("button", name="Take it now").click()
    expect(page.get_by_label("Frames")).to_contain_text("in first_part")
    gate.set()
    expect(page.get_by_label("Log lines")).to_contain_text("on to the second part")

    page.get_by_role("button", name="Take again").click()
    expect(page.get_by_label("Frames")).to_contain_text("in second_part")
    end.set()

    expect(page.get_by_role("button", name="Take again")).to_be_hidden()
    expect(page.get_by_label("Frames")).to_contain_text("in second_part")


def test_a_task_that_does_not_run_has_no_stack_to_take(taskman: TaskControl, visit: Visit) -> None:
    """Neither button nor heading are there before a thread is."""
    first = taskman.add(name="First", function=runs_on)
    page = visit(f"/tasks/{taskman.add(name='Second', function=ends, depend_on=first)}")

    expect(page.get_by_role("heading", name="Stack")).to_be_hidden()


@pytest.fixture
def watched() -> Iterator[tuple[TaskControl, Served]]:
    """Serve the panel of a manager that soon calls tasks stuck."""
    with TaskControl(stuck_after=0.3) as manager:
        with served(create_app(manager)) as server:
            yield manager, server
        manager.shutdown(cancel_futures=True, timeout=10)


def test_stuck_tasks_are_flagged_and_found(
    watched: tuple[TaskControl, Served], visit: Visit, stuck: Callable[[], None]
) -> None:
    """The list says where a task is stuck and since when, the search finds it, and its page says so as well."""
    manager, server = watched
    task = manager.add(name="Sits", function=stuck)
    manager.add(name="Sleeps", function=runs_on)
    page = visit(url=server.url)
    expect(row_of(page, "Sits").locator(".note")).to_have_text(
        re.compile(r"^stuck at test_insight\.py:\d+ in sits for \d s$"), timeout=15_000
    )

    plain = visit(url=server.url, scripts=False)
    expect(row_of(plain, "Sits").locator(".note")).to_contain_text("stuck at test_insight.py:")
    page.get_by_role("searchbox").fill("is:stuck")
    expect_names(page, ["Sits"])
    page.get_by_role("link", name=task).click()

    expect(page.locator("[data-field='why']")).to_have_text(
        re.compile(r"^It hasn't moved from test_insight\.py:\d+ in sits for \d+ s\.$")
    )
    page.get_by_role("button", name="Take it now").click()
    expect(page.get_by_label("Frames")).to_contain_text("in sits")
    assert violations(page) == []


def test_what_is_can_be_is_suggested(
    watched: tuple[TaskControl, Served], visit: Visit, stuck: Callable[[], None]
) -> None:
    """The search offers the flag where some task has it, and says what else can't be read."""
    manager, server = watched
    manager.add(name="Sits", function=stuck)
    page = visit(url=server.url)
    expect(row_of(page, "Sits").locator(".note")).to_contain_text("stuck at", timeout=15_000)
    page.get_by_role("searchbox").press_sequentially("is:")

    expect(page.get_by_role("option")).to_have_text(["is:stuck1 task"])
