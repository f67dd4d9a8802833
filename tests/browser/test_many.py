"""With very many tasks the page stays quick."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import ROWS
from tests.browser.working import counts_up, ends

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

TASKS = 10_000
LONGEST_MS = 500  # a bound for any machine; `make bench` measures

WATCH = """
globalThis.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask" });
"""

SCROLL = """async () => {
    for (let step = 0; step < 60; step++) {
        scrollBy(0, step % 10 ? 300 : 20000);
        await new Promise(requestAnimationFrame);
    }
    return document.querySelectorAll("[data-rows] tr").length;
}"""


WAIT_FOR = """(name) => {
    const rows = document.querySelector("[data-rows]");
    globalThis.seen = new Promise((resolve) => new MutationObserver((changes, observer) => {
        if (!rows.textContent.includes(name)) return;
        observer.disconnect();
        resolve(Date.now());
    }).observe(rows, { childList: true, subtree: true, characterData: true }));
}"""


@pytest.fixture
def many(taskman: TaskControl) -> TaskControl:
    """Lend a manager with ten thousand ended tasks, each after the one before last."""
    ids: list[str] = []
    for number in range(TASKS):
        ids.append(taskman.add(name=f"Task {number}", function=ends, depend_on=ids[-2:-1] or None))
    assert taskman.wait(timeout=60)
    return taskman


@pytest.mark.usefixtures("many")
def test_ten_thousand_tasks_scroll_and_filter(visit: Visit) -> None:
    """Scrolling, searching, filtering and sorting ten thousand tasks never blocks the page for long."""
    page = visit()
    page.evaluate(WATCH)

    rows = page.evaluate(SCROLL)
    for words in ("task 9", "task 99", "task 999"):
        page.get_by_role("searchbox").fill(words)
    expect(page.locator("[data-summary]")).to_have_text("11 of 10,000")
    page.get_by_role("searchbox").fill("")
    page.locator("[data-filter='0']").click()
    page.get_by_role("link", name="Name").click()
    expect(page.locator(f"{ROWS} .cell-name").first).to_have_text("Task 0")

    assert rows < 120
    assert [] == [duration for duration in page.evaluate("longTasks") if duration > LONGEST_MS]


def test_changes_show_at_once_among_many(many: TaskControl, visit: Visit) -> None:
    """With two hundred changes a second over ten thousand tasks, a change shows within a moment."""
    page = visit()
    for number in range(10):
        many.add(name=f"Busy {number}", function=counts_up(0.05))
    expect(page.locator(f"{ROWS} .note").first).to_contain_text("step")
    page.evaluate(WATCH)
    gate = threading.Event()

    latencies = []
    for number in range(10):
        name = f"Now {number}"
        page.evaluate(WAIT_FOR, name)
        added = many.get_task(many.add(name=name, function=lambda task: gate.wait(0.01)))[0]["added_at"]
        latencies.append(page.evaluate("seen") - added * 1000)

    assert sorted(latencies)[5] < LONGEST_MS, latencies
    assert [] == [duration for duration in page.evaluate("longTasks") if duration > LONGEST_MS]
