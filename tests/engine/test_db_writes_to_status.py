"""S5: what writing a task's status through db does to the task."""

from __future__ import annotations

import logging

import pytest
from tinydb.operations import delete
from tinydb.operations import set as set_field

from engine import Status, TaskControl

pytestmark = pytest.mark.guarantee("S5")


def write_status(manager: TaskControl, task_id: str, status: object) -> None:
    manager.db.update({"status": status}, manager.dbQuery.id == task_id)


def write_the_storage(manager: TaskControl, task_id: str, status: object) -> None:
    everything = manager.db.storage.read()
    for document in everything[manager.db.default_table_name].values():
        if document["id"] == task_id:
            document["status"] = status
    manager.db.storage.write(everything)


STATUS_WRITES = {
    "update": write_status,
    "update by doc_id": lambda manager, task_id, status: manager.db.update(
        {"status": status}, doc_ids=[manager.get_task(task_id)[0].doc_id]
    ),
    "update by function": lambda manager, task_id, status: manager.db.update(
        set_field("status", status), manager.dbQuery.id == task_id
    ),
    "update of all": lambda manager, task_id, status: manager.db.update({"status": status}),
    "update_multiple": lambda manager, task_id, status: manager.db.update_multiple(
        [({"status": status}, manager.dbQuery.id == task_id)]
    ),
    "upsert": lambda manager, task_id, status: manager.db.upsert({"status": status}, manager.dbQuery.id == task_id),
    "storage.write": write_the_storage,
}


@pytest.fixture
def never(gates):
    """The function of the waiting task."""
    return gates()


@pytest.fixture
def waiting(taskman, gate, never) -> str:
    """A task that waits for a gate's task."""
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()
    return taskman.add(name="waits", function=never, depend_on=first)


@pytest.mark.parametrize("status", [0, 1, 4])
def test_writing_a_final_status_ends_a_waiting_task(taskman, waiting, gate, never, ended, status):
    """A waiting task whose status is written as 0, 1 or 4 has ended and is never started."""
    write_status(taskman, waiting, status)
    first = taskman.get_task(waiting)[0]["depend_on"]
    gate.open()
    ended(taskman.add(name="later", function=lambda f: None, depend_on=first))

    assert (taskman.get_status(waiting), never.calls) == (status, 0)


@pytest.mark.parametrize("write", STATUS_WRITES.values(), ids=STATUS_WRITES.keys())
def test_every_way_of_writing_ends_a_running_task(taskman, cooperative, until, write):
    """By whatever method of TinyDB the status is written, the running function is told to stop."""
    task_id, stopped_by = cooperative
    write(taskman, task_id, 4)
    until(lambda: stopped_by, "the function to be stopped")

    assert taskman.get_status(task_id) == 4


@pytest.mark.parametrize("status", [0, 1, 4, Status.CANCELED])
def test_writing_a_final_status_ends_a_running_task(taskman, cooperative, until, status):
    """The written end stands; what the function did afterwards doesn't change it."""
    task_id, stopped_by = cooperative
    write_status(taskman, task_id, status)
    until(lambda: stopped_by, "the function to be stopped")

    assert taskman.get_status(task_id) == status


def test_writing_the_end_of_a_busy_function_stops_it(taskman, busy_loop, until):
    """A function that asks nobody whether it should stop is interrupted when its end is written."""
    task_id, stopped_by = busy_loop
    write_status(taskman, task_id, 4)
    until(lambda: stopped_by, "the function to be interrupted")

    assert taskman.get_status(task_id) == 4


@pytest.mark.parametrize("status", [0, 1, 4])
def test_a_late_return_does_not_change_a_written_end(taskman, gates, until, status):
    """A function that returns after its end was written changes neither status nor result."""
    gate = gates(outcome="late")
    task_id = taskman.add(name="late", function=gate, get_result=True)
    gate.wait_until_started()
    write_status(taskman, task_id, status)
    gate.open()
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the function to return")

    assert (taskman.get_status(task_id), taskman.get_result(task_id)) == (status, None)


def test_an_end_written_as_completed_starts_what_waited(taskman, gate, ended):
    """Writing 0 to a running task satisfies those that depend on it."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.wait_until_started()
    write_status(taskman, first, 0)

    assert ended(second)["status"] == 0


@pytest.mark.parametrize("status", [1, 4])
def test_an_end_written_as_failed_cancels_what_waited(taskman, gate, ended, status):
    """Writing 1 or 4 to a running task cancels those that depend on it."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.wait_until_started()
    write_status(taskman, first, status)

    assert ended(second)["status"] == 4


def test_a_written_end_has_the_marks_of_an_end(taskman, gate, ended):
    """A task ended through db has a run time and a time of its end like any other."""
    task_id = taskman.add(name="ended by hand", function=gate)
    gate.wait_until_started()
    write_status(taskman, task_id, 0)
    record = ended(task_id)

    assert (type(record["perf"]), type(record["finished_at"])) == (float, float)


def test_a_written_end_ends_a_wait(taskman, gate):
    """wait() returns once the end of the task was written."""
    task_id = taskman.add(name="ended by hand", function=gate)
    gate.wait_until_started()
    write_status(taskman, task_id, 0)

    assert taskman.wait([task_id], timeout=10) is True


@pytest.mark.parametrize("status", [3, 5, -1, 2.5, "Completed", None, [0]])
def test_another_write_to_a_waiting_tasks_status_is_undone(taskman, waiting, status):
    """A waiting task can't be made running, nor anything that is no status."""
    write_status(taskman, waiting, status)

    assert taskman.get_status(waiting) == 2


@pytest.mark.parametrize("status", [2, 7, "Running", None])
def test_another_write_to_a_running_tasks_status_is_undone(taskman, gate, status):
    """A running task can't be sent back to waiting."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    write_status(taskman, task_id, status)

    assert taskman.get_status(task_id) == 3


@pytest.mark.parametrize("status", [1, 2, 3, 4, 9])
def test_any_write_to_an_ended_tasks_status_is_undone(taskman, ended, status):
    """What has ended stays as it ended."""
    task_id = taskman.add(name="completed", function=lambda f: None)
    ended(task_id)
    write_status(taskman, task_id, status)

    assert taskman.get_status(task_id) == 0


@pytest.mark.parametrize("write", STATUS_WRITES.values(), ids=STATUS_WRITES.keys())
def test_every_way_of_writing_nonsense_is_undone(taskman, waiting, write):
    """By whatever method the status is written, an impossible one doesn't stay."""
    write(taskman, waiting, 3)

    assert taskman.get_status(waiting) == 2


def test_deleting_the_status_is_undone(taskman, ended):
    """A record doesn't lose its status."""
    task_id = taskman.add(name="completed", function=lambda f: None)
    ended(task_id)
    taskman.db.update(delete("status"), taskman.dbQuery.id == task_id)

    assert taskman.get_status(task_id) == 0


def test_an_undone_write_keeps_its_other_fields(taskman, waiting):
    """Only the status is undone; what else was written in the same update stays."""
    taskman.db.update({"status": 3, "name": "renamed"}, taskman.dbQuery.id == waiting)
    record = taskman.get_task(waiting)[0]

    assert (record["status"], record["name"]) == (2, "renamed")


def test_an_undone_write_is_logged_with_the_id(taskman, waiting, caplog, until):
    """The log says for which task a write to the status was undone."""
    with caplog.at_level(logging.WARNING):
        write_status(taskman, waiting, 3)
        until(lambda: caplog.records, "the log record")

    assert [waiting in record.getMessage() for record in caplog.records] == [True]


def test_a_waiting_task_still_runs_after_an_undone_write(taskman, gate, ended):
    """An undone write leaves the task where it was: it starts when its dependency ends."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    write_status(taskman, second, 3)
    gate.open()

    assert ended(second)["status"] == 0


def test_writing_the_same_status_is_nothing_to_undo(taskman, waiting, caplog):
    """Writing the status that a task has is no change and is not complained about."""
    with caplog.at_level(logging.WARNING):
        write_status(taskman, waiting, 2)

    assert (taskman.get_status(waiting), caplog.records) == (2, [])


def begin_meanwhile(manager, gates, operate):
    """Has a task begin in the midst of an operation on the database: in the only seat, once the one before is done."""
    before, gate = gates(), gates()
    manager.add(name="before", function=before)
    before.wait_until_started()
    task_id = manager.add(name="task", function=gate)
    manager.get_all()  # writes down that they were added

    def begin(document):
        if document["id"] == task_id:
            before.open()
            gate.wait_until_started()
        return document["id"] == task_id

    with manager.subscribe() as changes:
        operate(task_id, begin)
        gate.open()
        assert manager.wait(timeout=10)
        return [c.record["status"] for c in changes.get(timeout=0) if c.id == task_id and c.kind == "changed"]


def test_a_task_that_begins_while_its_end_is_written_has_begun(managers, gates):
    """Its record says that its function was called, and when, though it was Suspended when the operation began."""
    manager = managers(max_workers=1)

    def write_end(task_id, begin):
        def end(document):
            if begin(document):
                document["status"], document["note"] = 4, "enough"

        manager.db.update(end)

    statuses = begin_meanwhile(manager, gates, write_end)
    record = manager.get_all()[1]

    assert statuses[:2] == [3, 4]
    assert (record["status"], record["note"], record["started_at"] is None, record["thread"] is None) == (
        4,
        "enough",
        False,
        False,
    )


def test_a_task_that_begins_while_its_record_is_removed_has_begun(managers, gates):
    """The last that is told of it before its record goes is that it runs."""
    manager = managers(max_workers=1)
    statuses = begin_meanwhile(manager, gates, lambda task_id, begin: manager.db.remove(begin))

    assert statuses == [3]


def test_what_the_write_of_an_end_removes_is_gone(taskman, waiting):
    """A key of the user's own that goes in the same write doesn't come back."""
    taskman.db.update({"note": 1}, taskman.dbQuery.id == waiting)

    def end(document):
        del document["note"]
        document["status"] = 4

    taskman.db.update(end, taskman.dbQuery.id == waiting)
    record = taskman.get_task(waiting)[0]

    assert (record["status"], "note" in record) == (4, False)
