"""What a person sees on the page, as the tests ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

ROWS = "[data-rows] tr"


def row_of(page: Page, name: str) -> Locator:
    """The row of the task of that name."""
    return page.locator(ROWS).filter(has=page.get_by_text(name, exact=True))


def names(page: Page) -> list[str]:
    """The names of the tasks that are listed now, from top to bottom."""
    return page.locator(f"{ROWS} .cell-name").all_inner_texts()


def expect_names(page: Page, expected: Sequence[str]) -> None:
    """Wait until just these tasks are listed, in this order."""
    expect(page.locator(f"{ROWS} .cell-name")).to_have_text(list(expected))


def counts(page: Page) -> dict[str, str]:
    """What the rail says of each state of which there are tasks."""
    items = page.locator(".rail-item").all()
    said = {item.locator(".word").inner_text(): item.locator(".count").inner_text() for item in items}
    return {word: count for word, count in said.items() if count != "0"}


def leave_rows(page: Page) -> None:
    """Take the pointer away from the rows, which stand still under it."""
    page.mouse.move(5, 5)


def violations_in_all_looks(page: Page, widths: Sequence[int] = ()) -> list[str]:
    """What axe finds in light and in dark, at each of these widths; and at which the page is wider than the screen."""
    found = []
    for width in widths or [(page.viewport_size or {})["width"]]:
        page.set_viewport_size({"width": width, "height": 800})
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            found += [f"{width} px, {colours}: {one}" for one in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth - innerWidth"):
            found.append(f"{width} px: the page is wider than the screen")
    return found


def violations(page: Page) -> list[str]:
    """What axe finds, in short."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]
