"""The panel works under a prefix, in a frame, and for those who may only look."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import Page, expect

from dashboard import Dashboard, create_app
from engine import TaskControl
from tests.browser.looking import row_of
from tests.browser.serving import served
from tests.browser.working import runs_on

Visit = Callable[..., Page]

HOST_PAGE = (
    '<!doctype html><link rel="icon" href="data:,"><iframe src="/deep/down/" width="1300" height="600"></iframe>'
)


def test_panel_in_a_frame_of_another_app(taskman: TaskControl, visit: Visit) -> None:
    """Under a prefix, in a frame that the host allows, the panel is live and its buttons work."""
    host = Flask(__name__)
    host.config["TASK_CONTROL_FRAME_ANCESTORS"] = "'self'"
    host.add_url_rule("/", "home", lambda: HOST_PAGE)
    Dashboard(taskman, host, url_prefix="/deep/down")
    with served(host) as server:
        page = visit(url=server.url, framed=True)
        frame = page.frame_locator("iframe")
        expect(frame.locator("[data-connection]")).to_have_attribute("data-connection", "live")

        task = taskman.add(name="Runs", function=runs_on)
        frame.get_by_role("button", name="Cancel Runs").dispatch_event("click")
        expect(frame.locator("[data-rows] .cell-status")).to_have_text("Canceled 4")
        frame.get_by_role("link", name=task).dispatch_event("click")

        expect(frame.get_by_role("heading", level=1)).to_have_text("Runs")
        page.close()


def test_viewer_has_no_buttons(taskman: TaskControl, visit: Visit) -> None:
    """Who may look but not act sees everything live, and no button that would be refused."""
    with served(create_app(taskman, authorize=lambda request: "viewer")) as server:
        page = visit(url=server.url)
        task = taskman.add(name="Runs", function=runs_on)

        expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Running 3")
        assert 0 == page.locator("[data-action='cancel'], [data-action='open-purge']").count()
        page.goto(f"{server.url}/tasks/{task}")
        expect(page.locator(".task-head .word")).to_have_text("Running")
        assert 0 == page.locator("[data-action='cancel']").count()
        page.close()
