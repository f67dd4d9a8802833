"""Plans say exactly what they will touch, and touch nothing else."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.guarantee("P3")


@pytest.fixture
def chain(taskman, tasks) -> list[str]:
    """Lend a running task, one that waits for it, one that waits for that, and one that has ended."""
    first = tasks.running("first")
    second = taskman.add("second", lambda: None, depend_on=first)
    third = taskman.add("third", lambda: None, depend_on=second)
    return [first, second, third, tasks.completed("ended")]


def ask(client, **plan) -> dict:
    return client.post("/api/plans", json=plan).json


def test_a_cancel_names_those_that_wait(client, chain):
    """Canceling one task names all behind it, the directly and the indirectly waiting."""
    plan = ask(client, action="cancel", ids=[chain[0], chain[3]])

    assert (plan["count"], plan["dependants"], plan["left"]) == (1, 2, 1)
    assert plan["left_because"] == {"already ended": 1}
    assert [task["name"] for task in plan["tasks"]] == ["first", "second", "third"]


def test_what_was_planned_is_canceled_once(client, taskman, chain):
    """The plan's token cancels its tasks; those behind them follow; a second time there is nothing."""
    plan = ask(client, action="cancel", ids=chain)
    answer = client.post("/api/cancellations", json={"preview": plan["preview"]})

    assert (answer.status_code, answer.json) == (202, {"canceled": 3})
    assert [taskman.get_status(task_id) for task_id in chain] == [4, 4, 4, 0]
    assert client.post("/api/cancellations", json={"preview": plan["preview"]}).status_code == 409


def test_tasks_added_after_the_plan_are_left_alone(client, taskman, tasks, chain):
    """A filter is worked out when it is planned: what comes to fit it later isn't touched."""
    plan = ask(client, action="cancel", q="", status="3")
    late = tasks.running("late")
    client.post("/api/cancellations", json={"preview": plan["preview"]})

    assert [taskman.get_status(chain[0]), taskman.get_status(late)] == [4, 3]


def test_a_purge_takes_what_has_ended(client, taskman, chain):
    """A purge by filter leaves what waits or runs, says how many, and goes by the purge's own address."""
    plan = ask(client, action="purge", q="", status="")
    answer = client.post("/api/purges", json={"preview": plan["preview"]})

    assert (plan["count"], plan["dependants"], plan["left"]) == (1, 0, 3)
    assert answer.json == {"removed": 1}
    assert [len(taskman.get_task(task_id)) for task_id in chain] == [1, 1, 1, 0]


def test_a_plan_of_one_kind_does_nothing_of_the_other(client, taskman, chain):
    """A purge's token cancels nothing."""
    plan = ask(client, action="purge", ids=chain)

    assert client.post("/api/cancellations", json={"preview": plan["preview"]}).status_code == 409
    assert taskman.get_status(chain[0]) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "cancel"},
        {"action": "explode", "ids": []},
        {"action": "cancel", "ids": "abc"},
        {"action": "cancel", "ids": [1]},
        {"action": "cancel", "ids": [], "q": ""},
        {"action": "cancel", "q": ""},
        {"action": "cancel", "q": "after:noon", "status": ""},
        {"action": "cancel", "q": "", "status": "9"},
        {"action": "cancel", "ids": [], "everything": True},
        {"action": "cancel", "ids": [], "failed_dependants": True},
        {"action": "run", "ids": [], "failed_dependants": 1},
        [],
    ],
)
def test_plans_that_cannot_be_read_are_refused(client, body):
    """A slip must not act on everything: each is refused with a hint."""
    answer = client.post("/api/plans", json=body)

    assert answer.status_code == 400
    assert answer.json["hint"]
