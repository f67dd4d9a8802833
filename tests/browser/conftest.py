"""What the browser tests stand on: a real server with a real manager, and pages that complain aloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from dashboard import create_app
from engine import TaskControl
from tests.browser.serving import Served, served

DESKTOP = {"width": 1440, "height": 900}

#: Has violations of the content policy show up among the errors of the console.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    (event) => console.error("policy violation:", event.effectiveDirective, event.blockedURI, event.sample))"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a page; some tests here only read files."""
    for item in items:
        if "new_context" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """Pages do not move more than they must."""
    return {**browser_context_args, "reduced_motion": "reduce"}


class Complaints:
    """Whatever goes wrong inside of the pages; the test fails if there is any at its end."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._network_may_fail = False

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of a context."""
        context.add_init_script(TELL_VIOLATIONS)
        context.on("weberror", lambda error: self.heard.append(f"{error.error}"))
        context.on("console", self._hear)

    def let_network_fail(self) -> None:
        """A browser reports failed requests as errors: here they belong to the test."""
        self._network_may_fail = True

    def _hear(self, message: ConsoleMessage) -> None:
        about_network = message.text.startswith(("Failed to load resource", "WebSocket connection to"))
        if message.type == "error" and not (self._network_may_fail and about_network):
            self.heard.append(message.text)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail the test on errors of scripts, errors in the console and violations of the content policy."""
    complaints = Complaints()
    yield complaints
    assert complaints.heard == []


@pytest.fixture
def panel(taskman: TaskControl) -> Iterator[Served]:
    """Serve the real panel of the test's manager."""
    with served(create_app(taskman)) as server:
        yield server


@pytest.fixture
def visit(panel: Served, complaints: Complaints, new_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Lend a way to open the panel; options go to the browser context."""

    def open_page(
        path: str = "/", *, scripts: bool = True, url: str = "", framed: bool = False, **options: object
    ) -> Page:
        context = new_context(**{"viewport": DESKTOP, "java_script_enabled": scripts} | options)
        complaints.watch(context)
        page = context.new_page()
        page.goto((url or panel.url) + path)
        if scripts and not framed:
            page.wait_for_selector('html[data-ready="1"]')
        return page

    return open_page
