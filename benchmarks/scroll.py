"""How long the page is blocked at most while a person moves through very many tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

from engine import TaskControl

from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table, Target, figure, millis
from .timing import Series
from .workload import add_ended

TITLE = "Many tasks in the browser"
ABOUT = """
The longest task on the main thread of a page in Chromium that lists so many tasks, as a `PerformanceObserver` for
`longtask` sees it: for so long the page answers to nobody. It is told only of those over 50 ms, and it counts the time
in which other programs had the processor. The processor time of the thread's costliest task, which is the page's own
doing, comes from Chromium's trace. What is done: the list is scrolled from end to end, frame by frame and in leaps;
words are typed into the search, letter by letter, and taken out again; each state of the rail is chosen; the list is
sorted by name and by run time, both ways.
"""

TASKS = 10_000
ROUNDS, QUICK_ROUNDS = 3, 1
TO_REACH_S = 0.2
TOLD_FROM_S = 0.05

_WATCH = """
globalThis.longTasks = [];
globalThis.longTaskObserver = new PerformanceObserver((list) => longTasks.push(...list.getEntries()));
longTaskObserver.observe({ type: "longtask", buffered: true });
"""

_TAKE_LONGEST = """() => {
    longTasks.push(...longTaskObserver.takeRecords());
    const longest = Math.max(0, ...longTasks.map((entry) => entry.duration));
    longTasks.length = 0;
    return longest;
}"""

_SCROLL = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const isAtEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    while (!isAtEnd()) { scrollBy(0, innerHeight * 0.9); await frame(); }
    while (scrollY > 0) { scrollBy(0, -20000); await frame(); }
}"""

#: What is waited for after each step, so that a long task that ends it is told of.
_SETTLE_MS = 300


def _open(page: Page, address: str) -> None:
    visit(page, address)
    page.evaluate(_WATCH)


def _scroll(page: Page) -> None:
    page.evaluate(_SCROLL)


def _search(page: Page) -> None:
    box = page.get_by_role("searchbox")
    box.press_sequentially("task 9999", delay=60)
    page.wait_for_timeout(_SETTLE_MS)
    for _ in "task 9999":
        box.press("Backspace", delay=30)


def _filter(page: Page) -> None:
    for code in ("0", "1", "4", "3", "2", ""):
        page.locator(f"[data-filter='{code}']").click()
        page.wait_for_timeout(100)


def _sort(page: Page) -> None:
    for column in ("name", "name", "run", "run", "added"):
        page.locator(f"[data-sort='{column}']").click()
        page.wait_for_timeout(100)


STEPS: Mapping[str, Callable[[Page], None]] = {
    "scroll": _scroll,
    "search": _search,
    "filter": _filter,
    "sort": _sort,
}
#: To open the page comes first, and is told as well, but isn't part of the target.
OPEN = "open"


class Longest(NamedTuple):
    """The longest main-thread tasks of a step, round by round, in seconds: as they lasted, and by processor time."""

    lasted: Series
    processor: Series


def run(quick: bool) -> Report:
    """Measure and report."""
    with opened_browser() as browser:
        return report(measure(browser, TASKS, QUICK_ROUNDS if quick else ROUNDS))


def measure(browser: Browser, tasks: int, rounds: int) -> dict[str, Longest]:
    """What each step led to; a task that lasted 0.0 is one that wasn't told of."""
    with TaskControl() as taskman, served_panel(taskman) as address:
        add_ended(taskman, tasks)
        steps: dict[str, Callable[[Page], None]] = {OPEN: partial(_open, address=address), **STEPS}
        found: dict[str, list[tuple[float, float]]] = {step: [] for step in steps}
        for _ in range(rounds):
            with new_page(browser) as page:
                for step, act in steps.items():
                    found[step].append(_longest(browser, page, act))
    return {step: Longest(*(Series(values) for values in zip(*pairs, strict=True))) for step, pairs in found.items()}


def _longest(browser: Browser, page: Page, act: Callable[[Page], None]) -> tuple[float, float]:
    browser.start_tracing(page=page, categories=["toplevel"])
    act(page)
    page.wait_for_timeout(_SETTLE_MS)
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    return page.evaluate(_TAKE_LONGEST) / 1000, _processor_s(trace)


def _processor_s(trace: list[dict[str, Any]]) -> float:
    """The most processor time that one task took on a page's main thread."""
    main = {
        (event["pid"], event["tid"])
        for event in trace
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    spans = (event for event in trace if event["ph"] == "X" and (event["pid"], event["tid"]) in main)
    return max((event.get("tdur", 0) for event in spans), default=0) / 1e6


def report(measured: Mapping[str, Longest]) -> Report:
    """The longest blockages of each step."""
    rows = [
        [step, _told(lasted.median), _told(max(lasted.values)), millis(max(processor.values)), str(len(lasted.values))]
        for step, (lasted, processor) in measured.items()
    ]
    worst = max(STEPS, key=lambda step: max(measured[step].lasted.values))
    worst_s = max(measured[worst].lasted.values)
    own_s = max(max(measured[step].processor.values) for step in STEPS)
    claim = f"with {figure(TASKS)} tasks, nothing over {millis(TO_REACH_S)} ms in any round but for opening the page"
    found = (
        f"at most {_told(worst_s)} ms ({worst}; {_told(measured[worst].lasted.median)} ms in the median of its rounds);"
        f" {millis(own_s)} ms of processor time at most"
    )
    head = ["step", "longest, ms (median of rounds)", "longest, ms (any round)", "processor, ms (any round)", "rounds"]
    return Report(Table(head, rows), [Target(claim, found, worst_s < TO_REACH_S)])


def _told(value_s: float) -> str:
    return millis(value_s) if value_s else f"under {millis(TOLD_FROM_S)}"
