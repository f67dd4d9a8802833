"""The panel in a browser, behind a real nginx with TLS and a prefix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import row_of
from tests.serving.nginx import needs_nginx, proxied

pytestmark = [pytest.mark.guarantee("P4"), needs_nginx]

Visit = Callable[..., Page]


def test_the_page_is_live_behind_nginx(tmp_path: Path, visit: Visit) -> None:
    """It loads over TLS below the prefix, follows over the websocket, and acts."""
    with proxied(tmp_path) as port:
        page = visit("/ops/tasks/", url=f"https://127.0.0.1:{port}", ignore_https_errors=True)

        expect(page.locator("[data-connection-word]")).to_have_text("Live")
        page.get_by_role("button", name="Cancel Runs").click()

        expect(row_of(page, "Runs").locator(".cell-status")).to_have_text("Canceled 4")
        page.context.close()
