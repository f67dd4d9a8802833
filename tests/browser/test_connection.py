"""The page tells the truth about its connection, and mends it by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard import create_app
from engine import TaskControl
from tests.browser.looking import expect_names, leave_rows, row_of
from tests.browser.proxy import Mode, Proxy
from tests.browser.serving import Served, served
from tests.browser.working import ends, runs_on

pytestmark = pytest.mark.guarantee("P2")

Visit = Callable[..., Page]


@pytest.fixture
def proxy(panel: Served) -> Iterator[Proxy]:
    """Lend a proxy before the panel."""
    with Proxy(panel.port) as proxy:
        yield proxy


def connection(page: Page) -> Locator:
    """Where the page says how it is connected."""
    return page.locator("[data-connection]")


@pytest.mark.parametrize("loss", ["cut", "silent"])
def test_loss_is_shown_and_mended(taskman: TaskControl, visit: Visit, proxy: Proxy, complaints, loss: Mode) -> None:
    """A connection that is cut or falls silent is shown within 10 s; when it is back, so is all that was missed."""
    complaints.let_network_fail()
    task = taskman.add(name="Old", function=runs_on)
    page = visit(url=proxy.url)
    page.evaluate("globalThis.isTheSamePage = true")
    expect(connection(page)).to_have_attribute("data-connection", "live")

    proxy.become(loss)
    expect(connection(page)).to_have_attribute("data-connection", "reconnecting", timeout=10_000)
    expect(connection(page)).to_contain_text("Reconnecting last message")
    taskman.cancel(task)
    taskman.add(name="Missed", function=ends)
    proxy.become("pass")

    expect(connection(page)).to_have_attribute("data-connection", "live", timeout=15_000)
    expect(row_of(page, "Missed").locator(".cell-status")).to_have_text("Completed 0")
    expect(row_of(page, "Old").locator(".cell-status")).to_have_text("Canceled 4")
    assert page.evaluate("globalThis.isTheSamePage")


def test_restarted_engine_makes_the_page_start_afresh(visit: Visit, taskman: TaskControl, complaints) -> None:
    """After a restart the page shows the new engine's tasks, says so, and keeps none of before."""
    complaints.let_network_fail()
    taskman.add(name="Of before", function=ends)
    again = TaskControl()
    again.add(name="Of now", function=ends)
    with served(create_app(taskman)) as before:
        page = visit(url=before.url)
        expect(row_of(page, "Of before")).to_be_visible()

    with served(create_app(again), before.port):
        expect(row_of(page, "Of now")).to_be_visible(timeout=15_000)
        leave_rows(page)

        expect(page.locator("[data-notices]")).to_contain_text("The engine was restarted")
        expect_names(page, ["Of now"])
        page.close()
    again.shutdown()


def test_polling_where_no_socket_can_be_had(visit: Visit, panel: Served, taskman: TaskControl, complaints) -> None:
    """Where the server has no websocket to give, the page polls, says so and follows all the same."""
    complaints.let_network_fail()
    panel.app.config["TASK_CONTROL_MAX_SOCKETS"] = 0
    page = visit()
    expect(connection(page)).to_have_attribute("data-connection", "polling")

    task = taskman.add(name="New", function=runs_on)
    expect(row_of(page, "New").locator(".cell-status")).to_have_text("Running 3")
    taskman.cancel(task)

    expect(row_of(page, "New").locator(".cell-status")).to_have_text("Canceled 4")
    expect(connection(page)).to_contain_text("Polling last message")


def test_polling_ends_when_sockets_are_back(visit: Visit, panel: Served, complaints) -> None:
    """A page that polls goes back to the websocket as soon as it gets one."""
    complaints.let_network_fail()
    panel.app.config["TASK_CONTROL_MAX_SOCKETS"] = 0
    page = visit()
    expect(connection(page)).to_have_attribute("data-connection", "polling")

    panel.app.config["TASK_CONTROL_MAX_SOCKETS"] = 8
    page.evaluate("dispatchEvent(new Event('online'))")

    expect(connection(page)).to_have_attribute("data-connection", "live", timeout=10_000)


def test_task_page_of_a_restarted_engine(visit: Visit, taskman: TaskControl, complaints) -> None:
    """The page of a task that the restarted engine doesn't know says so."""
    complaints.let_network_fail()
    task = taskman.add(name="Of before", function=runs_on)
    again = TaskControl()
    with served(create_app(taskman)) as before:
        page = visit(f"/tasks/{task}", url=before.url)

    with served(create_app(again), before.port):
        expect(page.locator("[data-gone]")).to_contain_text("The engine was restarted", timeout=15_000)
        page.close()
    again.shutdown()
