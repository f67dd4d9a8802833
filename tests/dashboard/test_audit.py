"""Who did what, when, from where, and how it came out: the records of the logger `task_control.audit`."""

from __future__ import annotations

import logging

import pytest
from flask import g

import dashboard
from tests.dashboard.test_access import HANDSHAKE

pytestmark = pytest.mark.guarantee("P5")

FIELDS = ("who", "role", "peer", "method", "path", "outcome", "status")


def named(request):
    g.task_control_user = "ada\nforged: line"
    return "operator"


@pytest.fixture
def entries(caplog):
    """What the audit log has, each record as the fields that it carries."""
    caplog.set_level(logging.INFO, "task_control.audit")

    def read() -> list[tuple[object, ...]]:
        records = [record for record in caplog.records if record.name == "task_control.audit"]
        return [tuple(getattr(record, field) for field in FIELDS) for record in records]

    return read


def test_an_action_is_told_with_who_what_where_and_outcome(taskman, tasks, entries, caplog):
    """The record has each as a field, and a moment; a name can't begin a line of its own."""
    address = f"/api/tasks/{tasks.running()}/cancellation"
    client = dashboard.create_app(taskman, authorize=named).test_client()

    client.post(address, headers={"X-Task-Control": "1"})

    assert entries() == [("ada\\nforged: line", "operator", "127.0.0.1", "POST", address, "done", 200)]
    assert caplog.records[-1].created > 0
    assert "\n" not in caplog.records[-1].getMessage()


@pytest.mark.parametrize(
    ("hook", "headers", "role", "status"),
    [
        (lambda request: "viewer", {"X-Task-Control": "1"}, "viewer", 403),
        (lambda request: {"view", "cancel"}, {"X-Task-Control": "1"}, "view cancel", 403),
        (lambda request: None, {"X-Task-Control": "1"}, "no role", 404),
        (lambda request: "operator", {"Origin": "http://evil.example"}, "operator", 403),
        (lambda request: "operator", {"Host": "evil.example"}, "no role", 403),
    ],
)
def test_a_refused_action_is_told_too(taskman, entries, hook, headers, role, status):
    """Whoever was refused, and why, is in the log."""
    client = dashboard.create_app(taskman, authorize=hook).test_client()

    client.post("/api/purges", json={"dry_run": True}, headers=headers)

    assert entries() == [("unnamed", role, "127.0.0.1", "POST", "/api/purges", "refused", status)]


def test_a_refused_websocket_is_told_too(taskman, entries):
    """A page of another place that tries to listen is in the log."""
    client = dashboard.create_app(taskman).test_client()

    client.get("/live", headers=HANDSHAKE | {"Origin": "http://evil.example"})

    assert entries() == [("unnamed", "operator", "127.0.0.1", "GET", "/live", "refused", 403)]


def test_reading_is_not_told(client, entries):
    """Only who acts, or is refused, is in the log."""
    client.get("/")
    client.get("/api/tasks")

    assert entries() == []
