"""S4, S7, S15: what a task no longer needs is let go, however long the manager and its tasks live."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import tracemalloc
import weakref
from collections import deque
from itertools import islice

import pytest

from engine import RevisionGone
from engine.interrupts import gates
from engine.task import Task


class Thing:
    """Something that can be seen to go."""


def maker(seen: list[weakref.ref[Thing]]):
    """A task's function whose result is a thing that can be seen, in ``seen``, to go."""

    def make(handle) -> Thing:
        thing = Thing()
        seen.append(weakref.ref(thing))
        return thing

    return make


ENDS = {
    "returns": lambda f, thing: None,
    "raises": lambda f, thing: 1 / 0,
    "is cancelled": lambda f, thing: f.sleep(60),
}


@pytest.mark.guarantee("S4")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_function_and_what_it_holds_go_with_its_end(taskman, until, monkeypatch, end):
    """The function, its closure, frames and handle: at once if it completed, with its record if it failed."""
    monkeypatch.setattr(logging.getLogger("task_control"), "disabled", True)  # pytest keeps what is logged
    thing = Thing()
    seen = weakref.ref(thing)
    task_id = taskman.add(name="holds", function=lambda f, thing=thing: end(f, thing))
    del thing
    until(lambda: taskman.get_status(task_id) != 2, "the task to start")
    taskman.cancel(task_id)
    taskman.wait(task_id)
    if taskman.get_status(task_id) != 0:
        taskman.remove(task_id)

    until(lambda: gc.collect() is None or seen() is None, "what the function held to go")


@pytest.mark.guarantee("S4")
def test_a_task_that_never_ran_lets_go_as_well(taskman, gate, until):
    """Canceled while it waited, a task can be run again as long as its record is there; then nothing of it is left."""
    thing = Thing()
    seen = weakref.ref(thing)
    first = taskman.add(name="first", function=gate)
    task_id = taskman.add(name="holds", function=lambda f, thing=thing: None, depend_on=first)
    del thing
    taskman.cancel(task_id)
    taskman.remove(task_id)

    until(lambda: gc.collect() is None or seen() is None, "what the function held to go")


def move_on(manager) -> None:
    """Has a short history hold nothing of what was before."""
    for _ in range(10):
        manager.wait(manager.add(name="later", function=lambda f: None))
    manager.counts()  # has what was posted written down


@pytest.mark.guarantee("S7")
def test_a_result_goes_with_its_record_and_the_history(managers, ended, until):
    """Once the record is purged and the history has moved on, nobody holds the result."""
    manager, seen = managers(history=10), []
    manager.wait(manager.add(name="makes", function=maker(seen), get_result=True))
    manager.purge()
    move_on(manager)

    until(lambda: gc.collect() is None or seen[0]() is None, "the result to go")


@pytest.mark.guarantee("S7")
def test_a_result_goes_though_somebody_waits_for_another_task_as_well(managers, gate, until):
    """Who depends on several tasks holds no result of those that have ended."""
    manager, seen = managers(history=10), []
    long = manager.add(name="long", function=gate)
    makes = manager.add(
        name="makes", function=maker(seen), get_result=True, depend_on=manager.add("first", lambda f: None)
    )
    waits = manager.add(name="waits", function=lambda f: None, depend_on=[long, makes])
    manager.wait(makes)
    manager.remove(makes)
    move_on(manager)

    until(lambda: gc.collect() is None or seen[0]() is None, "the result to go")
    assert manager.get_status(waits) == 2


def loop(changes) -> None:
    """Reads to the end, also if it falls behind."""
    while True:
        try:
            deque(changes, maxlen=0)
        except RevisionGone:
            continue
        return


READS = {
    "a loop": lambda changes: threading.Thread(target=loop, args=(changes,), daemon=True).start(),
    "get": lambda changes: changes.get(0),
    "skip": lambda changes: changes.skip(0),
}


@pytest.mark.guarantee("S7")
@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_a_follower_who_is_up_to_date_holds_no_result(managers, until, read):
    """However long it waits for the next change, or doesn't ask for it."""
    manager, seen = managers(history=10), []
    with manager.subscribe() as changes:
        manager.wait(manager.add(name="makes", function=maker(seen), get_result=True))
        read(changes)
        until(lambda: changes.revision >= 3, "the follower to be up to date")
        manager.purge()
        move_on(manager)

        until(lambda: gc.collect() is None or seen[0]() is None, "the result to go")


@pytest.mark.guarantee("S7")
def test_a_loop_that_has_fallen_behind_holds_no_result(managers, until):
    """Nor does it when it is told so and isn't gone on with."""
    manager, seen = managers(history=3), []
    with manager.subscribe() as changes:
        manager.wait(manager.add(name="makes", function=maker(seen), get_result=True))
        assert [change.kind for change in islice(changes, 3)] == ["added", "changed", "changed"]
        manager.purge()
        move_on(manager)
        with pytest.raises(RevisionGone):
            next(iter(changes))

        until(lambda: gc.collect() is None or seen[0]() is None, "the result to go")


@pytest.mark.guarantee("S15")
def test_a_task_that_waits_often_does_not_grow(taskman, ended):
    """A task that looks at others again and again for days needs no more memory than one that looks once."""
    other = taskman.add(name="other", function=lambda f: f.sleep(60))

    def look(handle) -> float:
        rounds = 4000
        for _ in range(100):
            taskman.wait(other, timeout=0)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(rounds):
            taskman.wait(other, timeout=0)
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return (after - before) / rounds

    bytes_each = ended(taskman.add(name="looks", function=look, get_result=True))["result"]

    assert bytes_each < 20


def test_a_thread_that_has_ended_leaves_no_gate(managers):
    """Its identifier may be another thread's later, in which no task runs."""
    before = set(gates)
    manager = managers(max_workers=4)
    inside = [manager.add(name="sees itself", function=lambda: len(set(gates) - before), get_result=True)]
    manager.wait(inside)
    assert manager.shutdown()

    assert (manager.get_result(inside[0]) >= 1, set(gates) - before) == (True, set())


def test_the_versions_of_records_have_one_table_of_keys(taskman):
    """What each of them takes is a third less than a dict of its own with the same fields."""
    task_id = taskman.add(name="a", function=lambda: None, get_result=True)
    taskman.wait(task_id)
    versions = [change.record.copy() for change in taskman.changes(0)]

    assert len(versions) == 3
    assert all(sys.getsizeof(version) < 0.7 * sys.getsizeof(dict(version.items())) for version in versions)


def test_idle_threads_hold_nothing_of_their_last_tasks(taskman, until, monkeypatch):
    """Once its end is on the record a task is gone, however long its thread waits for another."""
    monkeypatch.setattr("engine.pool.STAY_S", 3600.0)
    before = sum(type(thing) is Task for thing in gc.get_objects())
    ids = [taskman.add(name="sleeps", function=lambda f: f.sleep(0.05)) for _ in range(20)]
    taskman.add(name="after", function=lambda: None, depend_on=ids)
    taskman.wait()
    taskman.counts()

    until(lambda: sum(type(thing) is Task for thing in gc.get_objects()) <= before, "the tasks to go")
