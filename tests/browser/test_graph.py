"""The graph of a task's neighbourhood, by mouse and by keys."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import violations_in_all_looks
from tests.browser.working import ends, fails, runs_on, runs_until

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

#: Both boxes at one moment: the page around the drawing may move.
OFFSET = """async (rect) => {
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
    const [box, graph] = [rect, rect.closest("svg")].map((element) => element.getBoundingClientRect());
    return [Math.round(box.x - graph.x), Math.round(box.y - graph.y)];
}"""


def add_diamond(taskman: TaskControl, first: Callable) -> list[str]:
    """Add First, Left and Right after it, and Last after both."""
    root = taskman.add(name="First", function=first)
    left, right = (taskman.add(name=name, function=ends, depend_on=root) for name in ("Left", "Right"))
    return [root, left, right, taskman.add(name="Last", function=ends, depend_on=[left, right])]


def place(page: Page, name: str) -> tuple[int, int]:
    """Where a task's box lies in the drawing, as painted, in whole pixels."""
    return tuple(page.locator(".node", has_text=name).locator("rect").evaluate(OFFSET))


def test_layers_go_from_left_to_right(taskman: TaskControl, visit: Visit) -> None:
    """What comes after stands right of what it waits for; a click opens a task."""
    tasks = add_diamond(taskman, runs_on)
    page = visit(f"/tasks/{tasks[1]}")
    expect(page.locator(".node")).to_have_count(4)

    columns = [place(page, name)[0] for name in ("First", "Left", "Right", "Last")]
    assert columns[0] < columns[1] <= columns[2] + 1 < columns[3]
    assert place(page, "Left")[1] != place(page, "Right")[1]
    expect(page.locator(".edge")).to_have_count(4)
    page.locator(".node", has_text="Last").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Last")


def test_states_are_recoloured_in_place(taskman: TaskControl, visit: Visit) -> None:
    """A change of state changes the colour of the very same box, where it is."""
    gate = threading.Event()
    tasks = add_diamond(taskman, runs_until(gate))
    page = visit(f"/tasks/{tasks[0]}")
    node = page.locator(".node", has_text="Last").element_handle()
    before = place(page, "Last")

    gate.set()

    expect(page.locator(".node[data-status='0']")).to_have_count(4)
    assert "0" == node.get_attribute("data-status")
    assert before == place(page, "Last")


def test_new_task_joins_the_graph(taskman: TaskControl, visit: Visit) -> None:
    """A task that is added behind one of these appears."""
    tasks = add_diamond(taskman, runs_on)
    page = visit(f"/tasks/{tasks[0]}")
    expect(page.locator(".node")).to_have_count(4)

    taskman.add(name="Later", function=ends, depend_on=tasks[3])

    expect(page.locator(".node", has_text="Later")).to_be_visible()


def test_failed_path_is_marked(taskman: TaskControl, visit: Visit) -> None:
    """Every edge along which the failure canceled something is marked."""
    tasks = add_diamond(taskman, fails)
    taskman.wait(timeout=5)
    page = visit(f"/tasks/{tasks[3]}")

    expect(page.locator(".edge.is-failed")).to_have_count(4)


def test_keys_walk_and_words_tell(taskman: TaskControl, visit: Visit) -> None:
    """Tab leads to the task at hand, arrows to its neighbours; each says its state and what it comes after."""
    tasks = add_diamond(taskman, runs_on)
    page = visit(f"/tasks/{tasks[0]}")
    expect(page.locator(".node")).to_have_count(4)
    page.locator("[data-zoom='zoom-fit']").focus()
    page.keyboard.press("Tab")

    walked = []
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        walked.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))

    left, right = "Left, Suspended, after First", "Right, Suspended, after First"
    assert "Last, Suspended, after Left, Right" == walked[3]
    assert {left, right} >= {walked[0], *walked[1:3], walked[4]}
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Left")


def test_pan_zoom_and_follow(taskman: TaskControl, visit: Visit) -> None:
    """Dragging moves the drawing, buttons scale it, and following brings what runs into the middle."""
    tasks = add_diamond(taskman, runs_on)
    page = visit(f"/tasks/{tasks[0]}")
    expect(page.locator(".node")).to_have_count(4)
    graph = page.locator(".graph").bounding_box()
    before = place(page, "First")

    page.mouse.move(graph["x"] + graph["width"] / 2, graph["y"] + 8)
    page.mouse.down()
    page.mouse.move(graph["x"] + graph["width"] / 2 + 60, graph["y"] + 38, steps=4)
    page.mouse.up()
    assert pytest.approx((before[0] + 60, before[1] + 30), abs=6) == place(page, "First")
    width = page.locator(".node rect").first.bounding_box()["width"]
    page.get_by_role("button", name="Larger").click()
    assert page.locator(".node rect").first.bounding_box()["width"] > width
    page.get_by_role("checkbox", name="Follow what runs").check()

    box = page.locator(".node", has_text="First").locator("rect").bounding_box()
    assert graph["x"] + graph["width"] / 2 == pytest.approx(box["x"] + box["width"] / 2, abs=2)


def test_graph_passes_axe(taskman: TaskControl, visit: Visit) -> None:
    """The page with its graph has no violation."""
    tasks = add_diamond(taskman, runs_on)
    page = visit(f"/tasks/{tasks[0]}")
    expect(page.locator(".node")).to_have_count(4)

    assert [] == violations_in_all_looks(page)


def test_lone_task_has_no_graph(taskman: TaskControl, visit: Visit) -> None:
    """Where nothing hangs together nothing is drawn."""
    page = visit(f"/tasks/{taskman.add(name='Alone', function=ends)}")

    expect(page.locator(".graph")).to_be_hidden()
