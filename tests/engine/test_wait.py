"""S15: what wait waits for, and what it answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import TaskExecutor

pytestmark = pytest.mark.guarantee("S15")

SOON_S = 0.05


def test_wait_returns_true_when_all_have_ended(taskman):
    """By default wait is for all tasks known at the call."""
    ids = [taskman.add(name="quick", function=lambda f: None) for _ in range(20)]
    answer = taskman.wait(timeout=10)

    assert (answer, [taskman.get_status(task_id) for task_id in ids]) == (True, [0] * 20)


def test_wait_with_nothing_to_wait_for(taskman):
    """Without tasks, or with an empty list, wait returns True at once."""
    assert (taskman.wait(), taskman.wait([])) == (True, True)


def test_wait_for_some_does_not_wait_for_others(taskman, gate):
    """Given ids, wait is for these alone."""
    taskman.add(name="runs on", function=gate)

    assert taskman.wait([taskman.add(name="quick", function=lambda f: None)], timeout=10) is True


@pytest.mark.parametrize("timeout", [0, SOON_S])
def test_wait_returns_false_on_timeout(taskman, gate, timeout):
    """If something still runs when the time is up, wait answers False."""
    taskman.add(name="runs on", function=gate)

    assert taskman.wait(timeout=timeout) is False


def test_wait_with_a_timeout_of_zero_tells_whether_all_have_ended(taskman, ended):
    """wait(timeout=0) is a question that needs no waiting."""
    ended(taskman.add(name="quick", function=lambda f: None))

    assert taskman.wait(timeout=0) is True


def test_wait_ends_with_any_end(taskman, gates):
    """Completed, failed, killed and cancelled tasks have all ended."""
    failing = gates(outcome=ValueError("no"))
    failing.open()
    ids = [
        taskman.add(name="completes", function=lambda f: None),
        taskman.add(name="fails", function=failing),
        taskman.add(name="killed", function=gates(), thread_timeout=0.1),
        taskman.add(name="cancelled", function=gates()),
    ]
    taskman.cancel(ids[3])

    assert (taskman.wait(ids, timeout=10), [taskman.get_status(task_id) for task_id in ids]) == (True, [0, 1, 1, 4])


def test_wait_covers_a_whole_chain(taskman, gate):
    """Waiting for the last link waits for all before it."""
    ids = [taskman.add(name="first", function=gate)]
    for _ in range(10):
        ids.append(taskman.add(name="link", function=lambda f: None, depend_on=ids[-1]))
    before = taskman.wait([ids[-1]], timeout=SOON_S)
    gate.open()

    assert (before, taskman.wait([ids[-1]], timeout=10)) == (False, True)


def test_what_is_gone_is_not_waited_for(taskman, ended):
    """The id of a removed task is no reason to wait."""
    task_id = taskman.add(name="goes", function=lambda f: None)
    ended(task_id)
    taskman.purge()

    assert taskman.wait([task_id], timeout=10) is True


def test_wait_goes_on_when_what_it_waits_for_is_purged(taskman, gate):
    """A purge during a wait ends it."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(taskman.wait, [task_id], 10)
        taskman.purge()
        answer = waiting.result(timeout=10)

    assert answer is True


def test_tasks_added_during_a_wait_are_not_waited_for(taskman, gate):
    """The default covers what is known at the call, not what comes later."""

    def work(handle):
        handle.sleep(0.5)  # by then the main thread waits
        taskman.add(name="comes later", function=gate)

    taskman.add(name="known", function=work)

    assert taskman.wait(timeout=10) is True


def test_many_threads_may_wait_for_the_same_task(taskman, gate):
    """Everybody who waits for a task goes on when it ends."""
    task_id = taskman.add(name="awaited", function=gate)
    with ThreadPoolExecutor(16) as threads:
        waiting = [threads.submit(taskman.wait, [task_id], 10) for _ in range(16)]
        gate.open()

        assert [answer.result(timeout=15) for answer in waiting] == [True] * 16


@pytest.mark.parametrize("ids", [5, [5], [b"0123456789"], [None]])
@pytest.mark.parametrize("method", ["wait", "remove"])
def test_what_is_no_id_is_refused(taskman, method, ids):
    """Anything but strings is a slip, and not a task that has gone."""
    with pytest.raises(TypeError, match="ids must be"):
        getattr(taskman, method)(ids)


def test_a_future_is_no_id(taskman):
    """The error says where its id is."""
    future = TaskExecutor(taskman).submit(abs, -1)
    with pytest.raises(TypeError, match="task_id"):
        taskman.wait([future])


@pytest.mark.parametrize("timeout", ["1", True, float("nan"), [1]])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(taskman, timeout):
    """By everything that waits, with an error that names the argument."""
    for wait in (taskman.wait, taskman.shutdown):
        with pytest.raises((TypeError, ValueError), match="timeout must be a number of seconds"):
            wait(timeout=timeout)

    assert taskman.wait(taskman.add("still served", lambda: None), timeout=10)
