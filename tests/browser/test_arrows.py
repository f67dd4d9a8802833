"""Dependencies are drawn as arrows between the rows."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from engine import TaskControl
from tests.browser.looking import row_of
from tests.browser.working import ends, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

LAY = """async ([module, depend_on]) => {
    const { layBuses } = await import(module);
    const entries = depend_on.map((ids, seq) => ({ seq, row: { id: `${seq}`, depend_on: ids } }));
    return layBuses(entries, 8).buses.map((bus) => ({ ...bus, targets: [...bus.targets] }));
}"""


def test_arrows_lead_from_dependency_to_dependant(taskman: TaskControl, visit: Visit) -> None:
    """A dependency's arrow begins in its row, passes those between and ends in the row that depends on it."""
    source = taskman.add(name="Source", function=runs_on)
    taskman.add(name="Between", function=runs_on)
    target = taskman.add(name="Target", function=ends, depend_on=source)

    page = visit()

    bus = f"[data-from='{source}']"
    expect(row_of(page, "Source").locator(f"circle{bus}")).to_have_count(1)
    expect(row_of(page, "Between").locator(f"path{bus}:not([data-to])")).to_have_count(1)
    expect(row_of(page, "Target").locator(f"path.head{bus}[data-to='{target}']")).to_have_count(1)


def test_arrow_appears_with_its_task(taskman: TaskControl, visit: Visit) -> None:
    """A task that is added later brings its arrow along."""
    source = taskman.add(name="Source", function=runs_on)
    page = visit()

    target = taskman.add(name="Target", function=ends, depend_on=[source])

    expect(row_of(page, "Target").locator(f"path.head[data-from='{source}'][data-to='{target}']")).to_have_count(1)


def test_lines_meet_from_row_to_row(taskman: TaskControl, visit: Visit) -> None:
    """The drawing of each row is as high as the row, so that a bus has no gaps, and stretches none."""
    source = taskman.add(name="Source", function=runs_on)
    for number in range(5):
        taskman.add(name=f"Between {number}", function=runs_on)
    taskman.add(name="Target", function=ends, depend_on=source)

    page = visit()
    heights = page.evaluate(
        """[...document.querySelectorAll("[data-rows] tr")].map((row) => [
            row.getBoundingClientRect().height, row.querySelector("svg[viewBox]").getBoundingClientRect().height])"""
    )

    assert len(heights) == 7
    assert {(height, height) for height, _ in heights} == {tuple(pair) for pair in heights}
    assert len({height for height, _ in heights}) == 1


def test_many_lanes_stay_narrow(taskman: TaskControl, visit: Visit) -> None:
    """However many tasks are depended on at once, the arrows leave room for the rest."""
    sources = [taskman.add(name=f"Source {number}", function=runs_on) for number in range(15)]
    for number, source in enumerate(reversed(sources)):
        taskman.add(name=f"Target {number}", function=ends, depend_on=source)

    page = visit()
    expect(page.locator("path[data-to]").first).to_be_attached()

    assert page.locator("td.cell-arrows").first.bounding_box()["width"] < 90


def test_short_arrows_come_before_long_ones(taskman: TaskControl, visit: Visit) -> None:
    """In a crowded list every arrow between neighbours is there, and one that found no room shows when pointed at."""
    hubs = []
    for number in range(10):
        hubs.append(taskman.add(name=f"Hub {number}", function=runs_on))
        taskman.add(name=f"Near {number}", function=ends, depend_on=hubs[number])
    for number in reversed(range(10)):
        taskman.add(name=f"Far {number}", function=ends, depend_on=hubs[number])
    page = visit()

    def head(name: str, hub: str) -> Locator:
        return row_of(page, name).locator(f"path.head[data-from='{hub}']")

    for number, hub in enumerate(hubs):
        expect(head(f"Near {number}", hub)).to_have_count(1)
        expect(head(f"Far {number}", hub)).to_have_count(1 if number >= 2 else 0)
    row_of(page, "Far 0").locator(".cell-name").hover()
    expect(head("Far 0", hubs[0])).to_have_count(1)
    expect(head("Near 0", hubs[0])).to_have_count(1)


def test_buses_never_meet_in_a_lane(visit: Visit) -> None:
    """Whatever depends on whatever, every arrow is on one bus, and no row has two buses in one lane."""
    chance = random.Random(7)
    depend_on = [{str(int(row * chance.random() ** 0.2)) for _ in range(chance.randrange(3))} for row in range(1, 300)]
    rows: list[list[str]] = [[], *map(sorted, depend_on)]
    page = visit()
    module = page.locator('link[rel="modulepreload"][href$="/lanes.js"]').get_attribute("href")

    buses = page.evaluate(LAY, [module, rows])

    drawn = [(bus["lane"], row) for bus in buses if bus["lane"] < 8 for row in range(bus["lo"], bus["hi"] + 1)]
    assert len(drawn) == len(set(drawn))
    assert 8 in {bus["lane"] for bus in buses}
    arrows = [(bus["from"], target) for bus in buses for target in bus["targets"]]
    assert sorted(arrows) == sorted((one, str(row)) for row, ids in enumerate(rows) for one in ids)


def test_in_another_order_the_pointed_row_has_its_arrows(taskman: TaskControl, visit: Visit) -> None:
    """Sorted otherwise, only the arrows of the row under the pointer are drawn."""
    source = taskman.add(name="A source", function=runs_on)
    target = taskman.add(name="B target", function=ends, depend_on=source)
    page = visit("/?sort=name&dir=asc")
    expect(page.locator("[data-from]")).to_have_count(0)

    row_of(page, "B target").locator(".cell-name").hover()

    expect(row_of(page, "A source").locator(f"circle[data-from='{source}']")).to_have_count(1)
    expect(row_of(page, "B target").locator(f"path.head[data-from='{source}'][data-to='{target}']")).to_have_count(1)
