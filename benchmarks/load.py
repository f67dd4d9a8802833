"""How many bytes come over the network when the panel is opened for the first time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, Page

from engine import TaskControl

from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table
from .workload import add_ended

TITLE = "First load"
ABOUT = """
What Chromium, with an empty cache, receives until the panel is live: the answers with their heads, as it counts them,
and the messages on the websocket.
"""

SIZES = (0, 100, 10_000)
SOCKET = "WebSocket"
#: Chromium's names for what it loads, with ours.
KINDS = {"Document": "page", "Script": "scripts", "Stylesheet": "styles", SOCKET: "live messages"}
REST = "other"


def run(quick: bool) -> Report:
    """Load the panel with few and many tasks."""
    sizes = SIZES[:2] if quick else SIZES
    with opened_browser() as browser:
        return report({tasks: measure(browser, tasks) for tasks in sizes})


def measure(browser: Browser, tasks: int) -> dict[str, int]:
    """The bytes of each kind when the panel lists so many tasks."""
    with TaskControl() as taskman, served_panel(taskman) as address, new_page(browser) as page:
        add_ended(taskman, tasks)
        received = count_bytes(page)
        visit(page, address)
        page.wait_for_load_state("networkidle")
        return dict(received)


def count_bytes(page: Page) -> Counter[str]:
    """A counter that goes on counting what the page receives, by kind."""
    received: Counter[str] = Counter()
    kinds: dict[str, str] = {}

    def note_kind(event: Mapping[str, Any]) -> None:
        kinds[event["requestId"]] = KINDS.get(event["type"], REST)

    def add(event: Mapping[str, Any]) -> None:
        received[kinds.get(event["requestId"], REST)] += event["encodedDataLength"]

    def add_message(event: Mapping[str, Any]) -> None:
        received[KINDS[SOCKET]] += len(event["response"]["payloadData"].encode())

    session = page.context.new_cdp_session(page)
    session.on("Network.responseReceived", note_kind)
    session.on("Network.loadingFinished", add)
    session.on("Network.webSocketFrameReceived", add_message)
    session.send("Network.enable")
    return received


def report(measured: Mapping[int, Mapping[str, int]]) -> Report:
    """The bytes of each kind at each size."""
    kinds = [*KINDS.values(), REST]
    rows = [
        [f"{tasks:,}", *(_kilobytes(received.get(kind, 0)) for kind in kinds), _kilobytes(sum(received.values()))]
        for tasks, received in measured.items()
    ]
    return Report(Table(["tasks, kB", *kinds, "together"], rows))


def _kilobytes(count: int) -> str:
    return f"{count / 1000:,.1f}"
