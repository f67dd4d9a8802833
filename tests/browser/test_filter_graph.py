"""The graph of what a filter lists, by mouse and by keys."""

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


def add_chain(taskman: TaskControl, *names: str, first: Callable = ends) -> list[str]:
    """Add tasks, each after the one before."""
    ids: list[str] = []
    for name in names:
        ids.append(taskman.add(name=name, function=ends if ids else first, depend_on=ids[-1:] or None))
    return ids


def test_graph_draws_what_the_list_lists(taskman: TaskControl, visit: Visit) -> None:
    """From a filtered list one click draws its tasks in layers, those beside them in dashes; another leads back."""
    add_chain(taskman, "Import", "Check import", "Send", first=runs_on)
    taskman.add(name="Import alone", function=runs_on)
    page = visit()
    page.get_by_role("searchbox").fill("name:import")

    page.get_by_role("link", name="Graph").click()

    expect(page.locator(".node:not(.is-aside)")).to_have_text(["ImportImport", "Check importCheck import"])
    expect(page.locator(".node.is-aside")).to_contain_text("Send")
    expect(page.locator("[data-graph-cut]")).to_contain_text("2 tasks; 1 directly before or behind, in dashes; 1 that")
    lefts = [page.locator(".node", has_text=name).locator("rect").bounding_box()["x"] for name in ("Check", "Send")]
    assert lefts[0] < lefts[1]
    page.get_by_role("link", name="As a list").click()
    expect(page.get_by_role("searchbox")).to_have_value("name:import")


def test_states_change_in_place_and_what_is_new_joins(taskman: TaskControl, visit: Visit) -> None:
    """Ends recolour the very boxes where they are; a task that is added behind one is drawn by itself."""
    gate = threading.Event()
    ids = add_chain(taskman, "First", "Second", first=runs_until(gate))
    page = visit("/graph")
    box = page.locator(".node", has_text="Second").element_handle()
    before = page.locator(".node", has_text="Second").locator("rect").bounding_box()

    gate.set()

    expect(page.locator(".node[data-status='0']")).to_have_count(2)
    assert ("0", before) == (box.get_attribute("data-status"), box.query_selector("rect").bounding_box())
    taskman.add(name="Third", function=ends, depend_on=ids[1])
    expect(page.locator(".node", has_text="Third")).to_be_visible(timeout=10_000)


def test_failed_path_is_red_and_states_filter(taskman: TaskControl, visit: Visit) -> None:
    """The way of a failure is marked; the rail of states narrows the drawing to them and their neighbours."""
    add_chain(taskman, "Breaks", "Never", "Nor this", first=fails)
    add_chain(taskman, "Fine", "Fine too")
    taskman.wait(timeout=5)
    page = visit("/graph")
    expect(page.locator(".node")).to_have_count(5)
    expect(page.locator(".edge.is-failed")).to_have_count(2)

    page.get_by_role("link", name="Error", exact=True).click()

    expect(page.locator(".node")).to_have_count(2)
    expect(page.locator(".node:not(.is-aside)")).to_contain_text("Breaks")


def test_keys_walk_and_words_tell(taskman: TaskControl, visit: Visit) -> None:
    """Tab leads into the graph, arrows along it, End and Home to the last and the first layer; each says what it is."""
    add_chain(taskman, "One", "Two", "Three", first=runs_on)
    page = visit("/graph")
    expect(page.locator(".node")).to_have_count(3)
    page.get_by_role("link", name="As a list").focus()
    page.keyboard.press("Tab")

    said = []
    for key in ("ArrowRight", "End", "ArrowLeft", "Home"):
        page.keyboard.press(key)
        said.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))

    two = "Two, Suspended, after One"
    assert [two, "Three, Suspended, after Two", two, "One, Running"] == said


def test_names_stay_in_their_boxes(taskman: TaskControl, visit: Visit) -> None:
    """A long name is cut where its box ends, and told whole to those who point at it."""
    name = "W" * 60
    add_chain(taskman, name, "Short", first=runs_on)
    page = visit("/graph")
    node = page.locator(".node", has_text="WWW")

    text, rect = (node.locator(part).bounding_box() for part in ("text", "rect"))
    assert text["x"] + text["width"] < rect["x"] + rect["width"]
    assert name == node.locator("title").text_content()


def test_a_great_graph_is_cut_and_says_so(taskman: TaskControl, visit: Visit) -> None:
    """Of very many the first are drawn, and the page says how to see the others."""
    root = taskman.add(name="Root", function=runs_on)
    for number in range(320):
        taskman.add(name=f"Leaf {number}", function=ends, depend_on=root)
    page = visit("/graph")

    expect(page.locator(".node")).to_have_count(300)
    expect(page.locator("[data-graph-cut]")).to_contain_text(
        "The first 300 of 321 tasks: a narrower filter draws them all"
    )


def test_nothing_to_draw_is_said(taskman: TaskControl, visit: Visit) -> None:
    """Where no listed task depends on another the page says so."""
    taskman.add(name="Alone", function=ends)

    expect(visit("/graph").get_by_role("heading", name="Nothing hangs together here")).to_be_visible()


def test_graph_page_passes_axe(taskman: TaskControl, visit: Visit) -> None:
    """The page has no violation and is no wider than the screen."""
    add_chain(taskman, "Breaks", "Never", first=fails)
    add_chain(taskman, "Runs", "Waits", first=runs_on)
    page = visit("/graph")
    expect(page.locator(".node")).to_have_count(4)

    assert [] == violations_in_all_looks(page, widths=(1280, 375))
