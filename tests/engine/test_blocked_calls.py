"""S8: a blocking call can't be stopped: the record says so, and the manager loses no capacity."""

from __future__ import annotations

import threading
import time

import pytest

pytestmark = pytest.mark.guarantee("S8")

LIMIT_S = 0.1


def still_blocked(manager, task_id):
    return lambda: manager.get_task(task_id)[0]["stopping"] == "still blocked"


def test_a_blocked_function_is_said_to_be_blocked(taskman, gate, ended, until):
    """The record of a killed task whose function sits in a blocking call says so."""
    task_id = taskman.add(name="stuck", function=gate, thread_timeout=LIMIT_S)
    ended(task_id)
    until(still_blocked(taskman, task_id), "the record to say that the function is still blocked")

    assert taskman.get_task(task_id)[0]["error"] == "Killed by timeout"


def test_a_cancelled_blocked_function_is_said_to_be_blocked(taskman, gate, until):
    """So does the record of a cancelled one."""
    task_id = taskman.add(name="stuck", function=gate)
    gate.wait_until_started()
    taskman.cancel(task_id)
    until(still_blocked(taskman, task_id), "the record to say that the function is still blocked")

    assert taskman.get_task(task_id)[0]["error"] == "Canceled on request"


def test_a_function_being_stopped_says_so_at_once(taskman, gate):
    """As soon as the end is decided, the record says that the function is being stopped."""
    task_id = taskman.add(name="stuck", function=gate)
    gate.wait_until_started()
    taskman.cancel(task_id)

    assert taskman.get_task(task_id)[0]["stopping"] in ("stop requested", "interrupt sent", "still blocked")


def test_when_the_call_returns_the_record_is_clean(taskman, gate, until):
    """Once the blocking call has returned, nothing is being stopped any more."""
    task_id = taskman.add(name="stuck", function=gate)
    gate.wait_until_started()
    taskman.cancel(task_id)
    until(still_blocked(taskman, task_id), "the record to say that the function is still blocked")
    gate.open()
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the record to be clean")

    assert taskman.get_status(task_id) == 4


def test_a_function_that_was_not_stopped_says_nothing(taskman, ended):
    """A task that ended by itself was never being stopped."""
    assert ended(taskman.add(name="fine", function=lambda f: None))["stopping"] is None


@pytest.mark.parametrize("seats", [1, 2])
def test_blocked_functions_cost_no_capacity(managers, gates, ended, seats):
    """With every seat taken by a function that can't be stopped, the next tasks still run."""
    manager = managers(max_workers=seats)
    stuck = [manager.add(name="stuck", function=gates(), thread_timeout=LIMIT_S) for _ in range(seats)]
    after = [manager.add(name="after", function=lambda f: None) for _ in range(10)]

    assert [ended(task_id, manager)["status"] for task_id in stuck + after] == [1] * seats + [0] * 10


def test_capacity_survives_one_blocked_function_after_another(managers, gates, ended):
    """However many functions got stuck, a single seat keeps serving."""
    manager = managers(max_workers=1)
    ids = []
    for _ in range(4):
        ids.append(manager.add(name="stuck", function=gates(), thread_timeout=LIMIT_S))
        ids.append(manager.add(name="after", function=lambda f: None))

    assert [ended(task_id, manager)["status"] for task_id in ids] == [1, 0] * 4


def test_capacity_survives_cancelled_blocked_functions(managers, gates, ended):
    """The same holds for functions that were cancelled."""
    manager = managers(max_workers=1)
    stuck = gates()
    task_id = manager.add(name="stuck", function=stuck)
    stuck.wait_until_started()
    manager.cancel(task_id)

    assert ended(manager.add(name="after", function=lambda f: None), manager)["status"] == 0


def test_a_freed_seat_is_not_given_twice(managers, gates, ended, until):
    """When blocked functions return at last, no more tasks run at once than max_workers allows."""
    manager = managers(max_workers=2)
    stuck = [gates() for _ in range(4)]
    stuck_ids = [manager.add(name="stuck", function=gate, thread_timeout=LIMIT_S) for gate in stuck]
    for task_id in stuck_ids:
        ended(task_id, manager)
        until(still_blocked(manager, task_id), "the seat to be given away")
    for gate in stuck:
        gate.open()
    running, peak = [], []

    def work(handle) -> None:
        running.append(1)
        peak.append(len(running))
        time.sleep(0.005)
        running.pop()

    for task_id in [manager.add(name="after", function=work) for _ in range(40)]:
        ended(task_id, manager)

    assert max(peak) <= 2


def test_a_call_that_returns_in_the_instant_it_is_given_up_keeps_its_seat(managers, gate, ended, until, monkeypatch):
    """Its thread is at the next task by then, and isn't taken for one that is blocked."""
    manager, next_gate = managers(max_workers=1), threading.Event()
    pool, answers = manager._runtime.pool, []
    give_away = pool.give_away_seat
    task_id = manager.add("blocked", gate, thread_timeout=0.05)
    following = manager.add("next", lambda: next_gate.wait(10))

    def give_away_late(worker, task):
        gate.open()
        until(lambda: manager.get_status(following) == 3, "its thread to go on")
        answers.append(give_away(worker, task))
        return answers[-1]

    monkeypatch.setattr(pool, "give_away_seat", give_away_late)
    until(lambda: answers, "the call to be given up")
    third = manager.add("third", lambda: None)
    early = manager.wait(third, timeout=0.2)
    next_gate.set()

    assert (answers, early, ended(third, manager)["status"]) == ([False], False, 0)
    assert [manager.get_task(one)[0]["stopping"] for one in (task_id, following)] == [None, None]
