"""The first load of the panel is counted by kind, and is a small one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from benchmarks import load, wire


@pytest.mark.browser
def test_first_load_is_small_all_told(browser: Browser) -> None:
    """With 100 tasks all bytes on the wire are within the target, each kind is counted, and one host is asked."""
    loaded = load.measure(browser, tasks=load.TARGET_SIZE)

    assert {wire.PAGE, wire.SCRIPTS, wire.STYLES, wire.MESSAGES} <= set(loaded.received)
    assert loaded.together <= load.MOST_BYTES, loaded
    assert 1 == len(loaded.hosts)


def test_kinds_are_told_by_the_path() -> None:
    """Scripts and styles are told by their names, messages by their routes, and a page is what is left."""
    paths = [
        "/",
        "/tasks/0123456789",
        "/s/abc/js/main.js",
        "/s/abc/css/base.css",
        "/live",
        "/api/changes",
        "/s/a/favicon.svg",
    ]

    assert [wire.PAGE] * 2 + [wire.SCRIPTS, wire.STYLES] + [wire.MESSAGES] * 2 + [wire.REST] == [
        wire.kind_of(path) for path in paths
    ]
