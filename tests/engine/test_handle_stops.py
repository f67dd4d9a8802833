"""S3: how a running function learns through its handle that it has to stop."""

from __future__ import annotations

import threading
import time

import pytest

from engine import TaskCancelled, TaskInterrupt, TaskTimeout

pytestmark = pytest.mark.guarantee("S3")


def test_cancelled_tells_whether_a_stop_is_decided(taskman, until):
    """cancelled is False first and True once the task has been cancelled."""
    started, seen = threading.Event(), []

    def work(handle):
        with handle.shield():
            seen.append(handle.cancelled)
            started.set()
            deadline = time.monotonic() + 10
            while not handle.cancelled and time.monotonic() < deadline:
                time.sleep(0.005)
            seen.append(handle.cancelled)

    task_id = taskman.add(name="asks", function=work)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: len(seen) == 2, "the function to see that it was cancelled")

    assert seen == [False, True]


def test_checkpoint_does_nothing_while_the_task_may_run(taskman, ended):
    """A checkpoint is passed as long as nobody has decided a stop."""
    record = ended(taskman.add(name="passes", function=lambda f: [f.checkpoint() for _ in range(3)]))

    assert (record["status"], record["error"]) == (0, None)


def stopped_in(call):
    """A function that makes the call again and again, and the list of what stopped it."""
    stopped_by: list[BaseException] = []
    started = threading.Event()

    def work(handle):
        started.set()
        try:
            while True:
                call(handle)
        except BaseException as error:
            stopped_by.append(error)
            raise

    return work, started, stopped_by


CALLS = {
    "checkpoint": lambda handle: handle.checkpoint(),
    "sleep": lambda handle: handle.sleep(0.001),
    "progress": lambda handle: handle.progress(1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_the_handles_calls_stop_a_cancelled_task(taskman, until, call):
    """checkpoint, sleep and progress end a cancelled function with TaskCancelled."""
    work, started, stopped_by = stopped_in(call)
    task_id = taskman.add(name="stopped", function=work)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: stopped_by, "the function to be stopped")

    assert [type(error) for error in stopped_by] == [TaskCancelled]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_the_handles_calls_stop_a_task_over_its_limit(taskman, until, call):
    """The same calls end a function over its limit with TaskTimeout."""
    work, _, stopped_by = stopped_in(call)
    taskman.add(name="stopped", function=work, thread_timeout=0.1)
    until(lambda: stopped_by, "the function to be stopped")

    assert [type(error) for error in stopped_by] == [TaskTimeout]


def test_except_exception_does_not_catch_a_stop():
    """The two interrupts are no Exceptions, so that a broad except doesn't swallow them."""
    kinds = (TaskInterrupt, TaskCancelled, TaskTimeout)

    assert [(issubclass(kind, BaseException), issubclass(kind, Exception)) for kind in kinds] == [(True, False)] * 3


def test_sleep_ends_early_on_cancel(taskman, until):
    """A function that sleeps for a minute is stopped at once when cancelled."""
    sleeping, stopped_by = threading.Event(), []

    def work(handle):
        sleeping.set()
        try:
            handle.sleep(60)
        except BaseException as error:
            stopped_by.append(type(error))
            raise

    task_id = taskman.add(name="sleeps", function=work)
    assert sleeping.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the sleeping function to be stopped", 5)

    assert stopped_by == [TaskCancelled]


def test_a_shielded_part_is_not_cut(taskman, until):
    """What runs inside shield comes to its end even if the task is cancelled meanwhile; then the stop comes."""
    inside, go_on, passed = threading.Event(), [], []

    def work(handle):
        with handle.shield():
            inside.set()
            while not go_on:
                pass
            passed.append("shielded part")
        while True:
            handle.checkpoint()

    task_id = taskman.add(name="shielded", function=work)
    assert inside.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] == "still blocked", "the stop to have been tried")
    go_on.append(True)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the function to be stopped")

    assert (passed, taskman.get_status(task_id)) == (["shielded part"], 4)
