"""What makes the panel pleasant to leave open: title, icon, notifications, colours, zone and language."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl
from tests.browser.looking import row_of, violations, violations_in_all_looks
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

#: Chromium without a head shows none: what the page would have shown is kept instead.
KEEP_NOTIFICATIONS = """globalThis.told = [];
const permission = { asked: "default" };
globalThis.Notification = class {
    constructor(title, options) { told.push([title, options.body]); }
    static get permission() { return permission.asked; }
    static async requestPermission() { return (permission.asked = "granted"); }
};"""


def icon(page: Page) -> str:
    """The name of the tab's icon."""
    return (page.locator("link[rel=icon]").get_attribute("href") or "").rpartition("/")[2]


def open_settings(page: Page) -> None:
    """Open the menu of settings."""
    page.locator("summary", has_text="Settings").click()


def test_title_counts_what_runs(taskman: TaskControl, visit: Visit) -> None:
    """The number of running tasks stands before the title, and goes with the last one."""
    task = taskman.add(name="Runs", function=runs_on)
    page = visit()
    expect(page).to_have_title("(1) Task Control")
    assert "favicon-running.svg" == icon(page)

    taskman.cancel(task)

    expect(page).to_have_title("Task Control")


def test_icon_turns_red_until_somebody_is_there(taskman: TaskControl, visit: Visit) -> None:
    """A failure turns the icon red; a click on the page turns it back."""
    taskman.wait([taskman.add(name="Old", function=fails)], timeout=5)
    page = visit()
    assert "favicon.svg" == icon(page)

    taskman.add(name="Broken", function=fails)
    expect(page.locator("link[rel=icon][href$='favicon-failed.svg']")).to_have_count(1)
    page.mouse.click(5, 5)

    assert "favicon.svg" == icon(page)


def test_every_icon_is_there(visit: Visit) -> None:
    """Each icon that the page may take is served."""
    page = visit()
    link = page.locator("link[rel=icon]").get_attribute("href") or ""

    for name in ("favicon", "favicon-running", "favicon-failed", "favicon-stale"):
        assert page.request.get(f"{page.url.rstrip('/')}{link.rpartition('/')[0]}/{name}.svg").ok


def test_failures_are_notified_if_wanted(taskman: TaskControl, visit: Visit) -> None:
    """Nothing is told unless it was switched on; then a failure is, by name and error, also after a reload."""
    page = visit()
    page.context.add_init_script(KEEP_NOTIFICATIONS)
    page.reload()
    taskman.wait([taskman.add(name="Unwanted", function=fails)], timeout=5)
    expect(row_of(page, "Unwanted").locator(".cell-status")).to_have_text("Error 1")
    open_settings(page)
    page.get_by_label("Notify me of failures").check()

    taskman.add(name="Wanted", function=fails)

    expect(row_of(page, "Wanted").locator(".cell-status")).to_have_text("Error 1")
    told = page.evaluate("told")
    assert ["Failed: Wanted"] == [title for title, _ in told]
    assert "No such file" in told[0][1]


def test_end_of_a_watched_task_is_notified(taskman: TaskControl, visit: Visit) -> None:
    """A box on the task's page has its end told, once."""
    task = taskman.add(name="Long", function=runs_on)
    page = visit(f"/tasks/{task}")
    page.context.add_init_script(KEEP_NOTIFICATIONS)
    page.reload()
    page.get_by_label("Notify me when it ends").check()

    taskman.cancel(task)
    expect(page.locator(".task-head .word")).to_have_text("Canceled")

    assert [["Canceled: Long", "Canceled on request"]] == page.evaluate("told")
    expect(page.get_by_label("Notify me when it ends")).to_be_hidden()


def test_one_colour_themes_the_page(taskman: TaskControl, visit: Visit) -> None:
    """Any colour gives a theme that can be read, kept over a reload, and the usual one comes back."""
    for function in (ends, fails, runs_on):
        taskman.add(name=function.__name__, function=function)
    page = visit()
    usual = page.locator(".mark").evaluate("(mark) => getComputedStyle(mark).color")

    for colour in ("#ffe600", "#7a0000", "#00ff88"):
        open_settings(page)
        page.get_by_label("Colour of the theme").fill(colour)
        page.keyboard.press("Escape")
        page.reload()
        page.get_by_role("checkbox", name="Select ends").check()
        assert usual != page.locator(".mark").evaluate("(mark) => getComputedStyle(mark).color")
        assert (colour, []) == (colour, violations_in_all_looks(page))
        page.emulate_media(color_scheme="light")

    open_settings(page)
    page.get_by_role("button", name="The usual colour").click()
    assert usual == page.locator(".mark").evaluate("(mark) => getComputedStyle(mark).color")


def test_high_contrast_is_chosen_or_asked_for(taskman: TaskControl, visit: Visit) -> None:
    """The setting gives black on white or white on black and is kept; a system that asks for more contrast gets it."""
    black, white = "rgb(0, 0, 0)", "rgb(255, 255, 255)"
    taskman.add(name="Ends", function=ends)
    page = visit()
    open_settings(page)
    page.get_by_label("High contrast").check()
    page.reload()
    asked = visit(contrast="more")

    for one, scheme in itertools.product((page, asked), ("light", "dark")):
        one.emulate_media(color_scheme=scheme)
        colours = one.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor]"
        )
        assert ([black, white] if scheme == "light" else [white, black]) == colours
        assert [] == violations(one)


def test_times_are_of_the_viewers_zone(taskman: TaskControl, visit: Visit) -> None:
    """A viewer in Tokyo reads Tokyo's time."""
    task = taskman.add(name="Ends", function=ends)
    expected = datetime.fromtimestamp(taskman.get_task(task)[0]["added_at"], ZoneInfo("Asia/Tokyo"))
    page = visit(timezone_id="Asia/Tokyo")

    expect(row_of(page, "Ends").locator(".cell-added .time")).to_have_text(f"{expected:%H:%M:%S}")
    page.goto(f"{page.url}tasks/{task}")
    expect(page.locator("[data-field=timestamp]")).to_have_text(f"{expected:%d.%m.%Y %H:%M:%S}")


def test_numbers_are_of_the_viewers_language(taskman: TaskControl, visit: Visit) -> None:
    """A German viewer reads a dot between thousands."""
    for number in range(1200):
        taskman.add(name=f"Task {number}", function=ends)
    taskman.wait(timeout=30)
    page = visit(locale="de-DE")

    expect(page.locator("[data-count='']").first).to_have_text(re.compile(r"1\.200"))


def test_settings_pass_axe(visit: Visit) -> None:
    """The open menu has no violation."""
    page = visit()
    open_settings(page)

    assert [] == violations(page)
