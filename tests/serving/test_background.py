"""`dashboard.serve`: the panel beside any script, in one line."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request

import pytest

import dashboard
from engine import TaskControl
from tests.serving.servers import PATIENCE_S, Page

pytestmark = pytest.mark.guarantee("P4")


def health(url: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{url}healthz", timeout=PATIENCE_S) as answer:
        return json.load(answer)


def page_of(url: str) -> Page:
    return Page(url.removeprefix("http://").rstrip("/"))


def test_one_line_serves_a_manager(taskman):
    """The call returns at once, with the address of the panel."""
    served = dashboard.serve(taskman, port=0)
    try:
        assert health(served.url)["boot_id"] == taskman.boot_id
    finally:
        served.close()


def test_close_tells_the_pages_and_frees_the_port(taskman):
    """An open page is told of the end, nobody answers any more, and closing again does nothing."""
    served = dashboard.serve(taskman, port=0)
    with page_of(served.url) as page:
        messages = page.messages()
        first = next(messages)

        served.close()
        served.close()

        assert (first, list(messages)[-1]) == ("snapshot", "closing")
    with pytest.raises(urllib.error.URLError):
        health(served.url)


def test_closing_the_panel_leaves_the_tasks_alone(taskman):
    """The manager works on when its panel is closed."""
    with dashboard.serve(taskman, port=0):
        pass

    assert taskman.wait([taskman.add("after the panel", lambda: None)], timeout=PATIENCE_S)


def test_two_panels_of_one_script(taskman):
    """Each manager may have a panel of its own."""
    with TaskControl() as other, dashboard.serve(taskman, port=0) as ours, dashboard.serve(other, port=0) as theirs:
        assert [health(served.url)["boot_id"] for served in (ours, theirs)] == [taskman.boot_id, other.boot_id]


def test_a_port_in_use_is_said(taskman):
    """The error is an OSError, and names another port."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(dashboard.CannotServe, match="is in use"):
        dashboard.serve(taskman, port=taken.getsockname()[1])


def test_an_address_for_others_is_refused(taskman):
    """Without a login the panel isn't opened to others, and the error says what to do instead."""
    with pytest.raises(dashboard.CannotServe, match="no login"):
        dashboard.serve(taskman, host="0.0.0.0", port=0)


def test_an_address_for_others_takes_a_hook(taskman):
    """With a hook that knows who may see it, the panel is served on every address."""
    with dashboard.serve(taskman, host="0.0.0.0", port=0, authorize=lambda request: "viewer") as served:
        port = served.url.rstrip("/").rpartition(":")[2]

        assert health(f"http://127.0.0.1:{port}/")["status"] == "ok"
