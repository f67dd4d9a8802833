"""When idle threads are woken, and more are started for tasks that take long."""

from __future__ import annotations

import threading
import time

import pytest

from engine import Status
from engine.pool import EAGER_THREADS, LOOK_EVERY_S, LOOK_SOON_S, SOON_THREADS


def test_tasks_that_take_long_get_their_threads_at_the_first_look(taskman, gates, until, monkeypatch):
    """Nothing has moved since it was planned, so there is one thread for each, whatever was run before that."""
    looks = []
    monkeypatch.setattr(taskman._runtime.pool, "_call_at", lambda _when, look: looks.append(look))
    gate = gates()
    ids = [taskman.add("long", gate) for _ in range(EAGER_THREADS)]
    until(lambda: taskman.counts()[Status.RUNNING] == EAGER_THREADS, "as many run as have a thread at once")
    ids += [taskman.add("long", gate) for _ in range(3 * EAGER_THREADS)]
    assert taskman.counts()[Status.RUNNING] == EAGER_THREADS

    time.sleep(LOOK_EVERY_S)
    (first_look,) = looks
    first_look(None)
    until(lambda: taskman.counts()[Status.RUNNING] == len(ids), "a thread for each")
    gate.open()


def test_a_few_tasks_that_take_long_need_not_wait_for_long(taskman, gates, until, monkeypatch):
    """At the first look there are some more threads, and one for each at the second, if nothing has moved till then."""
    looks = []
    monkeypatch.setattr(taskman._runtime.pool, "_call_at", lambda when, look: looks.append((when, look)))
    gate = gates()
    added = time.monotonic()
    ids = [taskman.add("long", gate) for _ in range(2 * SOON_THREADS)]
    until(lambda: taskman.counts()[Status.RUNNING] == EAGER_THREADS, "as many run as have a thread at once")
    monkeypatch.setattr("engine.pool.LOOK_EVERY_S", 3600.0)
    time.sleep(LOOK_SOON_S)
    looks[0][1](None)
    until(lambda: taskman.counts()[Status.RUNNING] == SOON_THREADS, "some more to run")
    monkeypatch.undo()
    time.sleep(LOOK_EVERY_S)
    looks[1][1](None)
    until(lambda: taskman.counts()[Status.RUNNING] == len(ids), "a thread for each")
    gate.open()

    assert looks[0][0] - added < 1.0


def test_no_thread_is_started_while_another_has_not_come_to_its_first_task(taskman, gates, until, monkeypatch):
    """The machine is busy, and one more would be in its way."""
    looks = []
    monkeypatch.setattr(taskman._runtime.pool, "_call_at", lambda _when, look: looks.append(look))
    gate = gates()
    ids = [taskman.add("long", gate) for _ in range(EAGER_THREADS + 1)]
    until(lambda: taskman.counts()[Status.RUNNING] == EAGER_THREADS, "as many run as have a thread at once")
    worker = next(iter(taskman._runtime.pool._workers))
    ident, worker.ident = worker.ident, 0
    time.sleep(LOOK_EVERY_S)
    looks[0](None)
    threads = len(taskman._runtime.pool._workers)
    worker.ident = ident
    looks[1](None)
    until(lambda: taskman.counts()[Status.RUNNING] == len(ids), "a thread for each")
    gate.open()

    assert threads == EAGER_THREADS


def rest_all(taskman, gates, until, count):
    """Lets so many threads lie idle."""
    gate = gates()
    ids = [taskman.add("before", gate) for _ in range(count)]
    until(lambda: taskman.counts()[Status.RUNNING] == count, "a thread for each")
    gate.open()
    taskman.wait(ids)
    pool = taskman._runtime.pool
    until(lambda: len(pool._idle) == count and not pool._is_looking, "all to lie idle")


def test_idle_threads_wake_each_other_and_nobody_looks_at_what_waits(taskman, gates, until, monkeypatch):
    """Long tasks that come at once have as many idle threads, one of which wakes the next."""
    rest_all(taskman, gates, until, 3)
    looks = []
    monkeypatch.setattr(taskman._runtime.pool, "_call_at", lambda _when, look: looks.append(look))
    gate = gates()
    for _ in range(3):
        taskman.add("long", gate)
    until(lambda: taskman.counts()[Status.RUNNING] == 3, "all to run")
    gate.open()

    assert looks == []


def test_the_last_idle_thread_has_those_looked_at_that_find_none(taskman, gates, until):
    """More tasks come at once than threads are idle: the others get theirs all the same."""
    rest_all(taskman, gates, until, EAGER_THREADS)
    gate = gates()
    ids = [taskman.add("long", gate) for _ in range(EAGER_THREADS + 5)]
    until(lambda: taskman.counts()[Status.RUNNING] == len(ids), "all to run")
    gate.open()


@pytest.mark.parametrize("seats", [3, 32])
def test_ctrl_c_in_the_instant_an_idle_thread_is_woken_costs_no_task(managers, gates, until, monkeypatch, seats):
    """The thread that was picked isn't woken by anybody: it ends, like those that stay idle, and its seat is free."""
    monkeypatch.setattr("engine.pool.STAY_S", 0.5)
    monkeypatch.setattr("engine.pool.WAKE_WITHIN_S", 0.1)
    manager = managers(max_workers=seats)
    rest_all(manager, gates, until, 3)

    def interrupt(*_picked):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(manager._runtime.pool, "_see_to", interrupt)
    with pytest.raises(KeyboardInterrupt):
        manager.add("interrupted", lambda: None)
    meeting = threading.Barrier(3)
    ids = [manager.add("next", lambda: meeting.wait(20)) for _ in range(3)]

    assert manager.wait(ids, timeout=20)
    assert [manager.get_status(task_id) for task_id in ids] == [Status.COMPLETED] * 3
