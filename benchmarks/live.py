"""How soon a status that changes in the store shows on the page, while much else changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from engine import TaskControl

from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table, Target, figure, millis
from .timing import Series
from .workload import add_ended, changes_streaming

TITLE = "Live changes in the browser"
ABOUT = """
From the moment at which the engine decides that a task has ended (its record's `finished_at`, stamped just before the
record is stored) to the moment at which that task's status cell in Chromium says so, as a `MutationObserver` on the
cell sees it: both are clocks of this machine. The observed tasks run in view of the page and end one after the other at
irregular moments, while ten others, in view as well, report progress. Server, engine and tasks share one process.
"""

TO_REACH_S = 0.1
SAMPLES, QUICK_SAMPLES = 72, 24
WAVE = 12
GAP_S = (0.04, 0.2)
#: Listed tasks that have ended before, and changes a second.
CASES = ((0, 0), (0, 200), (10_000, 200))

_ARE_RUNNING = """(ids) => ids.every((id) =>
    document.querySelector(`[data-rows] [data-id="${id}"] .cell-status`)?.textContent.includes("Running"))"""

_OBSERVE = """(ids) => {
    globalThis.shownAt = {};
    for (const id of ids) {
        const cell = document.querySelector(`[data-rows] [data-id="${id}"] .cell-status`);
        new MutationObserver((changes, observer) => {
            if (!cell.textContent.includes("Completed")) return;
            shownAt[id] = performance.timeOrigin + performance.now();
            observer.disconnect();
        }).observe(cell, { subtree: true, childList: true, characterData: true });
    }
}"""

_HAVE_SHOWN = "(count) => Object.keys(shownAt).length === count"


class Latencies(NamedTuple):
    """What was seen in one case: seconds from store to page, the rate of all changes, and by what the clocks differ."""

    series: Series
    changes_per_s: float
    clock_error_s: float


def run(quick: bool) -> Report:
    """Measure all cases and report."""
    with opened_browser() as browser:
        return report({case: measure(browser, *case, QUICK_SAMPLES if quick else SAMPLES) for case in CASES})


def measure(browser: Browser, listed: int, changes_per_s: int, samples: int) -> Latencies:
    """End `samples` tasks, in waves, in view of a page that lists so many others."""
    with TaskControl() as taskman, served_panel(taskman) as address, new_page(browser) as page:
        add_ended(taskman, listed)
        return observe(taskman, page, address, changes_per_s, samples)


def observe(taskman: TaskControl, page: Page, address: str, changes_per_s: int, samples: int) -> Latencies:
    """End `samples` tasks, in waves, in view of a page that is opened amid so many other changes."""
    with changes_streaming(taskman, changes_per_s):
        visit(page, address)
        clock_error_s = _clock_error_s(page)
        begun, revision = time.monotonic(), taskman.revision
        latencies: list[float] = []
        while len(latencies) < samples:
            latencies += _wave(taskman, page, Random(len(latencies)))
        rate = (taskman.revision - revision) / (time.monotonic() - begun)
    return Latencies(Series(tuple(latencies)), rate, clock_error_s)


def _wave(taskman: TaskControl, page: Page, random: Random) -> list[float]:
    gates = [threading.Event() for _ in range(WAVE)]
    ids = [taskman.add(f"Observed {number}", _ends_with(gate)) for number, gate in enumerate(gates)]
    page.wait_for_function(_ARE_RUNNING, arg=ids)
    page.evaluate(_OBSERVE, ids)
    for gate in random.sample(gates, WAVE):
        time.sleep(random.uniform(*GAP_S))
        gate.set()
    page.wait_for_function(_HAVE_SHOWN, arg=WAVE)
    shown_at: Mapping[str, float] = page.evaluate("shownAt")
    latencies = [shown_at[task_id] / 1000 - taskman.get_task(task_id)[0]["finished_at"] for task_id in ids]
    taskman.remove(ids)  # the tasks that report progress stay in view
    return latencies


def _ends_with(gate: threading.Event) -> Callable[[], None]:
    def work() -> None:
        if not gate.wait(60):
            raise TimeoutError("nobody ended the observed task")

    return work


def _clock_error_s(page: Page) -> float:
    """By how much the page's clock may differ from ours, at most: it is asked, and we look before and after."""
    bounds = []
    for _ in range(20):
        before = time.time()
        theirs: float = page.evaluate("performance.timeOrigin + performance.now()") / 1000
        after = time.time()
        bounds.append(max(after - theirs, theirs - before))
    return min(bounds)


def report(measured: Mapping[tuple[int, int], Latencies]) -> Report:
    """The latencies of all cases."""
    head = ["tasks listed before", "changes/s", "median, ms", "95 % within, ms", "longest, ms", "samples"]
    rows = [
        [
            figure(listed) if listed else "none",
            f"{seen.changes_per_s:.0f}",
            *(millis(value) for value in (seen.series.median, seen.series.percentile(95), max(seen.series.values))),
            str(len(seen.series.values)),
        ]
        for (listed, _), seen in measured.items()
    ]
    busy = [seen.series.median for (_, changes_per_s), seen in measured.items() if changes_per_s]
    claim = f"with 200 changes a second, a median below {millis(TO_REACH_S)} ms"
    target = Target(claim, _medians(busy), max(busy) < TO_REACH_S)
    error_s = max(seen.clock_error_s for seen in measured.values())
    return Report(Table(head, rows), [target], [f"The two clocks differ by {millis(error_s)} ms at most."])


def _medians(medians: Sequence[float]) -> str:
    return " and ".join(f"{millis(median)} ms" for median in medians)
