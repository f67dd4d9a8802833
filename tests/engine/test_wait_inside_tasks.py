"""S15: a task may wait for tasks: it gives its seat, and nobody is deadlocked."""

from __future__ import annotations

import threading

import pytest

from engine import WaitCycle

pytestmark = pytest.mark.guarantee("S15")

SOON_S = 0.05


def test_a_task_may_wait_for_its_children_on_a_single_seat(managers, ended):
    """A task that waits gives its seat, so its children run even when there is only one."""
    manager = managers(max_workers=1)

    def parent(handle):
        children = [manager.add(name="child", function=lambda f: 1, get_result=True) for _ in range(5)]
        manager.wait(children)
        return sum(manager.get_result(child) for child in children)

    assert ended(manager.add(name="parent", function=parent, get_result=True), manager)["result"] == 5


def test_waiting_tasks_may_be_nested(managers, ended):
    """Children may wait for children of their own, far deeper than there are seats."""
    manager = managers(max_workers=1)

    def generation(depth):
        if depth == 0:
            return 0
        child = manager.add(name=f"depth {depth}", function=lambda f: generation(depth - 1), get_result=True)
        manager.wait([child])
        return manager.get_result(child) + 1

    assert (
        ended(manager.add(name="eldest", function=lambda f: generation(20), get_result=True), manager)["result"] == 20
    )


def test_the_default_form_leaves_out_the_task_itself(taskman, ended):
    """wait() inside a task waits for all others."""
    other = taskman.add(name="other", function=lambda f: None)
    record = ended(taskman.add(name="waits", function=lambda f: taskman.wait(timeout=10), get_result=True))

    assert (record["result"], taskman.get_status(other)) == (True, 0)


def test_waiting_for_oneself_is_an_error(taskman, ended):
    """A task that names itself in wait is told so instead of waiting for ever."""
    record = ended(taskman.add(name="itself", function=lambda f: taskman.wait([f.id])))

    assert (record["status"], record["error"].partition(":")[0]) == (1, "WaitCycle")


def test_waiting_for_what_depends_on_oneself_is_an_error(taskman, ended):
    """A task can't wait for one that starts only after its own end."""

    def work(handle):
        follower = taskman.add(name="follower", function=lambda f: None, depend_on=handle.id)
        taskman.wait([follower])

    record = ended(taskman.add(name="waits", function=work))

    assert (record["status"], record["error"].partition(":")[0]) == (1, "WaitCycle")


def test_waiting_for_the_end_of_a_chain_behind_oneself_is_an_error(taskman, ended):
    """The same holds when the dependency is an indirect one."""

    def work(handle):
        last = handle.id
        for _ in range(5):
            last = taskman.add(name="follower", function=lambda f: None, depend_on=last)
        taskman.wait([last])

    assert ended(taskman.add(name="waits", function=work))["error"].partition(":")[0] == "WaitCycle"


@pytest.mark.parametrize("length", [2, 3, 5])
def test_tasks_that_wait_in_a_circle_are_told(taskman, ended, length):
    """If tasks wait for each other in a circle, at least one gets WaitCycle and all of them end."""
    ids: list[str] = []
    all_added = threading.Event()

    def work(handle, place):
        assert all_added.wait(10), "not all tasks were added"
        taskman.wait([ids[(place + 1) % length]])

    for place in range(length):
        ids.append(taskman.add(name=f"place {place}", function=lambda f, place=place: work(f, place)))
    all_added.set()
    errors = [ended(task_id)["error"] for task_id in ids]

    assert [error for error in errors if error and error.startswith("WaitCycle")] != []


def test_tasks_that_wait_for_all_do_not_wait_for_each_other(taskman, ended):
    """Several tasks may call wait() at the same time without deadlock."""
    together = threading.Barrier(3)

    def work(handle):
        together.wait(10)
        return taskman.wait()

    ids = [taskman.add(name="waits for all", function=work, get_result=True) for _ in range(3)]

    assert [ended(task_id)["result"] for task_id in ids] == [True] * 3


def test_waiting_for_all_leaves_out_what_depends_on_oneself(taskman, ended):
    """wait() inside a task doesn't wait for tasks that need this one to end first."""
    followed, follower_added = threading.Event(), []

    def work(handle):
        assert followed.wait(10), "the follower was not added"
        return taskman.wait()

    first = taskman.add(name="waits for all", function=work, get_result=True)
    follower_added.append(taskman.add(name="follower", function=lambda f: None, depend_on=first))
    followed.set()

    assert (ended(first)["result"], ended(follower_added[0])["status"]) == (True, 0)


def test_a_cycle_names_the_task(taskman, ended):
    """WaitCycle is a RuntimeError whose text names the task that was waited for."""
    caught = []

    def work(handle):
        try:
            taskman.wait([handle.id])
        except WaitCycle as error:
            caught.append((isinstance(error, RuntimeError), handle.id in str(error)))

    ended(taskman.add(name="itself", function=work))

    assert caught == [(True, True)]


def test_a_waiting_task_can_be_cancelled(taskman, gate, until):
    """A task that sits in wait is stopped at once when it is cancelled."""
    awaited = taskman.add(name="awaited", function=gate)
    in_wait, stopped_by = threading.Event(), []

    def work(handle):
        in_wait.set()
        try:
            taskman.wait([awaited])
        except BaseException as error:
            stopped_by.append(type(error).__name__)
            raise

    task_id = taskman.add(name="waits", function=work)
    assert in_wait.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the waiting task to be stopped")

    assert (stopped_by, taskman.get_status(awaited)) == (["TaskCancelled"], 3)


def test_a_waiting_tasks_limit_is_kept(taskman, gate, ended):
    """A task that sits in wait is killed at its limit like any other."""
    awaited = taskman.add(name="awaited", function=gate)
    record = ended(taskman.add(name="waits", function=lambda f: taskman.wait([awaited]), thread_timeout=0.2))

    assert record["error"] == "Killed by timeout"


def test_a_wait_inside_a_task_may_time_out(managers, gates, ended):
    """A task whose wait ran out of time gets False and goes on, with its seat again."""
    manager = managers(max_workers=2)
    gate = gates()
    awaited = manager.add(name="awaited", function=gate)
    record = ended(
        manager.add(name="waits", function=lambda f: manager.wait([awaited], timeout=SOON_S), get_result=True), manager
    )

    assert (record["status"], record["result"]) == (0, False)
