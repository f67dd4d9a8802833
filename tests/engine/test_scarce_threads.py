"""A system that has no more threads or processes to give: nothing is lost, and what can be told is told."""

from __future__ import annotations

import logging
import sys
import threading
import time

import pytest

from engine import Status, TaskExecutor, TimedOut
from engine.patience import take


@pytest.fixture
def refused(monkeypatch):
    """Refuse to start threads with such names for as long as they stand in this set; "worker" for those of tasks."""
    names: set[str] = set()
    start = threading.Thread.start

    def start_or_refuse(thread):
        name = thread.name.removeprefix("task-control-")
        if ("worker" if name.isdigit() else name) in names:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)
    return names


def test_tasks_run_once_threads_can_be_had(taskman, refused, ended):
    """A task that finds no thread waits, and runs when the system has one again, without anybody's doing."""
    refused.add("worker")
    task_id = taskman.add("patient", lambda: 7, get_result=True)
    early = taskman.wait(task_id, timeout=0.2)
    refused.clear()

    assert (early, ended(task_id)["result"]) == (False, 7)


def test_a_second_thread_that_cannot_be_had_costs_no_task(managers, refused, gates, until):
    """While the system gives no more threads, one that is there runs what waits, task after task."""
    manager, gate = managers(), gates()
    manager.add("first", gate)
    gate.wait_until_started()
    refused.add("worker")
    ids = [manager.add("next", lambda: None) for _ in range(20)]
    early = manager.wait(ids, timeout=0.1)
    gate.open()

    assert (early, manager.wait(ids, timeout=10)) == (False, True)


def test_ctrl_c_as_a_thread_is_started_costs_neither_the_task_nor_the_threads_of_others(
    taskman, gates, until, monkeypatch
):
    """The task is run by another thread, and those that come later get theirs."""
    start = threading.Thread.start

    def interrupt(thread):
        if "supervisor" in thread.name:
            return start(thread)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupt)
    gate = gates()
    with pytest.raises(KeyboardInterrupt):
        taskman.add("first", gate)
    until(lambda: taskman.counts() == (0, 0, 0, 1, 0), "the task to run, though nobody comes after it")
    for _ in range(50):
        taskman.add("long", gate)
    until(lambda: taskman.counts() == (0, 0, 0, 51, 0), "a thread for each")
    gate.open()
    pool = taskman._runtime.pool
    until(lambda: len(pool._idle) == pool._seats == len(pool._workers) == 51, "each thread to have one seat")


def test_without_a_supervisor_tasks_run_and_the_next_has_it_started(taskman, refused, caplog, ended):
    """Deadlines wait for its thread, and the log says so; the next task tries again."""
    refused.add("supervisor")
    with caplog.at_level(logging.WARNING):
        first = taskman.add("first", lambda: None)
        ended(first)
    refused.clear()
    late = taskman.add("late", lambda handle: handle.sleep(60), thread_timeout=0.05)

    assert "deadlines wait for it" in caplog.text
    assert ended(late)["error"] == "Killed by timeout"


@pytest.mark.parametrize("slow", ["supervisor", "hooks"])
def test_a_thread_that_is_only_about_to_start_does_not_disturb_a_shutdown(managers, monkeypatch, slow):
    """As when a thread still adds tasks while the program ends."""
    manager, start = managers(), threading.Thread.start
    is_starting, may_start = threading.Event(), threading.Event()
    manager.on_transition(lambda transition: None)

    def start_late(thread):
        if thread.name == f"task-control-{slow}":
            is_starting.set()
            may_start.wait(10)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_late)
    adding = threading.Thread(target=manager.add, args=("task", lambda: None), kwargs={"thread_timeout": 60})
    adding.start()
    assert is_starting.wait(10)
    manager.shutdown(timeout=0.5)
    may_start.set()
    adding.join()

    assert manager.shutdown(timeout=10)


def test_hooks_are_told_once_their_thread_can_be_had(taskman, refused, ended, until):
    """What has happened meanwhile is told as well, in its order."""
    told = []
    taskman.on_transition(lambda transition: told.append((transition.name, transition.after)))
    refused.add("hooks")
    ended(taskman.add("first", lambda: None))
    refused.clear()
    ended(taskman.add("second", lambda: None))
    until(lambda: ("second", Status.COMPLETED) in told, "the hook to be told")

    assert [after for name, after in told if name == "first"] == [Status.SUSPENDED, Status.RUNNING, Status.COMPLETED]


def test_callbacks_are_called_without_a_thread_for_them(taskman, refused, gate):
    """A future whose task ran over its limit calls back all the same: nobody may wait in vain."""
    refused.add("future")
    called = threading.Event()
    executor = TaskExecutor(taskman, thread_timeout=0.05)
    future = executor.submit(lambda: time.sleep(0.3))
    future.add_done_callback(lambda _: called.set())

    assert called.wait(10)
    assert isinstance(future.exception(timeout=0), TimedOut)
    executor.shutdown()


def test_a_lock_that_stays_taken_is_waited_for():
    """A worker that has looked for long stands in line for a busy lock."""
    lock, has_it = threading.Lock(), threading.Event()
    lock.acquire()

    def work():
        take(lock)
        has_it.set()

    thread = threading.Thread(target=work)
    thread.start()
    early = has_it.wait(0.3)
    lock.release()

    assert (early, has_it.wait(10)) == (False, True)
    thread.join(10)


def test_a_process_that_cannot_be_started_is_the_error_of_its_task(taskman, ended, monkeypatch):
    """The record names the interpreter that could not be started; the next task may have better luck."""
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        record = ended(taskman.add("no process", lambda: None, isolation="process"))
    later = ended(taskman.add("later", lambda: 7, get_result=True, isolation="process"))

    assert record["error"].startswith("RuntimeError: no process can be started with '/nowhere/python'")
    assert later["result"] == 7


def test_an_interpreter_that_dies_at_once_is_the_error_of_its_task(taskman, ended, monkeypatch):
    """So is a program in its place that takes no calls."""
    monkeypatch.setattr(sys, "executable", "/bin/false")

    assert ended(taskman.add("dies", lambda: None, isolation="process"))["error"].startswith("ProcessDied")


@pytest.mark.parametrize("how", ["another system", "a frozen program"])
def test_isolation_is_refused_where_there_can_be_none(taskman, monkeypatch, how):
    """Without process groups, or an interpreter that can be started again, add says what to do instead."""
    if how == "another system":
        monkeypatch.delattr("os.killpg")
    else:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(RuntimeError, match='isolation="thread" here'):
        taskman.add("refused", lambda: None, isolation="process")

    assert taskman.get_all() == []


def test_the_supervisor_goes_on_after_an_error(taskman, caplog, ended):
    """Whatever fails on its thread is logged, and deadlines are kept."""
    taskman._runtime.supervisor.call_at(0.0, lambda _: {}["nothing"])
    task_id = taskman.add("late", lambda handle: handle.sleep(60), thread_timeout=0.1)

    assert ended(task_id)["error"] == "Killed by timeout"
    assert "the supervisor goes on after an error" in caplog.text


def test_deadlines_of_ended_tasks_are_thrown_out(taskman):
    """Many short tasks with long limits leave no more behind than a bounded number of entries."""
    for _ in range(3):
        ids = [taskman.add("short", lambda: None, thread_timeout=3600) for _ in range(1000)]
        assert taskman.wait(ids, timeout=30)

    assert len(taskman._runtime.supervisor._entries) < 2500
