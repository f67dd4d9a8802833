"""S16: shutting a manager down, by call or at the end of a with block."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import ShutDown, TaskControl, TaskControlError

pytestmark = pytest.mark.guarantee("S16")


def test_after_shutdown_nothing_is_added(taskman):
    """add raises ShutDown, and leaves no record."""
    taskman.shutdown()
    with pytest.raises(ShutDown):
        taskman.add(name="too late", function=lambda f: None)

    assert taskman.get_all() == []


def test_the_refusal_is_a_runtime_error(taskman):
    """ShutDown can be caught as a RuntimeError and as the engine's own error."""
    taskman.shutdown()
    with pytest.raises(ShutDown) as refusal:
        taskman.add(name="too late", function=lambda f: None)

    assert (isinstance(refusal.value, RuntimeError), isinstance(refusal.value, TaskControlError)) == (True, True)


def test_shutdown_lets_what_runs_end(taskman, gates):
    """By default a running task comes to its own end, and shutdown waits for it."""
    gate = gates(outcome=7)
    task_id = taskman.add(name="runs", function=gate, get_result=True)
    gate.wait_until_started()
    with ThreadPoolExecutor(1) as threads:
        closing = threads.submit(taskman.shutdown)
        early = taskman.wait([task_id], timeout=0.1), closing.done()
        gate.open()
        answer = closing.result(timeout=10)

    assert (early, answer, taskman.get_result(task_id)) == ((False, False), True, 7)


def test_shutdown_lets_what_waits_run(managers):
    """Tasks that were added before and can still run are run before shutdown returns."""
    manager = managers(max_workers=1)
    ids = [manager.add(name="first", function=lambda f: time.sleep(0.05))]
    for _ in range(5):
        ids.append(manager.add(name="link", function=lambda f: None, depend_on=ids[-1]))
        ids.append(manager.add(name="seat", function=lambda f: None))
    manager.shutdown()

    assert {manager.get_status(task_id) for task_id in ids} == {0}


def test_shutdown_may_cancel_everything(taskman, gate):
    """cancel_futures=True cancels what waits and what runs."""
    running = taskman.add(name="runs", function=gate)
    waiting = taskman.add(name="waits", function=lambda f: None, depend_on=running)
    gate.wait_until_started()
    taskman.shutdown(wait=False, cancel_futures=True)

    assert [taskman.get_status(task_id) for task_id in (running, waiting)] == [4, 4]


def test_shutdown_without_waiting_returns_at_once(taskman, gate):
    """wait=False only closes the door; what runs goes on to its end."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    taskman.shutdown(wait=False)
    before = taskman.get_status(task_id)
    gate.open()

    assert (before, taskman.wait([task_id], timeout=10), taskman.get_status(task_id)) == (3, True, 0)


def test_shutdown_answers_false_when_the_time_is_up(taskman, gate):
    """If tasks still run after the timeout, shutdown says so."""
    taskman.add(name="runs", function=gate)
    gate.wait_until_started()

    assert taskman.shutdown(timeout=0.1) is False


def test_a_stuck_task_does_not_hold_a_cancelling_shutdown(taskman, gate):
    """A function in a blocking call is given up; shutdown returns in time."""
    taskman.add(name="stuck", function=gate)
    gate.wait_until_started()
    before = time.monotonic()
    taskman.shutdown(cancel_futures=True, timeout=1)

    assert time.monotonic() - before < 5


def test_shutdown_twice_is_allowed(taskman):
    """A second shutdown finds nothing to do."""
    taskman.shutdown()

    assert taskman.shutdown() is True


def test_a_shutdown_that_only_closed_can_be_followed_by_one_that_cancels(taskman, gate):
    """A second shutdown may cancel what the first one let run."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    taskman.shutdown(wait=False)
    taskman.shutdown(wait=False, cancel_futures=True)

    assert taskman.get_status(task_id) == 4


def test_records_can_be_read_after_shutdown(taskman):
    """What has been done can still be looked up, searched and purged."""
    task_id = taskman.add(name="done", function=lambda f: 5, get_result=True)
    taskman.shutdown()

    assert (taskman.get_result(task_id), len(taskman.db), taskman.purge()) == (5, 1, 1)


def test_shutdown_leaves_no_thread_behind():
    """When shutdown has returned, the manager's threads end."""
    threads_before = set(threading.enumerate())
    manager = TaskControl()
    manager.wait([manager.add(name="quick", function=lambda f: None) for _ in range(20)])
    manager.shutdown()
    deadline = time.monotonic() + 10
    while (left := set(threading.enumerate()) - threads_before) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert left == set()


def test_the_end_of_a_with_block_waits_for_the_tasks():
    """A manager used in a with block has run everything when the block is left."""
    with TaskControl() as manager:
        first = manager.add(name="first", function=lambda f: time.sleep(0.05))
        last = manager.add(name="last", function=lambda f: 3, depend_on=first, get_result=True)

    assert manager.get_result(last) == 3


def test_after_a_with_block_nothing_is_added():
    """The manager of a with block that was left is shut down."""
    with TaskControl() as manager:
        pass

    with pytest.raises(ShutDown):
        manager.add(name="too late", function=lambda f: None)


def test_an_exception_in_a_with_block_is_passed_on():
    """A with block swallows nothing."""
    with pytest.raises(ZeroDivisionError), TaskControl() as manager:
        manager.add(name="quick", function=lambda f: None)
        raise ZeroDivisionError


def test_a_task_may_call_shutdown(taskman, ended, until):
    """A task that shuts its manager down waits for the others, not for itself."""
    record = ended(taskman.add(name="closes", function=lambda f: taskman.shutdown(timeout=10), get_result=True))

    assert (record["status"], record["error"]) == (0, None)
