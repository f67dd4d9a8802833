"""S5: removing the record of an unfinished task through db cancels the task."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager

import pytest

pytestmark = pytest.mark.guarantee("S5")

REMOVALS = {
    "remove": lambda manager, task_id: manager.db.remove(manager.dbQuery.id == task_id),
    "remove by doc_id": lambda manager, task_id: manager.db.remove(doc_ids=[manager.get_task(task_id)[0].doc_id]),
    "truncate": lambda manager, task_id: manager.db.truncate(),
    "drop_table": lambda manager, task_id: manager.db.drop_table(manager.db.default_table_name),
    "drop_tables": lambda manager, task_id: manager.db.drop_tables(),
    "storage.write": lambda manager, task_id: manager.db.storage.write({}),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_removing_a_running_tasks_record_cancels_it(taskman, cooperative, until, remove):
    """However its record is removed, a running function is told to stop."""
    task_id, stopped_by = cooperative
    remove(taskman, task_id)
    until(lambda: stopped_by, "the function to be stopped")

    assert [type(error).__name__ for error in stopped_by] == ["TaskCancelled"]


def test_removing_the_record_of_a_busy_function_stops_it(taskman, busy_loop, until):
    """A function that asks nobody whether it should stop is interrupted when its record is removed."""
    task_id, stopped_by = busy_loop
    taskman.db.remove(taskman.dbQuery.id == task_id)
    until(lambda: stopped_by, "the function to be interrupted")

    assert [type(error).__name__ for error in stopped_by] == ["TaskCancelled"]


def test_removing_a_waiting_tasks_record_cancels_it(taskman, gates, ended):
    """A task whose record is removed while it waits is never started."""
    first_gate, second_gate = gates(), gates()
    first = taskman.add(name="first", function=first_gate)
    second = taskman.add(name="second", function=second_gate, depend_on=first)
    taskman.db.remove(taskman.dbQuery.id == second)
    first_gate.open()
    ended(first)
    ended(taskman.add(name="later", function=lambda f: None, depend_on=first))

    assert (second_gate.calls, taskman.get_task(second)) == (0, [])


def test_removing_a_task_that_waits_for_a_seat_cancels_it(managers, gates, until):
    """A task removed while all threads are busy is never started."""
    manager = managers(max_workers=1)
    busy, removed, last = gates(), gates(), gates()
    manager.add(name="busy", function=busy)
    task_id = manager.add(name="removed", function=removed)
    manager.add(name="last", function=last)
    manager.db.remove(manager.dbQuery.id == task_id)
    busy.open()
    last.wait_until_started()

    assert removed.calls == 0


@pytest.mark.parametrize("end", ["removed", "ended by hand"])
def test_a_copy_of_a_record_is_not_the_task(taskman, gate, ended, end):
    """A user's copy of a record may go, or be written over: the task that it was copied from goes on."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: "ran", depend_on=first, get_result=True)
    copy = taskman.db.insert(dict(taskman.get_task(second)[0]))
    if end == "removed":
        taskman.db.remove(doc_ids=[copy])
    else:
        taskman.db.update({"status": 4}, doc_ids=[copy])
    gate.open()

    assert ended(first)["status"] == 0
    assert (ended(second)["status"], taskman.get_result(second)) == (0, "ran")


def test_a_document_that_only_looks_like_a_record_may_be_written(taskman):
    """What a user has put there with a task's most telling fields, and none of the others, is changed as asked."""
    number = taskman.db.insert({"id": "mine", "added_at": 0.0, "status": 2})
    taskman.db.update({"status": 0, "note": "done"}, doc_ids=[number])

    written = taskman.db.get(doc_id=number)
    assert (written["id"], written["status"], written["note"]) == ("mine", 0, "done")


class Holding(logging.Handler):
    """Keeps the thread that logs first, until it is let go."""

    def __init__(self):
        super().__init__()
        self.holds, self.let_go = threading.Event(), threading.Event()

    def emit(self, record):
        if not self.holds.is_set():
            self.holds.set()
            self.let_go.wait(10)


@contextmanager
def held_up(taskman, task_id):
    """Hold up another thread that has just written the end of a task, before it follows that up."""
    handler, logger = Holding(), logging.getLogger("task_control")
    logger.addHandler(handler)
    change = {"status": 0, "depend_on": "nobody"}
    writer = threading.Thread(target=taskman.db.update, args=[change, taskman.dbQuery.id == task_id])
    try:
        writer.start()
        assert handler.holds.wait(10), "nothing was logged"
        yield
    finally:
        handler.let_go.set()
        writer.join(10)
        logger.removeHandler(handler)


def test_a_record_may_go_while_the_write_that_ended_its_task_is_followed_up(taskman, gate):
    """Those who wait for the task are told all the same, and what depends on it starts."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    with held_up(taskman, first):
        taskman.db.remove(taskman.dbQuery.id == first)

    assert taskman.wait([first, second], timeout=10)
    assert 0 == taskman.get_status(second)


def test_a_record_whose_written_end_is_not_followed_up_yet_is_passed_over(taskman, gate):
    """By remove, as the task counts as unfinished until those who wait for it have been told."""
    first = taskman.add(name="first", function=gate)
    with held_up(taskman, first):
        early = taskman.remove(first)

    assert (early, taskman.remove(first)) == (0, 1)


def test_a_removal_in_which_the_task_ends_leaves_nothing_of_it(taskman, gate):
    """It was found before its function returned, and goes: nobody waits for it any more."""
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()

    def matches(document):
        gate.open()
        return taskman.wait(first, timeout=10)

    removed = taskman.db.remove(matches)

    assert (removed, taskman.get_all(), taskman.wait(timeout=10)) == ([1], [], True)
    assert taskman._runtime.tasks.live == {}
