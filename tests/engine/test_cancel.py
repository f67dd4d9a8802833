"""S14: what cancel answers, that it never waits, and that its answer agrees with the status."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.guarantee("S14")


def test_cancelling_a_running_task(taskman, gate):
    """cancel answers True and the status is 4 from then on."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()

    assert (taskman.cancel(task_id), taskman.get_status(task_id)) == (True, 4)


def test_cancelling_a_waiting_task(taskman, gates, ended):
    """A task cancelled while it waits is never started."""
    first_gate, second_gate = gates(), gates()
    first = taskman.add(name="first", function=first_gate)
    second = taskman.add(name="second", function=second_gate, depend_on=first)
    answer = taskman.cancel(second)
    first_gate.open()
    ended(first)
    ended(taskman.add(name="later", function=lambda f: None, depend_on=first))

    assert (answer, taskman.get_status(second), second_gate.calls) == (True, 4, 0)


def test_cancelling_a_task_that_waits_for_a_seat(managers, gates, ended):
    """A task cancelled while all threads are busy is never started."""
    manager = managers(max_workers=1)
    busy, cancelled = gates(), gates()
    manager.add(name="busy", function=busy)
    task_id = manager.add(name="cancelled", function=cancelled)
    answer = manager.cancel(task_id)
    busy.open()
    ended(manager.add(name="last", function=lambda f: None), manager)

    assert (answer, manager.get_status(task_id), cancelled.calls) == (True, 4, 0)


def fail(handle):
    raise ValueError("no")


@pytest.mark.parametrize(("function", "status"), [(lambda f: None, 0), (fail, 1)])
def test_cancelling_an_ended_task_changes_nothing(taskman, ended, function, status):
    """cancel answers False for a task that had ended, and its status stays."""
    task_id = taskman.add(name="ended", function=function)
    ended(task_id)

    assert (taskman.cancel(task_id), taskman.get_status(task_id)) == (False, status)


def test_cancelling_twice(taskman, gate):
    """Only the first cancel answers True."""
    task_id = taskman.add(name="runs", function=gate)

    assert [taskman.cancel(task_id), taskman.cancel(task_id)] == [True, False]


def test_of_many_who_cancel_one_gets_true(taskman, gates):
    """If several threads cancel the same task at once, exactly one of them made it 4."""
    together = threading.Barrier(8)

    def cancel(task_id: str) -> bool:
        together.wait(10)
        return taskman.cancel(task_id)

    answers = []
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            task_id = taskman.add(name="contested", function=gates())
            answers.append(sum(threads.map(cancel, [task_id] * 8)))

    assert answers == [1] * 20


def test_cancel_does_not_wait_for_the_function(taskman, gate):
    """cancel returns while the function still sits in a blocking call."""
    task_id = taskman.add(name="stuck", function=gate)
    gate.wait_until_started()
    before = time.monotonic()
    taskman.cancel(task_id)

    assert time.monotonic() - before < 2


def test_a_cancelled_python_loop_stops(taskman, until):
    """A function that only computes is stopped in the middle."""
    started, steps = threading.Event(), [0]

    def loop(handle):
        started.set()
        while True:
            steps[0] += 1

    task_id = taskman.add(name="loop", function=loop)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the loop to be stopped")
    after_the_stop = steps[0]
    time.sleep(0.1)

    assert steps[0] == after_the_stop


def test_a_function_that_catches_exceptions_is_stopped_all_the_same(taskman, until):
    """except Exception doesn't catch the stop."""
    started = threading.Event()

    def stubborn(handle):
        started.set()
        while True:
            try:
                time.sleep(0.01)
                raise ValueError("again")
            except Exception:
                pass

    task_id = taskman.add(name="stubborn", function=stubborn)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the function to be stopped")

    assert taskman.get_status(task_id) == 4


def test_the_functions_clean_up_runs(taskman, until):
    """A stopped function runs its finally clauses."""
    started, cleaned = threading.Event(), []

    def work(handle):
        try:
            started.set()
            handle.sleep(60)
        finally:
            cleaned.append("up")

    task_id = taskman.add(name="tidy", function=work)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: cleaned, "the finally clause")

    assert cleaned == ["up"]


def test_an_error_while_stopping_does_not_change_the_end(taskman, until):
    """A function that raises something else when it is stopped stays Canceled on request."""
    started = threading.Event()

    def work(handle):
        started.set()
        try:
            handle.sleep(60)
        finally:
            raise ValueError("while cleaning up")

    task_id = taskman.add(name="untidy", function=work)
    assert started.wait(10), "the task did not start"
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the function to end")
    record = taskman.get_task(task_id)[0]

    assert (record["status"], record["error"]) == (4, "Canceled on request")


def test_a_task_may_cancel_itself(taskman, ended):
    """A function that cancels its own task is stopped at its next step."""
    passed = []

    def work(handle):
        passed.append(taskman.cancel(handle.id))
        handle.checkpoint()
        passed.append("too far")

    record = ended(taskman.add(name="itself", function=work))
    taskman.wait()

    assert (record["status"], passed) == (4, [True])


def test_cancelling_one_task_touches_no_other(taskman, gates, ended):
    """Its neighbours run to their own ends."""
    side_by_side = [gates(outcome=n) for n in range(10)]
    ids = [taskman.add(name="neighbour", function=gate, get_result=True) for gate in side_by_side]
    for gate in side_by_side:
        gate.wait_until_started()
    for task_id in ids[::2]:
        taskman.cancel(task_id)
    for gate in side_by_side:
        gate.open()

    assert [ended(task_id)["status"] for task_id in ids] == [4, 0] * 5


def test_the_answer_agrees_with_the_status_when_the_task_is_just_ending(taskman, ended):
    """Whoever wins the race between end and cancel: True means 4 for ever, False means another end."""
    disagreements = []
    for _ in range(300):
        task_id = taskman.add(name="racing", function=lambda f: 1, get_result=True)
        answer = taskman.cancel(task_id)
        record = ended(task_id)
        if (record["status"] == 4) is not answer or (record["result"] == 1) is answer:
            disagreements.append((answer, record))

    assert disagreements == []


def test_the_answer_agrees_when_the_race_is_close(taskman, gates, ended):
    """The same, with the function let go at the very moment of the cancel."""
    disagreements = []
    for _ in range(100):
        gate = gates(outcome=1)
        task_id = taskman.add(name="racing", function=gate)
        gate.wait_until_started()
        gate.open()
        answer = taskman.cancel(task_id)
        if (ended(task_id)["status"] == 4) is not answer:
            disagreements.append(task_id)

    assert disagreements == []


def test_an_end_is_final(taskman, gates):
    """No subscriber ever sees a task leave an end that it has reached."""
    ends: dict[str, set[int]] = {}
    with taskman.subscribe() as subscription:
        for n in range(200):
            task_id = taskman.add(name="racing", function=lambda f: None)
            if n % 2:
                taskman.cancel(task_id)
        taskman.wait(timeout=10)
        last = taskman.revision
        for change in subscription:
            if change.record["status"] in (0, 1, 4) or change.id in ends:
                ends.setdefault(change.id, set()).add(change.record["status"])
            if change.revision >= last:
                break

    assert {len(statuses) for statuses in ends.values()} == {1}
