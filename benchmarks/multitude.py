"""The panel over very many records: first rows, a storm of updates, memory, latency and the first load."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from engine import TaskControl

from . import live, wire
from .browser import new_page, opened_browser, served_panel, visit
from .report import Report, Table, Target, figure, millis, percent
from .workload import add_ended, changes_streaming

TITLE = "The panel over very many records"
ABOUT = """
One page in Chromium over 100,000 records of tasks that have ended, of which it holds the newest 20,000. First rows:
from the end of the page's answer until Chromium has painted. Updates: fifty tasks, in view of the page, report
progress so often that 5,000 changes a second come about; counted are the frames of `requestAnimationFrame` and the
processor time of the page's renderer, as Chromium itself tells it, in three runs, of which the best counts, as others
use the machine. Heap: what scripts hold after a forced collection, at the end of that. Latency: as in the section
above on live changes. First load: all bytes of page, scripts, styles and icons with an empty cache, and of whom they
were asked; the live messages, which are the 20,000 tasks themselves, are told beside.
"""

TASKS, QUICK_TASKS = 100_000, 20_000
CHANGES_PER_S, CHANGING = 5_000, 50
STORM_S, QUICK_STORM_S = 10.0, 3.0
STORMS, QUICK_STORMS = 3, 1
OBSERVED_PER_S = 1_000
SAMPLES, QUICK_SAMPLES = 72, 24
SETTLED_MS = 3_000  # until nothing more comes but heartbeats

FIRST_ROWS_S = 1.0
LEAST_FRAMES = 50.0
MOST_CORE = 0.5
MOST_HEAP = 40e6
MEDIAN_S, P95_S = 0.05, 0.15
MOST_LOADED = 120_000

_PAINTED_S = """() => {
    const [painted] = performance.getEntriesByName("first-contentful-paint");
    const [navigation] = performance.getEntriesByType("navigation");
    return (painted.startTime - navigation.responseEnd) / 1000;
}"""

_FRAMES = """(ms) => new Promise((resolve) => {
    const begun = performance.now();
    let frames = 0;
    const count = () => {
        const passed = performance.now() - begun;
        if (passed >= ms) return resolve((frames * 1000) / passed);
        frames += 1;
        requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
})"""


class Storm(NamedTuple):
    """One run under updates: changes and frames a second, and the share of a core that the renderer took."""

    changes_per_s: float
    frames_per_s: float
    core: float


class Seen(NamedTuple):
    """Everything that was measured. `loaded` and `messages` are bytes; `hosts` are those that were asked for files."""

    tasks: int
    first_rows_s: float
    loaded: int
    messages: int
    hosts: frozenset[str]
    storms: Sequence[Storm]
    heap: int
    latencies: live.Latencies


def run(quick: bool) -> Report:
    """Measure and report."""
    with opened_browser() as browser:
        if quick:
            return report(measure(browser, QUICK_TASKS, QUICK_STORM_S, QUICK_STORMS, QUICK_SAMPLES))
        return report(measure(browser, TASKS, STORM_S, STORMS, SAMPLES))


def measure(browser: Browser, tasks: int, storm_s: float, storms: int, samples: int) -> Seen:
    """Open pages over so many records, storm them, and observe changes."""
    with TaskControl() as taskman, served_panel(taskman) as address:
        add_ended(taskman, tasks)
        with wire.counted(address) as (through, received), new_page(browser) as page:
            hosts: set[str] = set()
            page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
            visit(page, through)
            first_rows_s: float = page.evaluate(_PAINTED_S)
            page.wait_for_timeout(SETTLED_MS)
            messages = received.pop(wire.MESSAGES, 0)
            loaded = sum(received.values())
        with new_page(browser) as page:
            stormed = [_storm(browser, taskman, page, address, storm_s) for _ in range(storms)]
            heap = _heap(page)
        with new_page(browser) as page:
            latencies = live.observe(taskman, page, address, OBSERVED_PER_S, samples)
    return Seen(tasks, first_rows_s, loaded, messages, frozenset(hosts), stormed, heap, latencies)


def _storm(browser: Browser, taskman: TaskControl, page: Page, address: str, seconds: float) -> Storm:
    with changes_streaming(taskman, CHANGES_PER_S, CHANGING):
        visit(page, address)
        page.wait_for_timeout(1000)  # opening is over
        before, revision, begun = _processor_s(browser), taskman.revision, time.monotonic()
        frames: float = page.evaluate(_FRAMES, seconds * 1000)
        took_s = time.monotonic() - begun
        after = _processor_s(browser)
        spent_s = max(after[renderer] - before.get(renderer, 0.0) for renderer in after)
        return Storm((taskman.revision - revision) / took_s, frames, spent_s / took_s)


def _processor_s(browser: Browser) -> dict[int, float]:
    """The processor seconds of each renderer so far, by its process."""
    session = browser.new_browser_cdp_session()
    try:
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    finally:
        session.detach()
    return {process["id"]: process["cpuTime"] for process in processes if process["type"] == "renderer"}


def _heap(page: Page) -> int:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return round(session.send("Runtime.getHeapUsage")["usedSize"])


def report(seen: Seen) -> Report:
    """What was seen, beside what is to be reached."""
    series = seen.latencies.series
    rows = [
        ["first rows after the answer, ms", millis(seen.first_rows_s), "1"],
        ["changes/s while updates storm", _each(storm.changes_per_s for storm in seen.storms), str(len(seen.storms))],
        ["frames/s meanwhile", _each(storm.frames_per_s for storm in seen.storms), str(len(seen.storms))],
        ["renderer, share of a core", _each(storm.core for storm in seen.storms), str(len(seen.storms))],
        ["heap, MB", figure(seen.heap / 1e6), "1"],
        ["changes/s while one is waited for", figure(seen.latencies.changes_per_s), "1"],
        ["status to page: median, ms", millis(series.median), str(len(series.values))],
        ["status to page: 95 % within, ms", millis(series.percentile(95)), str(len(series.values))],
        ["first load, kB", figure(seen.loaded / 1000), "1"],
        ["live messages beside it, kB", figure(seen.messages / 1000), "1"],
    ]
    return Report(Table([f"over {figure(seen.tasks)} records", "measured", "samples"], rows), _targets(seen))


def _targets(seen: Seen) -> list[Target]:
    best = max(seen.storms, key=lambda storm: storm.frames_per_s)
    core = min(storm.core for storm in seen.storms)
    median, p95 = seen.latencies.series.median, seen.latencies.series.percentile(95)
    is_stormed = best.frames_per_s >= LEAST_FRAMES and best.changes_per_s >= 0.9 * CHANGES_PER_S
    latency = f"half of the statuses within {millis(MEDIAN_S)} ms, 95 % within {millis(P95_S)} ms"
    return [
        Target(
            f"first rows within {millis(FIRST_ROWS_S)} ms",
            f"{millis(seen.first_rows_s)} ms",
            seen.first_rows_s <= FIRST_ROWS_S,
        ),
        Target(
            f"amid {figure(CHANGES_PER_S)} changes a second {figure(LEAST_FRAMES)} frames a second or more",
            f"{figure(best.frames_per_s)}, amid {figure(best.changes_per_s)}",
            is_stormed,
        ),
        Target(f"meanwhile less than {percent(MOST_CORE)} of a core for the renderer", percent(core), core < MOST_CORE),
        Target(f"a heap under {figure(MOST_HEAP / 1e6)} MB", f"{figure(seen.heap / 1e6)} MB", seen.heap < MOST_HEAP),
        Target(
            f"amid {figure(OBSERVED_PER_S)} changes a second {latency}",
            f"{millis(median)} ms and {millis(p95)} ms",
            median <= MEDIAN_S and p95 <= P95_S,
        ),
        Target(
            f"a first load of {figure(MOST_LOADED / 1000)} kB at most",
            f"{figure(seen.loaded / 1000)} kB",
            seen.loaded <= MOST_LOADED,
        ),
        Target("no request to another host", f"{len(seen.hosts)} was asked", len(seen.hosts) == 1),
    ]


def _each(values: Iterable[float]) -> str:
    return ", ".join(figure(value) for value in values)
