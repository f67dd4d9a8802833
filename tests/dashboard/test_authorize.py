"""The hook that decides who may see and who may act."""

from __future__ import annotations

import pytest
from flask import Response, abort

import dashboard

pytestmark = pytest.mark.guarantee("P5")


def client_of(taskman, hook):
    client = dashboard.create_app(taskman, authorize=hook).test_client()
    client.environ_base["HTTP_X_TASK_CONTROL"] = "1"
    return client


async def forgotten_await(request):
    return True


def fail(request):
    raise RuntimeError("the database of users is away")


@pytest.mark.parametrize("answer", [True, "operator"])
def test_an_operator_may_act(taskman, tasks, answer):
    """The hook's yes lets a request see and act."""
    task_id = tasks.running()

    assert client_of(taskman, lambda request: answer).post(f"/api/tasks/{task_id}/cancellation").status_code == 202


def test_a_viewer_sees_and_cannot_act(taskman, tasks):
    """A viewer gets the pages, without buttons, and no action."""
    task_id = tasks.running()
    client = client_of(taskman, lambda request: "viewer")

    page = client.get("/")
    action = client.post(f"/api/tasks/{task_id}/cancellation")

    assert page.status_code == 200
    assert 'data-action="cancel"' not in page.text
    assert action.status_code == 403
    assert taskman.get_status(task_id) == 3


@pytest.mark.parametrize("answer", [False, None, "", 0])
def test_something_false_is_a_refusal(taskman, answer):
    """Any false answer refuses."""
    assert client_of(taskman, lambda request: answer).get("/api/tasks").status_code == 404


def test_a_hook_that_aborts_refuses(taskman):
    """A hook may refuse in Flask's own way."""
    assert client_of(taskman, lambda request: abort(401)).get("/api/tasks").status_code == 404


@pytest.mark.parametrize("answer", ["admin", 1, object(), ("no", 403), Response("log in", 401), ["viewer"]])
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_an_answer_of_another_kind_is_a_refusal(taskman, caplog, answer):
    """What is neither a role nor true nor false is a mistake, and lets nobody in."""
    refusal = client_of(taskman, lambda request: answer).get("/api/tasks")

    assert refusal.status_code == 500
    assert type(answer).__name__ in refusal.json["error"]
    assert "the authorize hook answered" in caplog.text


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_an_asynchronous_hook_lets_nobody_in(taskman):
    """A coroutine counts as true to Python, but not as a yes here."""
    assert client_of(taskman, forgotten_await).get("/api/tasks").status_code == 500


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"view", "cancle"}, "a set with 'cancle' in it"),
        ({"cancel"}, "a set without view"),
        ({"view", 7}, "a set with 7 in it"),
        (["view"], "list"),
    ],
)
def test_a_set_that_cannot_be_read_lets_nobody_in(taskman, caplog, answer, told):
    """A word that is no action is told with those that are, in the answer and in the log."""
    refusal = client_of(taskman, lambda request: answer).get("/api/tasks")

    assert refusal.status_code == 500
    assert told in refusal.json["error"]
    assert "a set of view, export, cancel, purge" in refusal.json["hint"]
    assert told in caplog.text
    assert "view, export, cancel, purge" in caplog.text


#: What each action brings into the pages.
PARTS = {
    "export": ('data-export="csv"',),
    "cancel": ('data-action="cancel"', 'data-many-action="cancel"'),
    "purge": ('data-action="open-purge"', 'data-many-action="purge"', "data-purge-form"),
    "run": ('data-many-action="run"',),
}


@pytest.mark.parametrize("may", [set(), {"export"}, {"cancel"}, {"purge"}, {"run"}, {"cancel", "purge"}])
def test_pages_have_the_buttons_of_what_is_allowed(taskman, tasks, may):
    """What may not be done has no button, neither in the list nor in the dialogs."""
    tasks.running()

    page = client_of(taskman, lambda request: {"view"} | may).get("/").text

    assert {action for action, parts in PARTS.items() if all(part in page for part in parts)} == may
    assert {action for action, parts in PARTS.items() if any(part in page for part in parts)} == may
    assert ('data-field="select"' in page) == ("data-plan-title" in page) == bool(may & {"cancel", "purge", "run"})


@pytest.mark.parametrize("action", ["cancel", "purge", "run"])
def test_a_plan_is_made_for_what_is_allowed(taskman, tasks, action):
    """Who may only purge can't have a cancellation or runs planned, and so on."""
    task_id = tasks.completed()
    client = client_of(taskman, lambda request: {"view", action})

    answers = {
        wish: client.post("/api/plans", json={"action": wish, "ids": [task_id]}).status_code
        for wish in ("cancel", "purge", "run")
    }

    assert answers == {"cancel": 403, "purge": 403, "run": 403} | {action: 200}


def test_a_hook_that_fails_lets_nobody_in(taskman, caplog):
    """A hook that raises refuses; the log has the traceback, the answer doesn't."""
    refusal = client_of(taskman, fail).get("/api/tasks")

    assert refusal.status_code == 500
    assert "database" not in refusal.text
    assert "the database of users is away" in caplog.text


def test_the_hook_is_asked_about_every_request(taskman):
    """A permission that ends, ends with the next request."""
    answers = iter([True, False])
    client = client_of(taskman, lambda request: next(answers))

    assert [client.get("/api/tasks").status_code for _ in range(2)] == [200, 404]
