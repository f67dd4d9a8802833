"""S19: tasks that are tried again: when, how often, what is on the record, and what a stop does in between."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from contextvars import Context, ContextVar
from itertools import pairwise

import pytest

from engine import Retry, TaskCancelled, TaskControl
from engine.stopping import FIRST_PAUSE_S, Stopper

pytestmark = pytest.mark.guarantee("S19")

AT_ONCE = {"delay": 0.0, "jitter": 0.0}


class Flaky:
    """A function that fails so many times."""

    def __init__(self, failures, kind=ConnectionError):
        self.failures = failures
        self.kind = kind
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.kind("no")
        return self.calls


def flow_of(taskman, task_id):
    return [change.record["status"] for change in taskman.changes(0) if change.id == task_id]


def test_a_task_is_tried_again_until_it_succeeds(taskman, ended):
    """Each failed attempt is on the record, with its error; the task ends as its last attempt does."""
    function = Flaky(2)
    task = taskman.add("flaky", function, get_result=True, retries=Retry(3, **AT_ONCE))
    record = ended(task)

    assert (record["status"], record["result"], record["error"]) == (0, 3, None)
    assert [attempt["error"] for attempt in record["attempts"]] == ["ConnectionError: no"] * 2
    assert all("ConnectionError" in attempt["traceback"] for attempt in record["attempts"])
    assert all(attempt["run_s"] >= 0 and attempt["started_at"] > 0 for attempt in record["attempts"])


def test_a_number_is_so_many_further_attempts(taskman, ended, monkeypatch):
    """After any error of Exception's kind, with the pauses of a Retry of so many times."""
    monkeypatch.setattr(Retry, "pause_s", lambda self, failed: 0.01 * (self.delay + self.factor))
    enough, too_few = taskman.add("flaky", Flaky(2), retries=2), taskman.add("flaky", Flaky(2), retries=1)

    assert [ended(enough)["status"], ended(too_few)["status"]] == [0, 1]
    assert [len(taskman.get_task(task)[0]["attempts"]) for task in (enough, too_few)] == [2, 1]


def test_between_attempts_a_task_is_suspended(taskman, until):
    """It waits for "retry", says until when, and holds no thread; its dependants go on waiting."""
    task = taskman.add("flaky", Flaky(1), retries=Retry(1, delay=30, jitter=0))
    dependant = taskman.add("after", lambda: None, depend_on=task)
    until(lambda: taskman.get_task(task)[0]["waiting_for"] == "retry", "the first attempt to fail")
    record = taskman.get_task(task)[0]

    assert record["status"] == 2
    assert 0 < record["retry_at"] - time.time() <= 30
    assert "tried again" in taskman.why(task)
    assert taskman.get_status(dependant) == 2
    taskman.cancel(task)
    assert taskman.get_status(dependant) == 4


def test_a_dependant_starts_after_the_attempt_that_succeeds(taskman, ended):
    """A failure that is tried again dooms nobody."""
    task = taskman.add("flaky", Flaky(2), retries=Retry(2, **AT_ONCE))
    dependant = taskman.add("after", lambda: None, depend_on=task)

    assert ended(dependant)["status"] == 0


def test_when_all_attempts_have_failed_the_task_has(taskman, ended):
    """`retries` is the number of further attempts; the last error is the task's, and its dependants are canceled."""
    function = Flaky(9)
    task = taskman.add("flaky", function, retries=Retry(2, **AT_ONCE))
    dependant = taskman.add("after", lambda: None, depend_on=task)
    record = ended(task)

    assert (record["status"], record["error"], function.calls) == (1, "ConnectionError: no", 3)
    assert len(record["attempts"]) == 2
    assert flow_of(taskman, task) == [2, 3, 2, 3, 2, 3, 1]
    assert ended(dependant)["status"] == 4


@pytest.mark.parametrize(("kind", "calls"), [(ConnectionError, 2), (KeyError, 1), (SystemExit, 1)])
def test_only_after_the_exceptions_that_were_named(taskman, ended, kind, calls):
    """Others end the task at once."""
    function = Flaky(9, kind)
    task = taskman.add("flaky", function, retries=Retry(1, on=(OSError, ValueError), **AT_ONCE))

    assert (ended(task)["status"], function.calls) == (1, calls)


def test_the_limit_is_for_each_attempt(taskman, ended):
    """An attempt over its limit is stopped and tried again; the time between attempts doesn't count."""
    starts = []

    def slow_at_first(handle):
        starts.append(time.monotonic())
        handle.sleep(0 if len(starts) == 3 else 30)

    task = taskman.add("slow", slow_at_first, thread_timeout=0.1, retries=Retry(2, delay=0.2, factor=1, jitter=0))
    record = ended(task)

    assert (record["status"], len(starts)) == (0, 3)
    assert [attempt["error"] for attempt in record["attempts"]] == ["Killed by timeout"] * 2
    assert all(later - earlier >= 0.29 for earlier, later in pairwise(starts))


def test_the_last_attempt_over_its_limit_ends_the_task(taskman, ended):
    """As it would without retries."""
    task = taskman.add("slow", lambda f: f.sleep(30), thread_timeout=0.05, retries=Retry(1, **AT_ONCE))
    record = ended(task)

    assert (record["status"], record["error"], len(record["attempts"])) == (1, "Killed by timeout", 1)


def test_timeouts_are_tried_again_only_if_timeout_errors_are(taskman, ended):
    """A limit is a TimeoutError to `on`."""
    task = taskman.add("slow", lambda f: f.sleep(30), thread_timeout=0.05, retries=Retry(1, on=KeyError, **AT_ONCE))

    assert "attempts" not in ended(task)


def test_a_default_limit_that_is_lifted_between_attempts_is_lifted(taskman, gates, ended, until):
    """The deadline of an earlier attempt says nothing about a later one."""
    gate, calls = gates(), []

    def work(handle):
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError("no")
        gate(handle)

    taskman.thread_timeout = 0.5
    task = taskman.add("task", work, retries=Retry(1, delay=0.2, jitter=0))
    until(lambda: taskman.get_task(task)[0]["waiting_for"] == "retry", "the first attempt to fail")
    taskman.thread_timeout = None
    gate.wait_until_started()
    time.sleep(0.6)
    gate.open()

    assert (ended(task)["status"], len(calls)) == (0, 2)


def test_no_function_runs_twice_at_once(taskman, ended):
    """An attempt that can't be stopped is waited for: only then the next begins."""
    release, running, most = threading.Event(), [], []

    def blocked():
        running.append(1)
        most.append(len(running))
        while len(most) == 1 and not release.is_set():
            try:
                time.sleep(0.05)
            except BaseException:
                pass  # it won't be stopped
        running.pop()

    task = taskman.add("blocked", blocked, thread_timeout=0.05, retries=Retry(1, **AT_ONCE))
    time.sleep(1.0)
    during = taskman.get_task(task)[0]
    why = taskman.why(task)
    release.set()
    record = ended(task)

    assert (during["status"], during["waiting_for"]) == (2, "retry")
    assert "thread of the last attempt" in why
    assert (record["status"], record["stopping"], most) == (0, None, [1, 1])


def test_a_cancel_between_attempts_is_the_end(taskman, until):
    """Nothing is called any more, and nobody waits for the rest of the pause."""
    function = Flaky(9)
    task = taskman.add("flaky", function, retries=Retry(5, delay=0.3, factor=1, jitter=0))
    until(lambda: taskman.get_task(task)[0]["waiting_for"] == "retry", "the first attempt to fail")
    has_canceled = taskman.cancel(task)
    time.sleep(0.6)

    assert has_canceled
    assert (taskman.get_status(task), function.calls) == (4, 1)
    assert taskman.wait(task, timeout=0)


def test_a_cancel_while_an_overdue_attempt_is_being_stopped(taskman, until):
    """The task is Canceled at once, and not tried again when its thread is done."""
    release, calls = threading.Event(), []

    def blocked():
        calls.append(1)
        while not release.is_set():
            try:
                time.sleep(0.02)
            except BaseException:
                pass  # it won't be stopped

    task = taskman.add("blocked", blocked, thread_timeout=0.05, retries=Retry(3, **AT_ONCE))
    until(lambda: taskman.get_status(task) == 2 and calls, "the attempt to be over its limit")
    has_canceled = taskman.cancel(task)
    release.set()
    until(lambda: taskman.get_task(task)[0]["stopping"] is None, "its thread to end")
    time.sleep(0.1)

    assert has_canceled
    assert (taskman.get_status(task), len(calls)) == (4, 1)


@pytest.mark.parametrize("status", [0, 1, 4])
def test_an_end_written_between_attempts_stands(taskman, until, status):
    """Through the database as well."""
    function = Flaky(9)
    task = taskman.add("flaky", function, retries=Retry(5, delay=0.2, factor=1, jitter=0))
    until(lambda: taskman.get_task(task)[0]["waiting_for"] == "retry", "the first attempt to fail")
    taskman.db.update({"status": status}, taskman.dbQuery.id == task)
    time.sleep(0.4)

    assert (taskman.get_status(task), function.calls) == (status, 1)


def test_a_removed_task_is_not_tried_again(taskman, until):
    """To remove its record between attempts cancels it."""
    function = Flaky(9)
    task = taskman.add("flaky", function, retries=Retry(5, delay=0.2, factor=1, jitter=0))
    until(lambda: taskman.get_task(task)[0]["waiting_for"] == "retry", "the first attempt to fail")
    taskman.db.remove(taskman.dbQuery.id == task)
    time.sleep(0.4)

    assert (taskman.get_task(task), function.calls) == ([], 1)
    assert taskman.wait(timeout=5)


def test_functions_in_processes_are_tried_again(taskman, ended, tmp_path):
    """A crash is a failure like any other; each attempt has a process, and its limit kills it."""
    seen = tmp_path / "seen"

    def crash_then_hang_then_work():
        count = len(seen.read_text()) if seen.exists() else 0
        seen.write_text("x" * (count + 1))
        if count == 0:
            os._exit(3)
        time.sleep(60 if count == 1 else 0)
        return count

    retry = Retry(2, **AT_ONCE)
    task = taskman.add(
        "apart", crash_then_hang_then_work, get_result=True, isolation="process", thread_timeout=3, retries=retry
    )
    record = ended(task)
    errors = [attempt["error"] for attempt in record["attempts"]]

    assert (record["status"], record["result"]) == (0, 2)
    assert errors[0].startswith("ProcessDied")
    assert errors[1] == "Killed by timeout"


def test_coroutines_are_tried_again(taskman, ended):
    """Each attempt is a coroutine of its own, and its limit cancels it."""
    starts = []

    async def slow_at_first():
        starts.append(1)
        await asyncio.sleep(60 if len(starts) == 1 else 0)
        return len(starts)

    task = taskman.add("fetch", slow_at_first, get_result=True, thread_timeout=0.2, retries=Retry(1, **AT_ONCE))
    record = ended(task)

    assert (record["status"], record["result"]) == (0, 2)
    assert [attempt["error"] for attempt in record["attempts"]] == ["Killed by timeout"]


def test_shutdown_lets_the_attempts_be_made(managers):
    """What was added runs to its end, its pauses included."""
    manager = managers()
    task = manager.add("flaky", Flaky(2), retries=Retry(2, delay=0.1, factor=1))

    assert manager.shutdown(timeout=10)
    assert manager.get_status(task) == 0


def test_many_that_fail_at_once(taskman):
    """Hundreds of tasks with random failures, limits and cancels all end, once, with no more calls than allowed."""
    rnd, functions, ids = random.Random(1), [], []
    for _ in range(400):
        function = Flaky(rnd.randrange(4))
        functions.append(function)
        limit = 0.0005 if rnd.random() < 0.2 else None
        ids.append(taskman.add("one", function, thread_timeout=limit, retries=Retry(2, delay=0.01)))
        if rnd.random() < 0.2:
            taskman.cancel(rnd.choice(ids))

    assert taskman.wait(timeout=30)
    for function, task_id in zip(functions, ids, strict=True):
        record = taskman.get_task(task_id)[0]
        assert function.calls <= 3
        if record["status"] == 0:
            assert len(record.get("attempts", ())) <= 2
    taskman.purge()
    assert taskman.wait(taskman.add("after", lambda: None), timeout=10)


def test_the_end_of_an_attempt_and_its_limit_at_the_same_instant(managers):
    """Whichever comes first, the task ends once and completes or fails as its last attempt says."""
    manager = managers()
    ids = [
        manager.add("edge", lambda f: time.sleep(0.002), thread_timeout=0.002, retries=Retry(1, delay=0.0))
        for _ in range(300)
    ]
    assert manager.wait(timeout=30)
    flows = {tuple(flow_of(manager, task_id)) for task_id in ids}

    assert all(manager.get_status(task_id) in (0, 1) for task_id in ids)
    assert all(sum(status in (0, 1, 4) for status in flow) >= 1 and flow[0] == 2 for flow in flows)


def test_pauses_grow_up_to_the_longest():
    """Each pause is `factor` times the one before, never longer than `max_delay`."""
    retry = Retry(10, delay=1, factor=2, max_delay=5, jitter=0)

    assert [retry.pause_s(failed) for failed in range(1, 6)] == [1, 2, 4, 5, 5]
    assert Retry(1, factor=10.0).pause_s(10_000) <= 66


def test_jitter_spreads_pauses():
    """By at most its share, in both directions."""
    pauses = [Retry(1, delay=10, jitter=0.5).pause_s(1) for _ in range(200)]

    assert all(5 <= pause <= 15 for pause in pauses)
    assert min(pauses) < 9 < 11 < max(pauses)


@pytest.mark.parametrize(
    ("retries", "kind"),
    [
        (-1, ValueError),
        (True, TypeError),
        (1.5, TypeError),
        ("3", TypeError),
        (None, TypeError),
    ],
)
def test_bad_retries_are_refused(taskman, retries, kind):
    """With a clear error, and no record."""
    with pytest.raises(kind, match="retries"):
        taskman.add("task", lambda: None, retries=retries)

    assert taskman.get_all() == []


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"times": 0}, ValueError),
        ({"times": "3"}, TypeError),
        ({"times": 1, "on": "ValueError"}, TypeError),
        ({"times": 1, "on": ()}, TypeError),
        ({"times": 1, "delay": -1}, ValueError),
        ({"times": 1, "factor": 0.5}, ValueError),
        ({"times": 1, "max_delay": float("nan")}, ValueError),
        ({"times": 1, "jitter": 2}, ValueError),
        ({"times": 1, "delay": "1"}, TypeError),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(arguments, kind):
    """Where it is made."""
    with pytest.raises(kind):
        Retry(**arguments)


def test_a_task_without_retries_has_no_attempts(ended):
    """Nor does its record say anything of them."""
    with TaskControl() as manager:
        task = manager.add("task", Flaky(1))
        manager.wait(task)

    assert "attempts" not in manager.get_task(task)[0]


@pytest.mark.parametrize("is_empty", [True, False], ids=["empty context", "context"])
def test_all_attempts_are_made_in_one_context(is_empty):
    """What one of them has set the next one finds, whatever the context of who added the task."""
    number: ContextVar[int] = ContextVar("number", default=0)
    seen: list[int] = []

    def count() -> None:
        seen.append(number.get())
        number.set(number.get() + 1)
        if len(seen) < 3:
            raise ValueError("again")

    def add_and_wait() -> None:
        if not is_empty:
            number.set(10)
        with TaskControl() as manager:
            assert manager.wait(manager.add("counts", count, retries=Retry(2, delay=0.01)), timeout=10)

    Context().run(add_and_wait)

    assert seen == ([0, 1, 2] if is_empty else [10, 11, 12])


def test_what_stops_one_attempt_leaves_the_next_one_alone(taskman, gate):
    """Its next step may come when another attempt runs, which has time of its own to be stopped in."""
    task_id = taskman.add(name="tries again", function=gate, retries=1)
    gate.wait_until_started()
    runtime = taskman._runtime
    task = runtime.tasks.find(task_id)
    task.stop = TaskCancelled
    stopper = Stopper(runtime.supervisor, runtime.pool, runtime.journal)
    stopper._step((task, task.started - 60.0, FIRST_PAUSE_S))
    late = task.worker.gate.was_used, task.worker.is_retired
    stopper._step((task, task.started, FIRST_PAUSE_S))
    in_time = task.worker.gate.was_used
    gate.open()

    assert (late, in_time) == ((False, False), True)
