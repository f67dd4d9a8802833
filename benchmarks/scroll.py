"""How long the page is blocked at most while a person moves through very many tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from playwright.sync_api import Browser, Page

from engine import TaskControl

from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table, Target, figure, millis
from .timing import Series
from .workload import add_ended

TITLE = "Many tasks in the browser"
ABOUT = """
The longest task on the main thread of a page in Chromium that lists so many tasks, as a `PerformanceObserver` for
`longtask` sees it: for so long the page answers to nobody. It is told only of those over 50 ms. What is done: the list
is scrolled from end to end, frame by frame and in leaps; words are typed into the search, letter by letter, and taken
out again; each state of the rail is chosen; the list is sorted by name and by run time, both ways.
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


def _open(_: Page) -> None:
    """Nothing more than opening the page."""


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
    "open": _open,
    "scroll": _scroll,
    "search": _search,
    "filter": _filter,
    "sort": _sort,
}
#: To open the page is told, but isn't part of the target.
JUDGED = ("scroll", "search", "filter", "sort")


def run(quick: bool) -> Report:
    """Measure and report."""
    with opened_browser() as browser:
        return report(measure(browser, TASKS, QUICK_ROUNDS if quick else ROUNDS))


def measure(browser: Browser, tasks: int, rounds: int) -> dict[str, Series]:
    """The longest main-thread task of each step in each round, in seconds; 0.0 where none was told of."""
    longest: dict[str, list[float]] = {step: [] for step in STEPS}
    with TaskControl() as taskman, served_panel(taskman) as address:
        add_ended(taskman, tasks)
        for _ in range(rounds):
            with new_page(browser) as page:
                visit(page, address)
                page.evaluate(_WATCH)
                for step, act in STEPS.items():
                    act(page)
                    page.wait_for_timeout(_SETTLE_MS)
                    longest[step].append(page.evaluate(_TAKE_LONGEST) / 1000)
    return {step: Series(tuple(values)) for step, values in longest.items()}


def report(measured: Mapping[str, Series]) -> Report:
    """The longest blockages of each step."""
    rows = [
        [step, _told(series.median), _told(max(series.values)), str(len(series.values))]
        for step, series in measured.items()
    ]
    worst = max(JUDGED, key=lambda step: max(measured[step].values))
    worst_s = max(measured[worst].values)
    claim = f"with {figure(TASKS)} tasks, nothing over {millis(TO_REACH_S)} ms in any round but for opening the page"
    found = f"at most {_told(worst_s)} ms ({worst}; {_told(measured[worst].median)} ms in the median of its rounds)"
    target = Target(claim, found, worst_s < TO_REACH_S)
    head = ["step", "longest, ms (median of rounds)", "longest, ms (any round)", "rounds"]
    return Report(Table(head, rows), [target])


def _told(value_s: float) -> str:
    return millis(value_s) if value_s else f"under {millis(TOLD_FROM_S)}"
