"""Pages of those who may do some things and not others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Request
from playwright.sync_api import Page, expect

from dashboard import create_app
from engine import TaskControl
from tests.browser.looking import ROWS, row_of
from tests.browser.serving import Served, served
from tests.browser.working import fails, runs_on

pytestmark = pytest.mark.guarantee("P5")

Visit = Callable[..., Page]
#: The views, and what there is to click for each action.
VIEWS = ("/", "/failures", "/activity", "/tasks/{running}", "/tasks/{failed}")
BUTTONS = {
    "cancel": "[data-action=cancel], [data-many-action=cancel]",
    "purge": "[data-action=open-purge], [data-many-action=purge]",
    "export": "[data-export]",
    "run": "[data-field=again], [data-many-action=run]",
}


@pytest.fixture
def may() -> set[str]:
    """Lend what the hook answers; a test may change it."""
    return {"view"}


@pytest.fixture
def panel(taskman: TaskControl, may: set[str]) -> Iterator[Served]:
    """Serve a panel whose hook answers with that."""

    def authorize(_request: Request) -> set[str]:
        return set(may)

    with served(create_app(taskman, authorize=authorize)) as server:
        yield server


def add_tasks(taskman: TaskControl) -> dict[str, str]:
    ids = {"running": taskman.add("Runs", runs_on), "failed": taskman.add("Fails", fails)}
    taskman.wait([ids["failed"]], timeout=10)
    return ids


@pytest.mark.parametrize("extra", ["", "cancel", "purge", "export", "run", "cancel purge"])
def test_every_view_has_the_buttons_of_what_is_allowed(
    taskman: TaskControl, may: set[str], panel: Served, visit: Visit, extra: str
) -> None:
    """No view has a button for what isn't allowed, and each that is has one somewhere; nothing complains."""
    ids = add_tasks(taskman)
    may |= set(extra.split())
    page = visit()

    found = set()
    for view in VIEWS:
        page.goto(panel.url + view.format(**ids))
        page.wait_for_selector('html[data-ready="1"]')
        found |= {action for action, places in BUTTONS.items() if page.locator(places).count()}

    assert found == may - {"view"}


def test_who_may_cancel_cancels(taskman: TaskControl, may: set[str], visit: Visit) -> None:
    """The button and the key work where nothing else is allowed."""
    add_tasks(taskman)
    second = taskman.add("Runs too", runs_on)
    may |= {"cancel"}
    page = visit()

    page.get_by_role("button", name="Cancel Runs", exact=True).click()
    expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Canceled 4")
    row_of(page, "Runs too").locator(".cell-name a").focus()
    page.keyboard.press("c")

    expect(row_of(page, "Runs too").locator(".cell-status")).to_have_text("Canceled 4")
    assert taskman.get_status(second) == 4


def test_a_permission_that_ends_leaves_no_way(
    taskman: TaskControl, may: set[str], visit: Visit, complaints: object
) -> None:
    """A button that is still there from before is refused, and the page says so."""
    complaints.let_network_fail()  # type: ignore[attr-defined]
    ids = add_tasks(taskman)
    may |= {"cancel"}
    page = visit()
    may -= {"cancel"}

    page.get_by_role("button", name="Cancel Runs", exact=True).click()

    expect(page.locator(".notice")).to_contain_text("you may look, but not cancel")
    assert taskman.get_status(ids["running"]) == 3


def test_keys_do_nothing_where_nothing_is_allowed(taskman: TaskControl, visit: Visit) -> None:
    """Who may only look has no keys that act."""
    ids = add_tasks(taskman)
    page = visit()
    page.locator(f"{ROWS} .cell-name a").last.focus()

    for key in "xc":
        page.keyboard.press(key)

    expect(page.locator("[data-plan], [data-purge]")).to_have_count(0)
    assert taskman.get_status(ids["running"]) == 3
