"""Whom the hook refuses, the panel isn't there for: every answer is the one that an unknown address gets."""

from __future__ import annotations

import pytest
from flask import Flask, abort, request

import dashboard
from engine import TaskControl
from tests.dashboard.test_access import HANDSHAKE

pytestmark = pytest.mark.guarantee("P5")

ADDRESSES = (
    "",
    "/",
    "//",
    "?q=x",
    "/tasks/0000000000",
    "//api/tasks",
    "/api/tasks",
    "/api/tasks/0000000000/cancellation",
    "/api/purges",
    "/api/export.csv",
    "/live",
    "/healthz",
    "/failures",
    "/s/x/favicon.svg",
    "/nowhere",
)


def own_page(error):
    return f"the host's page for {error.code} at {request.method}", 404, {"X-Host": "1"}


def no_handler(app):
    pass


def handler_of_the_code(app):
    app.register_error_handler(404, own_page)


def handler_of_all(app):
    app.register_error_handler(Exception, lambda error: ("something else", 418))


def json_after(app):
    app.after_request(lambda response: response.headers.set("X-After", request.method) or response)


@pytest.fixture
def taskman():
    with TaskControl() as manager:
        yield manager


def hidden_app(taskman, arrange, hook=lambda request: None):
    app = Flask("host")
    arrange(app)
    dashboard.Dashboard(taskman, app, url_prefix="/jobs", authorize=hook)
    return app


@pytest.mark.parametrize("arrange", [no_handler, handler_of_the_code, handler_of_all, json_after])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_a_refused_request_is_answered_as_an_unknown_address(taskman, arrange, method):
    """Status, headers and body are those of an address that the app doesn't know, whatever its error pages are."""
    client = hidden_app(taskman, arrange).test_client()

    def answer(address):
        found = client.open(address, method=method, headers=HANDSHAKE if address.endswith("/live") else None)
        return found.status_code, sorted(found.headers), found.data

    answers = {address: answer(f"/jobs{address}") for address in ADDRESSES}

    unknown = answer("/unknown")
    assert answers == dict.fromkeys(ADDRESSES, unknown)


def test_a_hook_that_aborts_hides_as_well(taskman):
    """Flask's own way to refuse says no more than a false answer."""
    client = hidden_app(taskman, no_handler, lambda request: abort(401)).test_client()

    assert client.get("/jobs/").data == client.get("/unknown").data


def test_who_may_look_finds_the_panel_without_the_slash(taskman):
    """The address without a slash leads to the start page, with what it asked for."""
    client = hidden_app(taskman, no_handler, lambda request: "viewer").test_client()

    answer = client.get("/jobs?q=a%20b")

    assert (answer.status_code, answer.headers["Location"]) == (308, "/jobs/?q=a%20b")


def test_the_log_says_that_somebody_was_refused(taskman, caplog):
    """A host that wonders where its panel is finds the reason in the log."""
    caplog.set_level("INFO", logger="task_control.access")

    hidden_app(taskman, no_handler).test_client().get("/jobs/")

    assert "the authorize hook refused GET '/jobs/'" in caplog.text


def test_without_a_hook_the_reason_is_told(taskman):
    """Who has set nothing yet, and comes from another machine, reads what to set."""
    app = Flask("host")
    dashboard.Dashboard(taskman, app)

    answer = app.test_client().get("/tasks/", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})

    assert answer.status_code == 403
    assert "authorize" in answer.text
