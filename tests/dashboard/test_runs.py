"""Running failed tasks again over HTTP."""

from __future__ import annotations

import logging

import pytest

import dashboard

pytestmark = pytest.mark.guarantee("P3")


def failed_with_dependant(taskman):
    failed = taskman.add("broken", lambda: 1 / 0)
    behind = taskman.add("behind", lambda: None, depend_on=failed)
    assert taskman.wait(timeout=10)
    return failed, behind


@pytest.mark.parametrize("body", [{}, {"failed_dependants": False}])
def test_a_failed_task_is_run_again(client, taskman, tasks, body):
    """A failed task is added anew, and the old one stays."""
    failed = tasks.failed("broken")

    answer = client.post(f"/api/tasks/{failed}/runs", json=body)

    (again,) = answer.json["ids"]
    assert answer.status_code == 201
    assert taskman.get_task(again)[0]["retry_of"] == failed
    assert taskman.get_status(failed) == 1


def test_a_canceled_task_is_run_again(client, taskman, tasks):
    """So is one that was canceled."""
    canceled = tasks.running()
    taskman.cancel(canceled)

    assert client.post(f"/api/tasks/{canceled}/runs", json={}).status_code == 201


def test_canceled_dependants_come_along_if_asked_for(client, taskman, caplog):
    """Those that were canceled because of it follow, linked as they were; the audit log says how many."""
    caplog.set_level(logging.INFO, logger="task_control.audit")
    failed, behind = failed_with_dependant(taskman)

    again, behind_again = client.post(f"/api/tasks/{failed}/runs", json={"failed_dependants": True}).json["ids"]

    record = taskman.get_task(behind_again)[0]
    assert (record["depend_on"], record["retry_of"]) == (again, behind)
    said = f"run again as {again}, with 1 dependant(s)"
    assert f"127.0.0.1 (operator) POST /api/tasks/{failed}/runs: {said}" in caplog.messages


@pytest.mark.parametrize("state", ["completed", "running", "suspended"])
def test_only_failed_tasks_are_run_again(client, taskman, tasks, state):
    """What has completed or hasn't ended is refused with a conflict, and nothing is added."""
    task_id = getattr(tasks, state)()
    before = len(taskman.get_all())

    answer = client.post(f"/api/tasks/{task_id}/runs", json={})

    assert answer.status_code == 409
    assert "Only tasks that ended as Error or Canceled" in answer.json["hint"]
    assert len(taskman.get_all()) == before


def test_what_would_be_canceled_at_once_is_not_run(client, taskman):
    """A dependant of a failed task is refused alone, with what to do instead."""
    _, behind = failed_with_dependant(taskman)

    answer = client.post(f"/api/tasks/{behind}/runs", json={})

    assert answer.status_code == 409
    assert "run that one again" in answer.json["hint"]


def test_an_unknown_task_is_not_found(client):
    """An unknown id is answered with 404."""
    assert client.post("/api/tasks/0000000000/runs", json={}).status_code == 404


def test_after_a_shutdown_nothing_is_run(client, taskman, tasks):
    """A manager that takes no more tasks is a conflict, said in its words."""
    failed = tasks.failed()
    taskman.shutdown()

    answer = client.post(f"/api/tasks/{failed}/runs", json={})

    assert answer.status_code == 409
    assert "has been shut down" in answer.json["hint"]


@pytest.mark.parametrize("body", [{"failed_dependants": 1}, {"failed_dependents": True}, [], None])
def test_a_body_that_makes_no_sense_runs_nothing(client, taskman, tasks, body):
    """A body that can't be understood is refused, and nothing is added."""
    failed = tasks.failed()

    assert client.post(f"/api/tasks/{failed}/runs", json=body).status_code == 400
    assert len(taskman.get_all()) == 1


@pytest.mark.parametrize(
    ("answer", "status"), [("viewer", 403), ({"view", "cancel", "purge"}, 403), ({"view", "run"}, 201)]
)
def test_who_may_run_runs(taskman, tasks, answer, status):
    """It takes a permission of its own, which viewers don't have; without it the page has no button."""
    failed = tasks.failed()
    client = dashboard.create_app(taskman, authorize=lambda request: answer).test_client()

    page = client.get(f"/tasks/{failed}").text
    posted = client.post(f"/api/tasks/{failed}/runs", json={}, headers={"X-Task-Control": "1"})

    assert posted.status_code == status
    assert ('data-field="again"' in page) == (status == 201)
