"""The browser is started so that it does no more than the tests ask of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

SWITCH = "--disable-features="


def test_a_window_holds_the_page_alone(browser: Browser, new_context: Callable[..., BrowserContext]) -> None:
    """No pages of the browser's own are behind a window, and whatever Playwright switches off stays off."""
    new_context().new_page()
    session = browser.new_browser_cdp_session()

    targets = session.send("Target.getTargets", {"filter": [{}]})["targetInfos"]
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    assert {"browser", "tab", "page"} >= {target["type"] for target in targets}
    program = next(one["id"] for one in processes if one["type"] == "browser")
    words = Path(f"/proc/{program}/cmdline").read_text().split("\0")
    switched_off = [set(word.removeprefix(SWITCH).split(",")) for word in words if word.startswith(SWITCH)]
    assert len(switched_off) > 1
    assert set().union(*switched_off) == switched_off[-1]
