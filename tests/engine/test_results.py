"""S7: the return value is kept when asked for, the very object, and nothing otherwise."""

from __future__ import annotations

import threading

import pytest

pytestmark = pytest.mark.guarantee("S7")


class Incomparable:
    """Behaves like an array: comparing it gives no truth value."""

    def __eq__(self, other: object):
        raise ValueError("the truth value is ambiguous")

    __hash__ = None

    def __deepcopy__(self, memo: object):
        raise TypeError("can't be copied")


def test_get_result_returns_the_very_object(taskman, ended):
    """The kept value is the object that the function returned, not a copy."""
    value = {"rows": [1, 2, 3]}
    task_id = taskman.add(name="returns", function=lambda f: value, get_result=True)
    ended(task_id)

    assert taskman.get_result(task_id) is value


def test_the_record_holds_the_very_object(taskman, ended):
    """The record's result is that same object."""
    value = ["a", "b"]

    assert ended(taskman.add(name="returns", function=lambda f: value, get_result=True))["result"] is value


def test_a_search_finds_the_very_object(taskman, ended):
    """A search through db hands out that same object, too."""
    value = object()
    task_id = taskman.add(name="returns", function=lambda f: value, get_result=True)
    ended(task_id)

    assert taskman.db.search(taskman.dbQuery.id == task_id)[0]["result"] is value


@pytest.mark.parametrize("make", [threading.Lock, Incomparable, lambda: (n for n in ()), lambda: float("nan")])
def test_any_object_can_be_a_result(taskman, ended, make):
    """What can't be copied, compared or hashed is kept as well."""
    value = make()
    task_id = taskman.add(name="returns", function=lambda f: value, get_result=True)
    ended(task_id)
    taskman.db.update({"note": "written beside it"}, taskman.dbQuery.id == task_id)

    assert taskman.get_result(task_id) is value


@pytest.mark.parametrize("value", [None, 0, False, "", []])
def test_an_empty_result_is_kept_as_it_is(taskman, ended, value):
    """Falsy values are results like any other."""
    task_id = taskman.add(name="returns", function=lambda f: value, get_result=True)
    ended(task_id)

    assert taskman.get_result(task_id) is value


def test_without_get_result_nothing_is_kept(taskman, ended):
    """By default the return value is dropped."""
    task_id = taskman.add(name="returns", function=lambda f: 42)
    record = ended(task_id)

    assert (taskman.get_result(task_id), record["result"]) == (None, None)


def test_before_the_end_the_result_is_none(taskman, gates):
    """While a task waits or runs, its result is None."""
    gate = gates(outcome="later")
    running = taskman.add(name="runs", function=gate, get_result=True)
    waiting = taskman.add(name="waits", function=lambda f: 1, get_result=True, depend_on=running)
    gate.wait_until_started()

    assert (taskman.get_result(running), taskman.get_result(waiting)) == (None, None)


def test_a_failed_task_has_no_result(taskman, gates, ended):
    """A task that raised has the result None."""
    gate = gates(outcome=ValueError("no"))
    gate.open()
    task_id = taskman.add(name="fails", function=gate, get_result=True)
    ended(task_id)

    assert taskman.get_result(task_id) is None


def test_a_result_that_comes_after_the_cancellation_is_dropped(taskman, gates, until):
    """What a cancelled function still returns is not kept, and the status stays 4."""
    gate = gates(outcome="too late")
    task_id = taskman.add(name="cancelled", function=gate, get_result=True)
    gate.wait_until_started()
    taskman.cancel(task_id)
    gate.open()
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the cancelled function to return")

    assert (taskman.get_status(task_id), taskman.get_result(task_id)) == (4, None)


def test_a_result_is_there_as_soon_as_the_status_is_0(taskman):
    """No reader ever sees a completed task without its result."""
    seen = []
    with taskman.subscribe() as subscription:
        ids = {taskman.add(name="returns", function=lambda f: "value", get_result=True) for _ in range(50)}
        for change in subscription:
            if change.record["status"] == 0:
                seen.append(change.record["result"])
                ids.discard(change.id)
            if not ids:
                break

    assert set(seen) == {"value"}
