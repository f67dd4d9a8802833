"""The page holds together at every width, whatever names the tasks have."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import ROWS, row_of
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

WIDTHS = [320, 390, 640, 768, 1001, 1180, 1181, 1440, 2560]
HOSTILE = [
    "<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>",
    "\u202egnitset\u202e \u2067override",
    "x" * 500,
    "line\nbreak\tand\u0000nul",
    "{{ 7 * 7 }} ${7*7} &amp;",
    "Z\u0335\u0327\u0321a\u0321\u0327\u0322l\u0337\u0327g\u0334o " * 5,
    "\"><b>bold</b> ' ",
    "\U0001f680 émoji 中文 العربية",
]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def resize(page: Page, width: int) -> None:
    """Make the screen so wide, and let the page have its two frames to follow."""
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def fill(taskman: TaskControl) -> str:
    """Add tasks with long and hostile names in several states; answer one's id."""
    first = taskman.add(name="First", function=runs_on)
    for name in HOSTILE:
        taskman.add(name=name, function=fails)

    def work(task) -> None:
        task.progress(1, 3, HOSTILE[2])
        task.log(HOSTILE[2])
        raise ValueError(HOSTILE[0] + HOSTILE[2])

    failed = taskman.add(name=HOSTILE[2], function=work)
    taskman.add(name="Behind", function=ends, depend_on=first)
    taskman.wait([failed], timeout=5)
    return failed


def test_no_width_scrolls_sideways(taskman: TaskControl, visit: Visit) -> None:
    """Neither the list nor a task's page is wider than the screen, and every row is as high as the others."""
    failed = fill(taskman)
    page = visit(viewport={"width": WIDTHS[0], "height": 800})

    for width in WIDTHS:
        resize(page, width)
        heights = page.locator(ROWS).evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)")
        assert (width, 0, 1) == (width, overflow(page), len(set(heights)))
    page.goto(f"{page.url}tasks/{failed}")
    page.wait_for_selector('html[data-ready="1"]')
    for width in WIDTHS:
        resize(page, width)
        assert (width, 0) == (width, overflow(page))


@pytest.mark.parametrize("width", [375, 1280])
def test_toolbar_has_room_for_a_selection_and_what_waits(taskman: TaskControl, visit: Visit, width: int) -> None:
    """With tasks selected and changes waiting, nothing of the toolbar lies over anything else or beyond the screen."""
    for number in range(30):
        taskman.add(name=f"Task {number}", function=runs_on)
    page = visit("/?status=3", viewport={"width": width, "height": 800})
    page.get_by_role("checkbox", name="Select Task 29", exact=True).check()
    for task in taskman.get_all()[:3]:
        taskman.cancel(task["id"])
    expect(page.get_by_role("button", name="3 changes waiting")).to_be_visible()

    parts = page.locator(".rail, [data-search], [data-many] > summary, [data-columns] > summary, .waiting").all()
    boxes = [part.bounding_box() for part in parts]
    assert 5 == len(boxes)
    for one, other in itertools.combinations(boxes, 2):
        is_apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        assert is_apart or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


@pytest.mark.parametrize("width", [390, 1440])
def test_names_are_text(taskman: TaskControl, visit: Visit, width: int) -> None:
    """Markup in a name is shown as written, and nothing of it takes effect, with or without scripts."""
    for name in HOSTILE:
        taskman.add(name=name, function=ends)
    taskman.wait(timeout=5)

    for scripts in (False, True):
        page = visit(scripts=scripts, viewport={"width": width, "height": 800})
        shown = [cell.text_content() for cell in page.locator(f"{ROWS} .cell-name a").all()]

        assert HOSTILE[0] in shown
        assert HOSTILE[4] in shown
        assert 0 == page.locator(f"{ROWS} :is(img, script, b)").count()
        assert "Task Control" == page.title()


def test_override_stays_in_its_cell(taskman: TaskControl, visit: Visit) -> None:
    """A mark of direction in a name doesn't turn what stands beside it."""
    taskman.add(name=HOSTILE[1], function=ends)
    taskman.wait(timeout=5)
    page = visit()

    lefts = page.locator(f"{ROWS} td").evaluate_all("(cells) => cells.map((cell) => cell.getBoundingClientRect().left)")

    assert sorted(lefts) == lefts
    assert "isolate" == page.locator(f"{ROWS} .cell-name a").evaluate("(link) => getComputedStyle(link).unicodeBidi")


def test_phone_has_cards_with_reachable_controls(taskman: TaskControl, visit: Visit) -> None:
    """On a phone a task is a card, its button is big enough for a thumb, and the rail lies at the bottom."""
    taskman.add(name="Runs", function=runs_on)
    page = visit(viewport={"width": 390, "height": 844})
    button = page.get_by_role("button", name="Cancel Runs").bounding_box()
    added = row_of(page, "Runs").locator(".cell-added").bounding_box()
    rail = page.locator(".rail").bounding_box()

    assert "grid" == row_of(page, "Runs").evaluate("(row) => getComputedStyle(row).display")
    assert button["height"] >= 36
    assert button["width"] >= 44
    assert added["y"] - (button["y"] + button["height"]) >= 6
    assert 844 == rail["y"] + rail["height"]
    page.get_by_role("button", name="Cancel Runs").click()
    expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Canceled 4")


def test_card_leads_to_its_task(taskman: TaskControl, visit: Visit) -> None:
    """A tap anywhere on a card opens the task."""
    taskman.add(name="Runs", function=runs_on)
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    card = row_of(page, "Runs").bounding_box()

    page.touchscreen.tap(card["x"] + 200, card["y"] + card["height"] - 12)

    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")


@pytest.mark.parametrize("path", ["/", "/tasks/{}"])
def test_first_load_is_light(taskman: TaskControl, visit: Visit, path: str) -> None:
    """A page with all of its scripts and styles is at most 120 KB on the wire, and comes from this host alone."""
    page = visit(path.format(taskman.add(name="Ends", function=ends)))
    sizes = page.evaluate("""["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
        .map((entry) => [entry.name, entry.transferSize])""")

    assert sum(size for _, size in sizes) <= 120 * 1024, sizes
    assert {page.url.split("/")[2]} == {name.split("/")[2] for name, _ in sizes}
