"""How often one may act."""

from __future__ import annotations

import pytest

from dashboard.limits import Limit

pytestmark = pytest.mark.guarantee("P5")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [1000.0]
    monkeypatch.setattr("dashboard.limits.time.monotonic", lambda: now[0])
    return now


def test_what_was_used_up_comes_back_with_time(clock):
    """After the allowed tries one waits, and for how long is said."""
    limit = Limit()
    first = [limit.wait_s("ada", 2) for _ in range(3)]

    clock[0] += 30

    assert first == [0.0, 0.0, 30.0]
    assert [limit.wait_s("ada", 2), limit.wait_s("ada", 2) > 0] == [0.0, True]


def test_one_does_not_use_up_what_another_may(clock):
    """Each who has tries of their own."""
    limit = Limit()
    limit.wait_s("ada", 1)

    assert limit.wait_s("bob", 1) == 0.0


def test_nobody_is_remembered_for_ever(clock):
    """However many there are, the table stays bounded."""
    limit = Limit()
    for number in range(5000):
        limit.wait_s(str(number), 1)

    assert len(limit._left) <= 4096


def test_too_many_actions_are_refused(app, client, taskman, tasks):
    """Beyond the setting an action is answered with 429, says when to come again, and changes nothing."""
    app.config["TASK_CONTROL_ACTIONS_PER_MINUTE"] = 2
    running = tasks.running()
    answers = [client.post("/api/purges", json={"dry_run": True}).status_code for _ in range(2)]

    refused = client.post(f"/api/tasks/{running}/cancellation")

    assert (answers, refused.status_code) == ([200, 200], 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "TASK_CONTROL_ACTIONS_PER_MINUTE" in refused.json["hint"]
    assert taskman.get_status(running) == 3


def test_pages_of_others_do_not_use_it_up(app, client):
    """What is refused by its origin doesn't count against who may act."""
    app.config["TASK_CONTROL_ACTIONS_PER_MINUTE"] = 1
    for _ in range(3):
        client.post("/api/purges", json={"dry_run": True}, headers={"Origin": "http://evil.example"})

    assert client.post("/api/purges", json={"dry_run": True}).status_code == 200


def test_reading_is_not_limited(app, client):
    """The limit is one of actions."""
    app.config["TASK_CONTROL_ACTIONS_PER_MINUTE"] = 0

    assert [client.get("/api/tasks").status_code for _ in range(3)] == [200, 200, 200]
