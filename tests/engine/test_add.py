"""S2: add returns an id at once, the record exists by then, and the task starts by itself."""

from __future__ import annotations

import re
import sys
import threading
import time

import pytest

pytestmark = pytest.mark.guarantee("S2")


def test_an_id_is_ten_lowercase_hex_digits(taskman):
    """A task's id is a string of ten lowercase hexadecimal digits."""
    task_id = taskman.add(name="one", function=lambda f: None)

    assert re.fullmatch("[0-9a-f]{10}", task_id)


def test_ids_are_unique(taskman):
    """No two tasks of a manager get the same id."""
    ids = [taskman.add(name="one of many", function=lambda f: None) for _ in range(2000)]

    assert len(set(ids)) == 2000


def test_ids_are_unique_when_many_threads_add(taskman):
    """Threads that add at the same time all get different ids, and no record is lost."""
    ids: list[str] = []

    def add_many() -> None:
        for _ in range(100):
            ids.append(taskman.add(name="one of many", function=lambda f: None))

    threads = [threading.Thread(target=add_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(set(ids)), {record["id"] for record in taskman.get_all()}) == (800, set(ids))


def test_the_record_exists_before_add_returns(taskman, gate):
    """Right after add, the task can be looked up by its id."""
    task_id = taskman.add(name="looked up", function=gate)

    assert [record["name"] for record in taskman.get_task(task_id)] == ["looked up"]


def test_the_record_exists_when_the_function_runs(taskman, ended):
    """However fast it starts, a function finds its own record."""
    own_record = lambda handle: taskman.get_task(handle.id)[0]["name"]  # noqa: E731  # a lambda, as users write
    ids = [taskman.add(name=f"number {n}", function=own_record, get_result=True) for n in range(50)]

    assert [ended(task_id)["result"] for task_id in ids] == [f"number {n}" for n in range(50)]


def test_add_does_not_wait_for_the_function(taskman, gate):
    """add returns while the function still runs."""
    task_id = taskman.add(name="long", function=gate)

    assert taskman.get_status(task_id) in (2, 3)


def test_a_task_starts_without_anything_else_being_called(taskman, gate):
    """After add nothing has to be called for the function to start."""
    taskman.add(name="starts alone", function=gate)

    gate.wait_until_started()


def test_a_task_starts_while_others_run(taskman, gates):
    """Many tasks run side by side; none waits for another that it doesn't depend on."""
    side_by_side = [gates() for _ in range(64)]
    for gate in side_by_side:
        taskman.add(name="side by side", function=gate)

    for gate in side_by_side:
        gate.wait_until_started()


def test_a_task_may_add_tasks(taskman, ended):
    """A function may add further tasks to the manager that runs it."""
    inner_ids: list[str] = []
    outer = lambda f: inner_ids.append(taskman.add(name="inner", function=lambda f: 5, get_result=True))  # noqa: E731
    ended(taskman.add(name="outer", function=outer))

    assert ended(inner_ids[0])["result"] == 5


def test_a_function_runs_once(taskman, gate, ended):
    """However often the record is read, a function is called exactly once."""
    task_id = taskman.add(name="once", function=gate)
    gate.open()
    ended(task_id)
    taskman.wait()

    assert gate.calls == 1


def test_name_and_function_may_be_given_by_position(taskman, ended):
    """add("name", function) does the same as with keywords."""
    record = ended(taskman.add("by position", lambda f: None))

    assert (record["name"], record["status"]) == ("by position", 0)


def test_a_seat_is_waited_for_in_the_order_of_adding(managers, gates, until):
    """With one thread allowed, tasks run one after the other in the order in which they were added."""
    manager = managers(max_workers=1)
    order: list[int] = []
    first = gates()
    manager.add(name="first", function=first)
    first.wait_until_started()
    for n in range(20):
        manager.add(name=f"number {n}", function=lambda f, n=n: order.append(n))
    first.open()
    until(lambda: len(order) == 20, "twenty tasks to run one after the other")

    assert order == list(range(20))


def test_a_task_without_a_seat_says_that_it_waits_for_one(managers, gates, until):
    """With all threads busy, a new task stays Suspended and its record says that it waits for a seat."""
    manager = managers(max_workers=1)
    busy = gates()
    manager.add(name="busy", function=busy)
    busy.wait_until_started()
    task_id = manager.add(name="next", function=lambda f: None)
    until(lambda: manager.get_task(task_id)[0]["waiting_for"] == "seat", "the record to say what it waits for")

    assert manager.get_status(task_id) == 2


def test_a_wait_that_is_over_while_it_is_looked_at_does_not_end_the_looking(
    managers, gates, monkeypatch, until, caplog
):
    """The next task that finds no seat says so all the same."""
    manager, busy, busy_again = managers(max_workers=1), gates(), gates()
    pool, overtaken = manager._runtime.pool, []
    take_unaware = pool._take_unaware
    manager.add(name="busy", function=busy)
    busy.wait_until_started()

    def take_unaware_and_be_overtaken(since):
        found = take_unaware(since)
        if not overtaken:
            busy.open()
            overtaken.append(manager.wait(waiting, timeout=10))
        return found

    waiting = manager.add(name="waits", function=lambda f: None)
    monkeypatch.setattr(pool, "_take_unaware", take_unaware_and_be_overtaken)
    until(lambda: overtaken, "the wait to be looked at")
    manager.add(name="busy again", function=busy_again)
    busy_again.wait_until_started()
    task_id = manager.add(name="next", function=lambda f: None)

    until(lambda: manager.get_task(task_id)[0]["waiting_for"] == "seat", "the record to say what it waits for")
    assert (overtaken, caplog.records) == ([True], [])


def test_a_task_that_comes_as_an_idle_thread_is_about_to_end_is_run(managers, monkeypatch):
    """The thread that it was to wake finds it, and stays."""
    monkeypatch.setattr("engine.pool.STAY_S", 0.05)
    manager, added = managers(max_workers=1), threading.Event()
    pool, ids = manager._runtime.pool, []
    lock = pool._lock

    class Late:
        def __enter__(self):
            if sys._getframe(1).f_code.co_name == "_rest" and not added.is_set():
                added.set()
                ids.append(manager.add("late", threading.get_ident, get_result=True))
            lock.acquire()

        def __exit__(self, *_):
            lock.release()

    monkeypatch.setattr(pool, "_lock", Late())
    first = manager.add("first", threading.get_ident, get_result=True)

    assert added.wait(10)
    assert manager.wait([first, *ids], timeout=10)
    assert manager.get_result(first) == manager.get_result(ids[0])


def test_max_workers_bounds_what_runs_at_once(managers, until):
    """No more functions run at the same time than max_workers allows."""
    manager = managers(max_workers=3)
    running, peak, ran = [], [], []

    def work(handle) -> None:
        running.append(1)
        peak.append(len(running))
        time.sleep(0.002)
        running.pop()
        ran.append(1)

    for _ in range(60):
        manager.add(name="bounded", function=work)
    until(lambda: len(ran) == 60, "sixty tasks on three seats")

    assert max(peak) <= 3
