"""Running many failed tasks again over HTTP: planned, and then just as planned."""

from __future__ import annotations

import logging

import pytest

import dashboard

pytestmark = pytest.mark.guarantee("P3")


class FailsFirst:
    """A function that fails the first time."""

    def __init__(self):
        self.fails = True

    def __call__(self):
        if self.fails:
            self.fails = False
            raise ConnectionError("no")


@pytest.fixture
def chains(taskman) -> dict[str, str]:
    """Lend two failed tasks, each with one that was canceled because of it and one behind that."""
    ids = {}
    for name in ("a", "b"):
        ids[name] = taskman.add(name, FailsFirst())
        ids[f"{name}2"] = taskman.add(f"{name}2", lambda: None, depend_on=ids[name])
        ids[f"{name}3"] = taskman.add(f"{name}3", lambda: None, depend_on=ids[f"{name}2"])
    assert taskman.wait(timeout=10)
    return ids


def ask(client, **plan) -> dict:
    return client.post("/api/plans", json={"action": "run", **plan}).json


def run(client, plan) -> list[str]:
    answer = client.post("/api/runs", json={"preview": plan["preview"]})
    assert answer.status_code == 201
    return answer.json["ids"]


def origins(taskman, ids) -> list[str]:
    assert taskman.wait(ids, timeout=10)
    return [taskman.get_task(taskman.get_task(one)[0]["retry_of"])[0]["name"] for one in ids]


def summary(plan) -> tuple:
    return plan["count"], plan["dependants"], plan["left_because"]


def test_the_chosen_are_run_again_once(client, taskman, chains):
    """Just these, each a new task; the plan's token is good for one time, and for running only."""
    plan = ask(client, ids=[chains["a"], chains["b"]])
    wrong = client.post("/api/cancellations", json={"preview": plan["preview"]})
    ids = run(client, plan)

    assert wrong.status_code == 409
    assert summary(plan) == (2, 0, {})
    assert [task["name"] for task in plan["tasks"]] == origins(taskman, ids) == ["a", "b"]
    assert client.post("/api/runs", json={"preview": plan["preview"]}).status_code == 409


def test_of_two_who_have_the_same_plan_one_runs_it(client, taskman, chains):
    """The other is told, and runs only what the first has not."""
    first, second, wider = (ask(client, ids=[chains[one] for one in named]) for named in ("a", "a", "ab"))
    ids = run(client, first)
    refused = client.post("/api/runs", json={"preview": second["preview"]})
    ids += run(client, wider)

    assert (refused.status_code, "since it was planned" in refused.text) == (409, True)
    assert origins(taskman, ids) == ["a", "b"]


def test_their_dependants_come_along_if_asked_for(client, taskman, chains):
    """Those that were canceled because of them, directly or not, linked as they were; the plan names each."""
    plan = ask(client, ids=[chains["a"]], failed_dependants=True)
    ids = run(client, plan)

    assert summary(plan) == (1, 2, {})
    assert [task["name"] for task in plan["tasks"]] == origins(taskman, ids) == ["a", "a2", "a3"]
    assert [taskman.get_task(one)[0]["depend_on"] for one in ids] == [None, ids[0], ids[1]]
    assert [taskman.get_status(one) for one in ids] == [0, 0, 0]


@pytest.mark.parametrize("failed_dependants", [False, True])
def test_what_is_chosen_with_its_dependants_is_run_once(client, taskman, chains, failed_dependants):
    """Whether dependants were asked for or not, a failed task chosen with those that it had canceled gets each once."""
    plan = ask(client, q="name:a", status="1,4", failed_dependants=failed_dependants)
    ids = run(client, plan)

    assert summary(plan) == (3, 0, {})
    assert origins(taskman, ids) == ["a", "a2", "a3"]
    assert [taskman.get_status(one) for one in ids] == [0, 0, 0]


def test_a_plan_says_what_it_leaves_and_why(client, taskman, tasks, chains):
    """What hasn't failed, what depends on one that hasn't completed, and what nothing is kept of."""
    taskman.db.insert({"id": "by hand", "status": 1, "name": "by hand"})
    chosen = [chains["a2"], chains["b"], tasks.completed(), tasks.running(), "by hand", "0123456789"]
    plan = ask(client, ids=chosen)

    assert summary(plan) == (
        1,
        0,
        {
            "not failed": 2,
            "after a task that hasn't completed and isn't run again": 1,
            "of which the call isn't kept": 1,
        },
    )
    assert plan["left"] == 4
    assert origins(taskman, run(client, plan)) == ["b"]


def test_of_many_only_the_newest_runs_are_run_again(client, taskman, chains):
    """What was run again already is left, so that a filter runs no work twice; named alone it is run once more."""
    taskman.run_again(chains["a"])
    assert taskman.wait(timeout=10)
    by_filter = ask(client, q="", status="1")
    by_ids = ask(client, ids=[chains["a"], chains["b"]])
    alone = ask(client, ids=[chains["a"]])

    assert summary(by_filter) == summary(by_ids) == (1, 0, {"already run again": 1})
    assert summary(alone) == (1, 0, {})
    assert len(run(client, alone)) == 1


def test_what_no_run_is_left_of_is_run_again(client, taskman, chains):
    """A run whose record was purged doesn't count."""
    (again,) = taskman.run_again(chains["a"])
    assert taskman.wait(timeout=10)
    taskman.remove(again)

    assert summary(ask(client, q="", status="1")) == (2, 0, {})


def test_a_failure_of_the_new_run_is_the_one_that_counts(client, taskman, tasks):
    """A task that failed again is run by its newest run, which is in the same group."""
    old = tasks.failed("broken")
    (new,) = taskman.run_again(old)
    assert taskman.wait(timeout=10)
    (group,) = client.get("/api/failures").json["failures"]
    plan = ask(client, q=f"failure:{group['fingerprint']}", status="")
    ids = run(client, plan)

    assert (group["count"], summary(plan)) == (2, (1, 0, {"already run again": 1}))
    assert taskman.get_task(ids[0])[0]["retry_of"] == new


def test_what_was_removed_since_is_not_run_again(client, taskman, chains):
    """Nor what depends on it; the rest is, and the log of who did what says how many."""
    plan = ask(client, ids=[chains["a"], chains["b"]], failed_dependants=True)
    taskman.remove(chains["a"])

    assert origins(taskman, run(client, plan)) == ["b", "b2", "b3"]


def test_what_fails_after_the_plan_is_left(client, taskman, tasks, chains):
    """A filter is worked out when it is planned."""
    plan = ask(client, q="", status="1")
    tasks.failed("late")

    assert origins(taskman, run(client, plan)) == ["a", "b"]


def test_the_audit_log_says_how_many(client, taskman, chains, caplog):
    """One line for the action, with how many of the planned were run."""
    caplog.set_level(logging.INFO, logger="task_control.audit")
    plan = ask(client, q="", status="1")
    taskman.remove(chains["a"])
    run(client, plan)

    assert "127.0.0.1 (operator) POST /api/runs: ran 1 of 2 planned task(s) again" in caplog.messages


def test_after_a_shutdown_nothing_is_run(client, taskman, chains):
    """A manager that takes no more tasks is a conflict, said in its words."""
    plan = ask(client, q="", status="1")
    taskman.shutdown()
    answer = client.post("/api/runs", json={"preview": plan["preview"]})

    assert (answer.status_code, len(taskman.get_all())) == (409, 6)
    assert "has been shut down" in answer.json["hint"]


@pytest.mark.parametrize("body", [{}, {"preview": 5}, {"preview": "x", "ids": []}, [], None])
def test_bodies_that_cannot_be_read_are_refused(client, taskman, chains, body):
    """Without a plan's token nothing is run again."""
    answer = client.post("/api/runs", json=body)

    assert (answer.status_code, len(taskman.get_all())) == (400, 6)


@pytest.mark.parametrize(("may", "status"), [({"view", "cancel", "purge"}, 403), ({"view", "run"}, 201)])
def test_who_may_run_runs(taskman, chains, may, status):
    """The action's word is `run`, for the plan and for what follows."""
    client, headers = (
        dashboard.create_app(taskman, authorize=lambda request: may).test_client(),
        {"X-Task-Control": "1"},
    )
    planned = client.post("/api/plans", json={"action": "run", "q": "", "status": "1"}, headers=headers)
    token = planned.json.get("preview", "made up")

    assert planned.status_code == (200 if status == 201 else 403)
    assert client.post("/api/runs", json={"preview": token}, headers=headers).status_code == status


def test_the_rate_is_limited(taskman, chains):
    """Plans and runs count as any action."""
    app = dashboard.create_app(taskman)
    app.config["TASK_CONTROL_ACTIONS_PER_MINUTE"] = 1
    client, headers = app.test_client(), {"X-Task-Control": "1"}
    plan = client.post("/api/plans", json={"action": "run", "q": "", "status": "1"}, headers=headers).json
    answer = client.post("/api/runs", json={"preview": plan["preview"]}, headers=headers)

    assert (answer.status_code, len(taskman.get_all())) == (429, 6)
