"""What happens to a page whose server is killed, whose clock is set, or which stands still itself."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from dashboard import Dashboard, Pace, create_app
from engine import TaskControl
from tests.browser.looking import expect_names, leave_rows, row_of
from tests.browser.proxy import Proxy
from tests.browser.serving import Served, served, sockets
from tests.browser.test_connection import connection
from tests.browser.working import ends, runs_on
from tests.serving.servers import Server, free_port

pytestmark = pytest.mark.guarantee("P2")

Visit = Callable[..., Page]

#: A server of its own with one task, on the port and with the name that it is given.
PROGRAM = """
import sys, threading
import dashboard
from engine import TaskControl

taskman = TaskControl()
taskman.wait([taskman.add(sys.argv[2], lambda: None)])
print(dashboard.serve(taskman, port=int(sys.argv[1])).url, flush=True)
threading.Event().wait()
"""
HOUR_MS = 3_600_000


@pytest.fixture
def panel(taskman: TaskControl) -> Iterator[Served]:
    """Serve a panel that soon notices who is silent."""
    app = Flask("host")
    board = Dashboard(taskman, url_prefix="")
    board.pace = Pace(stall_s=1.0, ping_s=0.5, unheard_s=2.0)
    board.init_app(app)
    with served(app) as server:
        yield server


def test_a_server_that_is_killed(visit: Visit, complaints) -> None:
    """kill -9 is shown as a loss; the page finds the next server of that address by itself and starts afresh."""
    complaints.let_network_fail()
    port = free_port()
    server = Server(["-c", PROGRAM, str(port), "Of before"])
    try:
        page = visit(url=server.url.rstrip("/"))
        expect(row_of(page, "Of before")).to_be_visible()
        expect(connection(page)).to_have_attribute("data-connection", "live")

        server.process.send_signal(signal.SIGKILL)
        expect(connection(page)).to_have_attribute("data-connection", "reconnecting", timeout=10_000)
        expect(row_of(page, "Of before")).to_be_visible()
        server.process.communicate()
        server = Server(["-c", PROGRAM, str(port), "Of now"])

        expect(row_of(page, "Of now")).to_be_visible(timeout=20_000)
        leave_rows(page)
        expect_names(page, ["Of now"])
        expect(connection(page)).to_have_attribute("data-connection", "live")
        page.context.close()
    finally:
        server.kill()
        server.process.communicate()


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_a_clock_that_is_set(taskman: TaskControl, visit: Visit, complaints, jump_ms: int) -> None:
    """An hour ahead or back, a silence is noticed as soon as ever, and what was missed is there afterwards."""
    complaints.let_network_fail()
    with served(create_app(taskman)) as patient, Proxy(patient.port) as proxy:  # the page must notice, not the server
        page = visit(url=proxy.url)
        expect(connection(page)).to_have_attribute("data-connection", "live")

        proxy.become("silent")
        page.evaluate(f"const right = Date.now; Date.now = () => right() + {jump_ms}")
        taskman.add(name="Missed", function=ends)
        expect(connection(page)).to_have_attribute("data-connection", re.compile("reconnecting|stale"), timeout=12_000)
        proxy.become("pass")

        expect(row_of(page, "Missed")).to_be_visible(timeout=15_000)
        expect(connection(page)).to_have_attribute("data-connection", "live", timeout=15_000)
        page.context.close()


def test_a_browser_that_stands_still(
    taskman: TaskControl, panel: Served, visit: Visit, browser: Browser, complaints, until: Callable[..., object]
) -> None:
    """A browser whose machine sleeps is cut by the server; when it goes on, the page catches up by itself."""
    complaints.let_network_fail()
    task = taskman.add(name="Old", function=runs_on)
    page = visit()
    page.evaluate("globalThis.isTheSamePage = true")
    expect(connection(page)).to_have_attribute("data-connection", "live")
    session = browser.new_browser_cdp_session()
    processes = [one["id"] for one in session.send("SystemInfo.getProcessInfo")["processInfo"]]
    session.detach()

    try:
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        until(lambda: sockets(panel) == 0, "the server to cut it", patience_s=15)
        taskman.cancel(task)
        taskman.add(name="Missed", function=ends)
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)

    expect(row_of(page, "Missed").locator(".cell-status")).to_have_text("Completed 0", timeout=20_000)
    expect(row_of(page, "Old").locator(".cell-status")).to_have_text("Canceled 4")
    expect(connection(page)).to_have_attribute("data-connection", "live", timeout=20_000)
    assert page.evaluate("globalThis.isTheSamePage")
