"""The colour that the host gives the panel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from dashboard import create_app
from engine import TaskControl
from tests.browser.looking import violations_in_all_looks
from tests.browser.serving import served
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

MARK = "getComputedStyle(document.querySelector('.mark')).color"


@pytest.mark.parametrize("colour", ["#fde68a", "#1e0033"])
def test_host_colour_can_be_read(taskman: TaskControl, visit: Visit, colour: str) -> None:
    """A pale and a dark colour both give a theme without violation, other than the usual one."""
    for function in (ends, fails, runs_on):
        taskman.add(name=function.__name__, function=function)
    usual = visit().evaluate(MARK)

    with served(create_app(taskman, color=colour)) as server:
        page = visit(url=server.url)
        assert usual != page.evaluate(MARK)
        page.get_by_role("checkbox", name="Select ends").check()
        assert [] == violations_in_all_looks(page)
        page.goto("about:blank")


def test_viewer_may_choose_another_and_go_back(taskman: TaskControl, visit: Visit) -> None:
    """The viewer's own colour stands over the host's, and "The usual colour" is the host's again."""
    with served(create_app(taskman, color="#7C3AED")) as server:
        page = visit(url=server.url)
        given = page.evaluate(MARK)
        page.locator("[data-settings] summary").click()
        page.get_by_label("Colour of the theme").fill("#00ff88")
        assert given != page.evaluate(MARK)

        page.get_by_role("button", name="The usual colour").click()

        assert (given, "#7c3aed") == (page.evaluate(MARK), page.get_by_label("Colour of the theme").input_value())
        page.goto("about:blank")
