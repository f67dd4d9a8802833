"""How many bytes come over the network when the panel is opened for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from engine import TaskControl

from . import wire
from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table, Target
from .workload import add_ended

TITLE = "First load"
ABOUT = """
What Chromium, with an empty cache, receives until the panel is live, counted on the wire: all answers with their heads,
whoever asked, page or worker, and all that the websocket brings. The live messages are the tasks themselves.
"""

SIZES = (0, 100, 10_000)
TARGET_SIZE = 100
#: Until nothing more comes but heartbeats.
SETTLED_MS = 1_000
MOST_BYTES = 120_000
KINDS = (wire.PAGE, wire.SCRIPTS, wire.STYLES, wire.MESSAGES, wire.REST)


class Load(NamedTuple):
    """The bytes of each kind, and the hosts that the page asked."""

    received: Mapping[str, int]
    hosts: frozenset[str]

    @property
    def together(self) -> int:
        """All bytes."""
        return sum(self.received.values())


def run(quick: bool) -> Report:
    """Load the panel with few and many tasks."""
    sizes = SIZES[:2] if quick else SIZES
    with opened_browser() as browser:
        return report({tasks: measure(browser, tasks) for tasks in sizes})


def measure(browser: Browser, tasks: int) -> Load:
    """What a first load brings when the panel lists so many tasks."""
    hosts: set[str] = set()
    with TaskControl() as taskman, served_panel(taskman) as served, wire.counted(served) as (address, received):
        add_ended(taskman, tasks)
        with new_page(browser) as page:
            page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
            visit(page, address)
            page.wait_for_timeout(SETTLED_MS)
            return Load(dict(received), frozenset(hosts))


def report(measured: Mapping[int, Load]) -> Report:
    """The bytes of each kind at each size, and what is to be reached."""
    rows = [
        [f"{tasks:,}", *(_kilobytes(load.received.get(kind, 0)) for kind in KINDS), _kilobytes(load.together)]
        for tasks, load in measured.items()
    ]
    told = measured[TARGET_SIZE]
    targets = [
        Target(
            f"with {TARGET_SIZE} tasks {_kilobytes(MOST_BYTES)} kB at most, all told",
            f"{_kilobytes(told.together)} kB",
            told.together <= MOST_BYTES,
        ),
        Target("no request to another host", f"{len(told.hosts)} was asked", len(told.hosts) == 1),
    ]
    return Report(Table(["tasks, kB", *KINDS, "together"], rows), targets)


def _kilobytes(count: int) -> str:
    return f"{count / 1000:,.1f}"
