"""Cancelling and purging over HTTP."""

from __future__ import annotations

import logging

import pytest

import dashboard
from dashboard.previews import MOST_PREVIEWS, Previews

pytestmark = pytest.mark.guarantee("P3")

FINAL = [0, 1, 4]


@pytest.mark.parametrize("state", ["running", "suspended"])
def test_an_unfinished_task_is_canceled(client, taskman, tasks, state):
    """A cancellation of a task that waits or runs is accepted, and the task is canceled."""
    task_id = getattr(tasks, state)()

    answer = client.post(f"/api/tasks/{task_id}/cancellation")

    assert (answer.status_code, answer.json) == (202, {"id": task_id, "status": 4})
    assert taskman.get_status(task_id) == 4


def test_an_ended_task_cannot_be_canceled(client, taskman, tasks):
    """A cancellation that comes too late is answered with a conflict and changes nothing."""
    task_id = tasks.completed()

    answer = client.post(f"/api/tasks/{task_id}/cancellation")

    assert answer.status_code == 409
    assert set(answer.json) == {"error", "hint"}
    assert taskman.get_status(task_id) == 0


def test_an_unknown_task_cannot_be_canceled(client):
    """A cancellation of an unknown id is answered with 404."""
    assert client.post("/api/tasks/0000000000/cancellation").status_code == 404


def test_a_dry_run_tells_what_would_go(client, taskman, tasks):
    """A dry run names the ended tasks that would go, and removes none."""
    ended, failed, running = tasks.completed("done"), tasks.failed("broken"), tasks.running()

    answer = client.post("/api/purges", json={"dry_run": True})

    assert answer.status_code == 200
    assert answer.json["count"] == 2
    assert answer.json["tasks"] == [
        {"id": ended, "name": "done", "status": 0},
        {"id": failed, "name": "broken", "status": 1},
    ]
    assert len(taskman.get_all()) == 3
    assert taskman.get_status(running) == 3


def test_a_preview_is_purged_exactly(client, taskman, tasks):
    """A purge that sends the token removes what was previewed, and nothing that ended since."""
    previewed = tasks.completed()
    token = client.post("/api/purges", json={"statuses": FINAL, "dry_run": True}).json["preview"]
    ended_since = tasks.completed()

    answer = client.post("/api/purges", json={"preview": token})

    assert answer.json == {"removed": 1}
    assert taskman.get_task(previewed) == []
    assert len(taskman.get_task(ended_since)) == 1


def test_a_previewed_task_that_is_gone_is_not_counted(client, taskman, tasks):
    """What somebody else removed meanwhile is not removed twice."""
    task_id = tasks.completed()
    token = client.post("/api/purges", json={"dry_run": True}).json["preview"]
    taskman.remove([task_id])

    assert client.post("/api/purges", json={"preview": token}).json == {"removed": 0}


def test_a_token_is_for_one_use(client, tasks):
    """A token that was used is refused, and nothing more is removed."""
    tasks.completed()
    token = client.post("/api/purges", json={"dry_run": True}).json["preview"]
    client.post("/api/purges", json={"preview": token})

    answer = client.post("/api/purges", json={"preview": token})

    assert answer.status_code == 409
    assert "Nothing was removed" in answer.json["hint"]


def test_an_unknown_token_is_refused(client, taskman, tasks):
    """A purge with a made-up token removes nothing."""
    tasks.completed()

    answer = client.post("/api/purges", json={"preview": "made-up"})

    assert answer.status_code == 409
    assert len(taskman.get_all()) == 1


def test_a_purge_removes_by_status(client, taskman, tasks):
    """A purge without a preview removes the ended tasks with the statuses that it names."""
    tasks.completed()
    failed = tasks.failed()

    answer = client.post("/api/purges", json={"statuses": [0], "older_than_s": 0})

    assert answer.json == {"removed": 1}
    assert [record["id"] for record in taskman.get_all()] == [failed]


def test_a_purge_removes_by_age(client, taskman, tasks):
    """Tasks that were added more recently than the age stay."""
    tasks.completed()

    answer = client.post("/api/purges", json={"statuses": FINAL, "older_than_s": 3600})

    assert answer.json == {"removed": 0}
    assert len(taskman.get_all()) == 1


def test_a_purge_of_no_status_removes_nothing(client, taskman, tasks):
    """An empty list of statuses is no list of all of them."""
    tasks.completed()

    preview = client.post("/api/purges", json={"statuses": [], "dry_run": True}).json
    purge = client.post("/api/purges", json={"statuses": [], "older_than_s": 0}).json

    assert (preview["count"], purge["removed"]) == (0, 0)
    assert len(taskman.get_all()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"statuses": [0]},
        {"older_than_s": 0},
        {"statuses": [2], "older_than_s": 0},
        {"statuses": [3], "dry_run": True},
        {"statuses": 0, "dry_run": True},
        {"statuses": [True], "dry_run": True},
        {"statuses": ["0"], "dry_run": True},
        {"older_than_s": -1, "dry_run": True},
        {"older_than_s": True, "dry_run": True},
        {"older_than_s": "60", "dry_run": True},
        {"older_than_s": None, "dry_run": True},
        {"older_than_s": 1e300, "dry_run": True},
        {"older_than_s": 10**400, "dry_run": True},
        {"older_than": 3600, "dry_run": True},
        {"dry_run": 1},
        {"dry_run": "yes"},
        {"preview": 5},
        {"preview": "token", "statuses": [0]},
        [],
        None,
        "purge",
    ],
)
def test_a_body_that_makes_no_sense_purges_nothing(client, taskman, tasks, body):
    """A purge that can't be understood is refused with what it may say, and removes nothing."""
    tasks.completed()

    answer = client.post("/api/purges", json=body)

    assert answer.status_code == 400
    assert set(answer.json) == {"error", "hint"}
    assert len(taskman.get_all()) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"older_than_s": NaN, "dry_run": true}',
        b'{"older_than_s": Infinity, "dry_run": true}',
        b'{"older_than_s": 1e999, "dry_run": true}',
        b"[" * 50_000,
    ],
)
def test_a_body_that_is_no_json_is_refused(client, text):
    """Bodies that aren't JSON are answered with 400."""
    assert client.post("/api/purges", data=text, content_type="application/json").status_code == 400


def test_a_body_that_is_not_declared_as_json_is_refused(client):
    """What a form of another site could send is not read."""
    assert client.post("/api/purges", data='{"dry_run": true}', content_type="text/plain").status_code == 400


def test_a_body_that_is_too_large_is_refused(client):
    """Bodies over the limit are answered with 413 and not read."""
    body = b'{"preview": "' + b"x" * 70_000 + b'"}'

    assert client.post("/api/purges", data=body, content_type="application/json").status_code == 413


def test_actions_are_logged(client, tasks, caplog):
    """The audit log says who did what, and how it came out."""
    caplog.set_level(logging.INFO, logger="task_control.audit")
    task_id = tasks.running()

    client.post(f"/api/tasks/{task_id}/cancellation")

    assert caplog.messages == [f"127.0.0.1 (operator) POST /api/tasks/{task_id}/cancellation: canceled"]


def test_refused_actions_are_logged(taskman, caplog):
    """The audit log tells of refusals, and a path can't begin a line of its own there."""
    client = dashboard.create_app(taskman, authorize=lambda request: "viewer").test_client()

    client.post("/api/tasks/a%0Ab/cancellation")

    (line,) = caplog.messages
    assert line.startswith("127.0.0.1 (viewer) POST /api/tasks/a\\nb/cancellation: refused with 403")


def test_old_previews_are_forgotten():
    """A preview is kept for its time and no longer."""
    previews = Previews(kept_s=0.0)
    token = previews.keep(["a"])

    assert previews.take(token) is None


def test_the_number_of_previews_is_bounded():
    """When there are too many previews, the oldest go first."""
    previews = Previews()
    tokens = [previews.keep([str(number)]) for number in range(MOST_PREVIEWS + 1)]

    assert previews.take(tokens[0]) is None
    assert previews.take(tokens[1]) == ["1"]
