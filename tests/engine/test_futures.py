"""S17: a future ends with its task, whichever way that ends, and cancels it."""

from __future__ import annotations

import concurrent.futures
import functools
import gc
import logging
import sys
import threading
import time
import traceback
import weakref
from concurrent.futures import CancelledError

import pytest

from engine import EndedByHand, TaskControl, TaskControlError, TaskExecutor, TimedOut, current_task

pytestmark = pytest.mark.guarantee("S17")

PATIENCE_S = 30.0


@pytest.fixture
def executor(taskman):
    return TaskExecutor(taskman)


def sleeping(executor, until):
    """A call that runs until it is stopped."""
    future = executor.submit(lambda: current_task().sleep(60))
    until(future.running, "the call to run")
    return future


def test_what_the_function_raises_is_the_futures_very_exception(executor):
    """With its traceback, the engine's part of it left to whoever looks for it."""
    error = ValueError("no")

    def fail():
        raise error

    future = executor.submit(fail)

    assert error is future.exception(PATIENCE_S)
    with pytest.raises(ValueError, match="no"):
        future.result()
    assert "fail" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), CancelledError()], ids=repr)
def test_unusual_exceptions_are_the_futures_too(executor, error):
    """Whatever a function raises is what became of it, and costs no thread."""

    def fail():
        raise error

    assert error is executor.submit(fail).exception(PATIENCE_S)
    assert 1 == executor.submit(abs, -1).result(PATIENCE_S)


def test_a_call_over_its_limit_raises_a_timeout(taskman, until):
    """An error of ours that is a TimeoutError and says which task and what to do."""
    future = TaskExecutor(taskman, thread_timeout=0.05).submit(lambda: current_task().sleep(60))

    error = future.exception(PATIENCE_S)

    assert isinstance(error, TimedOut)
    assert isinstance(error, (TimeoutError, TaskControlError))
    assert (future.task_id, 0.05) == (error.task_id, error.limit_s)
    assert 1 == taskman.get_status(future.task_id)


def cancel_by_future(taskman, future):
    assert future.cancel()


def cancel_by_id(taskman, future):
    assert taskman.cancel(future.task_id)


def purge(taskman, future):
    taskman.purge()


def remove_by_query(taskman, future):
    taskman.db.remove(taskman.dbQuery.id == future.task_id)


def truncate(taskman, future):
    taskman.db.truncate()


def write_canceled(taskman, future):
    taskman.db.update({"status": 4}, taskman.dbQuery.id == future.task_id)


def shut_down(taskman, future):
    taskman.shutdown(wait=False, cancel_futures=True)


CANCELS = [cancel_by_future, cancel_by_id, purge, remove_by_query, truncate, write_canceled, shut_down]
cancels = pytest.mark.parametrize("cancel", CANCELS, ids=lambda cancel: cancel.__name__)


@cancels
def test_whatever_cancels_a_running_task_cancels_its_future(taskman, executor, until, cancel):
    """And the function is stopped."""
    future = sleeping(executor, until)

    cancel(taskman, future)

    with pytest.raises(CancelledError):
        future.result(PATIENCE_S)
    assert future.cancelled()
    assert not future.running()
    assert {future} == concurrent.futures.wait([future], PATIENCE_S).done


@cancels
def test_whatever_cancels_a_waiting_task_cancels_its_future(taskman, executor, gate, cancel):
    """And the function never runs."""
    calls = []
    future = executor.submit_after(executor.submit(gate, None), calls.append, 1)

    cancel(taskman, future)

    with pytest.raises(CancelledError):
        future.exception(PATIENCE_S)
    gate.open()
    taskman.wait(timeout=PATIENCE_S)
    assert [] == calls


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "waiting"])
def test_an_end_written_to_the_record_is_the_futures(taskman, executor, until, gate, is_running):
    """Completed with the result that was written, or an error that says whose doing it was."""
    first = executor.submit(gate, None)
    made = [sleeping(executor, until) if is_running else executor.submit_after(first, current_task) for _ in range(2)]

    taskman.db.update({"status": 0, "result": "written"}, taskman.dbQuery.id == made[0].task_id)
    taskman.db.update({"status": 1, "error": "by hand"}, taskman.dbQuery.id == made[1].task_id)

    assert "written" == made[0].result(PATIENCE_S)
    with pytest.raises(EndedByHand, match="by hand"):
        made[1].result(PATIENCE_S)


@pytest.mark.parametrize("end", [lambda: 1 / 0, lambda: sys.exit(1)], ids=["raises", "exits"])
def test_a_dependency_that_fails_cancels_the_futures_behind_it(executor, gate, end):
    """Through any number of others."""
    first = executor.submit(gate, None)
    failing = executor.submit_after(first, end)
    chain = [executor.submit_after(failing, print)]
    for _ in range(5):
        chain.append(executor.submit_after(chain[-1], print))
    gate.open()

    done, _ = concurrent.futures.wait(chain, PATIENCE_S)

    assert set(chain) == done
    assert all(future.cancelled() for future in chain)


def test_a_future_whose_dependency_has_failed_before_is_cancelled_at_once(executor):
    """There is nothing to wait for."""
    failed = executor.submit(lambda: 1 / 0)
    failed.exception(PATIENCE_S)

    assert executor.submit_after(failed, print).cancelled()


def test_cancel_says_whether_the_future_is_cancelled(taskman, executor, until):
    """True as often as it is asked; False for what has ended otherwise, also when its record is gone."""
    stopped, done = sleeping(executor, until), executor.submit(abs, -1)
    done.result(PATIENCE_S)

    assert [True, True, False] == [stopped.cancel(), stopped.cancel(), done.cancel()]
    taskman.purge()
    assert [True, False] == [stopped.cancel(), done.cancel()]
    assert not done.running()


def test_a_shutdown_that_cancels_passes_over_what_is_gone(taskman, executor, gates):
    """A future whose record was removed before its callbacks are through stays what it is."""
    gate, callback = gates(), gates()
    future = executor.submit(gate, None)
    future.add_done_callback(callback)
    gate.open()
    callback.wait_until_started()
    taskman.purge()

    executor.shutdown(wait=False, cancel_futures=True)

    assert (False, None) == (future.cancelled(), future.result(0))


@pytest.mark.parametrize("end", ["returns", "raises", "is cancelled"])
def test_a_future_that_somebody_has_set_by_hand_stays_so(taskman, executor, gates, end):
    """The task's own end, whichever it is, changes nothing about it, and is on the record."""
    gate = gates(ValueError("no") if end == "raises" else None)
    future = executor.submit(gate, None)
    gate.wait_until_started()
    future.set_result("by hand")
    if end == "is cancelled":
        future.cancel()
    gate.open()
    executor.shutdown()

    assert "by hand" == future.result(0)
    assert {"returns": 0, "raises": 1, "is cancelled": 4}[end] == taskman.get_status(future.task_id)


def test_a_cancel_in_the_instant_of_the_end_agrees_with_record_and_result(taskman, executor):
    """Whoever is first, record, future and the answer of `cancel` say the same."""
    said = []
    for number in range(400):
        future = executor.submit(abs, -number)
        for _ in range(number % 20 * 10):
            pass
        was_cancelled = future.cancel()
        status = taskman.get_status(future.task_id)
        concurrent.futures.wait([future], PATIENCE_S)
        assert (status == 4, future.done()) == (was_cancelled, True)
        assert was_cancelled == future.cancelled()
        if not was_cancelled:
            assert number == future.result(0)
        said.append(was_cancelled)

    assert len(said) == 400


def test_a_limit_in_the_instant_of_the_end_leaves_no_future_behind(taskman):
    """It ends with the result or with the timeout."""
    executor = TaskExecutor(taskman, thread_timeout=0.01)
    futures = [executor.submit(time.sleep, 0.0095) for _ in range(300)]

    done, not_done = concurrent.futures.wait(futures, PATIENCE_S)

    assert set() == not_done
    for future in done:
        error = future.exception()
        assert error is None or isinstance(error, TimedOut)
        assert taskman.get_status(future.task_id) == (0 if error is None else 1)


def test_removals_by_several_threads_leave_no_future_behind(taskman, executor, gate):
    """Cancel, write and removal at once: each future ends."""
    first = executor.submit(gate, None)
    futures = [executor.submit_after(first, print) for _ in range(200)]
    ids = [future.task_id for future in futures]
    start = threading.Barrier(3)

    def each(act):
        start.wait(PATIENCE_S)
        for task_id in ids:
            act(taskman.dbQuery.id == task_id)

    threads = [
        threading.Thread(target=each, args=[lambda one: taskman.db.update({"status": 0}, one)]),
        threading.Thread(target=each, args=[taskman.db.remove]),
        threading.Thread(target=each, args=[lambda one: taskman.db.update({"status": 4}, one)]),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert set() == concurrent.futures.wait(futures, PATIENCE_S).not_done


def test_callbacks_run_in_their_order_and_errors_stop_none(executor, gate, until, caplog):
    """Even those that no library expects; the thread goes on."""
    seen = []

    def exit_here(future):
        seen.append("exits")
        sys.exit(1)

    future = executor.submit(gate, None)
    future.add_done_callback(lambda future: seen.append(future.done()))
    future.add_done_callback(lambda future: 1 / 0)
    future.add_done_callback(lambda future: seen.append("after"))
    future.add_done_callback(exit_here)
    with caplog.at_level(logging.ERROR):
        gate.open()
        executor.shutdown()

        until(lambda: "what follows the end of task" in caplog.text, "the log to say what went wrong")

    assert [True, "after", "exits"] == seen
    future.add_done_callback(lambda future: seen.append("late"))
    assert "late" == seen[-1]


@pytest.mark.parametrize("how", ["returns", "is over its limit", "is cancelled", "is cancelled within an operation"])
def test_callbacks_hold_no_lock_and_hold_up_nobody(taskman, managers, until, how):
    """While one waits, tasks are added, run, expire and are read: it has no lock and no thread of the engine's."""
    executor = TaskExecutor(taskman, thread_timeout=0.05)
    entered, leave = threading.Event(), threading.Event()

    def callback(_):
        entered.set()
        leave.wait(PATIENCE_S)

    may_end = threading.Event()
    future = executor.submit(may_end.wait if how == "returns" else lambda: current_task().sleep(60))
    future.add_done_callback(callback)
    may_end.set()

    def cancel_within():
        taskman.db.update(lambda document: taskman.cancel(future.task_id), taskman.dbQuery.id == future.task_id)

    act = {"is cancelled": future.cancel, "is cancelled within an operation": cancel_within}.get(how, lambda: None)
    acting = threading.Thread(target=act)
    acting.start()
    try:
        assert entered.wait(PATIENCE_S)
        quick = executor.submit(lambda: current_task().sleep(60))
        assert isinstance(quick.exception(PATIENCE_S), TimedOut)
        assert 2 == len(taskman.get_all())
    finally:
        leave.set()
        acting.join(PATIENCE_S)


def test_a_callback_may_wait_for_what_its_task_sets_free(managers):
    """Followers are started before callbacks are called."""
    taskman = managers(max_workers=2)
    executor = TaskExecutor(taskman)
    may_end, seen = threading.Event(), []
    first = executor.submit(may_end.wait)
    then = executor.submit_after(first, abs, -3)
    first.add_done_callback(lambda _: seen.append(then.result(PATIENCE_S)))
    may_end.set()

    executor.shutdown()
    assert [3] == seen


def test_a_callback_may_wait_for_whatever_ends_with_its_task(executor, gate):
    """For what its end dooms, and what is doomed with it: all of them are told before the first callback."""
    seen = []
    failing = executor.submit_after(executor.submit(gate, None), lambda: 1 / 0)
    doomed = [executor.submit_after(failing, print)]
    doomed.append(executor.submit_after(doomed[0], print))
    everything = {failing, *doomed}
    for future in everything:
        future.add_done_callback(lambda _: seen.append(concurrent.futures.wait(everything, PATIENCE_S).not_done))
    gate.open()
    executor.shutdown()

    assert [set()] * 3 == seen


def test_a_cancel_within_an_operation_is_the_futures_at_once(taskman, executor, gate):
    """Only the callbacks come later, when the lock is free."""
    future, seen = executor.submit(gate, None), []

    def cancel(document):
        seen.append((future.cancel(), future.cancelled()))

    taskman.db.update(cancel, taskman.dbQuery.id == future.task_id)

    assert [(True, True)] == seen


def test_a_task_that_is_stopped_while_it_asks_leaves_the_future_usable(taskman, executor, until, gates):
    """However often that happens: no lock of the future stays taken."""
    gate = gates()
    future = executor.submit(gate, None)
    for _ in range(20):
        asking = threading.Event()

        def ask(asking=asking):
            asking.set()
            while True:
                future.done()

        asker = executor.submit(ask)
        assert asking.wait(PATIENCE_S)
        assert asker.cancel()
        record = functools.partial(taskman.get_task, asker.task_id)
        until(lambda record=record: record()[0]["stopping"] is None, "its thread to come back", 3 * PATIENCE_S)

    gate.open()
    assert future.result(PATIENCE_S) is None


def test_a_task_that_waits_for_a_result_can_be_cancelled(taskman, executor, gate, until):
    """At once, though what it waits for goes on."""
    slow = executor.submit(gate, None)
    asking = executor.submit(slow.result)
    until(asking.running, "the call to run")

    assert asking.cancel()
    until(lambda: taskman.get_task(asking.task_id)[0]["stopping"] is None, "its thread to come back")
    assert not slow.done()


class Thing:
    """Something that can be seen to go."""


def fails(thing):
    raise ValueError(thing)


@pytest.mark.parametrize("end", ["returns", "raises", "is cancelled", "never runs"])
def test_nothing_is_kept_after_the_end(taskman, executor, until, gate, monkeypatch, end):
    """Arguments, result and future go with their last user, or with the record if the task failed."""
    monkeypatch.setattr(logging.getLogger("task_control"), "disabled", True)  # pytest keeps what is logged
    thing = Thing()
    seen = [weakref.ref(thing)]
    if end == "never runs":
        future = executor.submit_after(executor.submit(gate, None), print, thing)
    else:
        call = {"returns": lambda one: one, "raises": fails}.get(end, lambda one: current_task().sleep(60))
        future = executor.submit(call, thing)
    seen.append(weakref.ref(future))
    task_id = future.task_id
    if end in ("is cancelled", "never runs"):
        future.cancel()
    concurrent.futures.wait([future], PATIENCE_S)
    if future.cancelled() or future.exception() is not None:
        taskman.remove(task_id)
    del thing, future

    def are_gone():
        gc.collect()
        return not any(one() for one in seen)

    until(are_gone, "what was passed to go")


def test_an_executor_that_is_let_go_keeps_nothing(until):
    """Neither its manager nor its futures hold it."""
    executor = TaskExecutor(TaskControl())
    executor.submit(abs, -1).result(PATIENCE_S)
    seen = weakref.ref(executor)
    executor.taskman.shutdown()
    del executor

    until(lambda: gc.collect() is None or seen() is None, "the executor to go")


def test_a_future_says_how_it_is(executor, gate, until):
    """In words, with its task's id."""
    running = executor.submit(gate, None)
    gate.wait_until_started()
    waiting = executor.submit_after(running, abs, 1)
    failed = executor.submit(lambda: 1 / 0)
    failed.exception(PATIENCE_S)

    said = [repr(future).split(": ")[1] for future in (running, waiting, failed)]
    assert ["running>", "pending>", "raised ZeroDivisionError>"] == said
    waiting.cancel()
    gate.open()
    running.result(PATIENCE_S)
    assert f"<TaskFuture of task {running.task_id}: finished>" == repr(running)
    assert "cancelled>" == repr(waiting).split(": ")[1]
