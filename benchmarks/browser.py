"""The panel of a manager in Chromium: served by this process, as scripts serve it, and opened afresh."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard import create_app
from engine import TaskControl
from scripts import chromium

from .report import Unavailable

VIEWPORT: ViewportSize = {"width": 1440, "height": 900}


class NoBrowser(Unavailable):
    """There is no Chromium to measure in."""

    def __init__(self) -> None:
        super().__init__(f"there is no Chromium: install it (make browser), or set {chromium.VARIABLE} to its path")


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A Chromium while the block runs; raises NoBrowser."""
    if chromium.find() is None:
        raise NoBrowser
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        try:
            yield browser
        finally:
            browser.close()


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The terminal is for the figures."""


@contextmanager
def served_panel(taskman: TaskControl) -> Iterator[str]:
    """The address of the manager's panel while the block runs; then its threads end."""
    app = create_app(taskman)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="benchmark-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        for dashboard in app.extensions["task_control"].values():
            dashboard.close()
        server.server_close()


@contextmanager
def new_page(browser: Browser) -> Iterator[Page]:
    """An empty page whose browser has nothing in its cache."""
    context = browser.new_context(viewport=VIEWPORT)
    try:
        yield context.new_page()
    finally:
        context.close()


def visit(page: Page, address: str) -> None:
    """Open the panel and wait until its scripts have taken over."""
    page.goto(address)
    page.wait_for_selector('html[data-ready="1"]')
    page.wait_for_selector('[data-connection="live"]')
