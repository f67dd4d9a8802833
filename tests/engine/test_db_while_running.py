"""S5: every TinyDB method works through db while tasks run, from any thread, and its changes are seen."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tinydb import Query, where
from tinydb.operations import increment
from tinydb.table import Document

from engine import TaskControl

pytestmark = pytest.mark.guarantee("S5")


@pytest.fixture
def busy(taskman: TaskControl):
    """A manager whose tasks keep coming and ending until the test is over."""
    over = threading.Event()

    def churn() -> None:
        while not over.is_set():
            ids = [taskman.add(name="churn", function=lambda f: 1, get_result=True) for _ in range(20)]
            taskman.wait(ids, timeout=10)
            taskman.remove(ids)

    thread = threading.Thread(target=churn)
    thread.start()
    yield taskman
    over.set()
    thread.join(20)


def own_rows(manager: TaskControl):
    return sorted(document["n"] for document in manager.db.search(where("kind") == "own"))


def test_search_finds_tasks_by_status(taskman, gate):
    """A search through db finds the running task."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    found = taskman.db.search(taskman.dbQuery.status == 3)

    assert [record["id"] for record in found] == [task_id]


def test_searching_twice_sees_the_change_between(taskman, gate, ended):
    """The same search gives the new state once the task has moved on."""
    task_id = taskman.add(name="moves", function=gate)
    gate.wait_until_started()
    running = taskman.dbQuery.status == 3
    before = len(taskman.db.search(running))
    gate.open()
    ended(task_id)

    assert (before, len(taskman.db.search(running))) == (1, 0)


def test_get_contains_and_count_see_tasks(taskman, gate):
    """get, contains and count answer for tasks as for any document."""
    task_id = taskman.add(name="runs", function=gate)
    mine = taskman.dbQuery.id == task_id
    found = taskman.db.get(mine)

    assert (found["name"], taskman.db.contains(mine), taskman.db.count(mine)) == ("runs", True, 1)


def test_get_by_document_id(taskman, gate):
    """A task's record can be fetched by the doc_id that it was found with."""
    record = taskman.get_task(taskman.add(name="runs", function=gate))[0]

    assert taskman.db.get(doc_id=record.doc_id)["id"] == record["id"]


def test_len_iter_and_all_see_tasks(taskman, gate):
    """len(db), iterating over db and db.all() cover the tasks."""
    ids = [taskman.add(name="runs", function=gate) for _ in range(3)]
    iterated = [record["id"] for record in taskman.db]

    assert (len(taskman.db), iterated, [record["id"] for record in taskman.db.all()]) == (3, ids, ids)


def test_any_query_object_works(taskman, gate):
    """Queries of the user's own work as well as dbQuery."""
    taskman.add(name="alpha", function=gate)
    taskman.add(name="beta", function=gate)
    found = taskman.db.search((Query().name == "beta") & ~(where("status") == 0))

    assert [record["name"] for record in found] == ["beta"]


def test_an_update_is_seen_by_the_manager(taskman, gate):
    """A name changed through db is the task's name from then on."""
    task_id = taskman.add(name="old", function=gate)
    taskman.db.update({"name": "new"}, taskman.dbQuery.id == task_id)

    assert taskman.get_task(task_id)[0]["name"] == "new"


def test_a_key_of_ones_own_survives_the_end_of_the_task(taskman, gate, ended):
    """What a user writes beside the engine's keys stays on the record."""
    task_id = taskman.add(name="labelled", function=gate)
    gate.wait_until_started()
    taskman.db.update({"label": "mine"}, taskman.dbQuery.id == task_id)
    gate.open()

    assert (ended(task_id)["label"], taskman.get_status(task_id)) == ("mine", 0)


def test_a_changed_time_of_adding_is_what_a_purge_goes_by(taskman, ended):
    """A record whose added_at was written through db is as old as it says."""
    task_id = taskman.add(name="older", function=lambda f: None)
    ended(task_id)
    taskman.db.update({"added_at": time.time() - 7200}, taskman.dbQuery.id == task_id)

    assert taskman.purge(hours=1) == 1


def test_an_update_is_published(taskman, gate):
    """A change made through db reaches the subscribers, as the engine's own changes do."""
    task_id = taskman.add(name="old", function=gate)
    gate.wait_until_started()
    with taskman.subscribe() as subscription:
        taskman.db.update({"name": "new"}, taskman.dbQuery.id == task_id)
        changes = subscription.get(timeout=10)

    assert [(change.kind, change.id, change.record["name"]) for change in changes] == [("changed", task_id, "new")]


def test_a_removal_is_published(taskman, ended):
    """A removal made through db reaches the subscribers with the last version of the record."""
    task_id = taskman.add(name="goes", function=lambda f: None)
    ended(task_id)
    with taskman.subscribe() as subscription:
        taskman.db.remove(taskman.dbQuery.id == task_id)
        changes = subscription.get(timeout=10)

    assert [(change.kind, change.id, change.record["name"]) for change in changes] == [("removed", task_id, "goes")]


def test_a_removal_ends_a_wait(taskman, gate):
    """A thread that waits for a task goes on when the record is removed through db."""
    task_id = taskman.add(name="removed", function=gate)
    gate.wait_until_started()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(taskman.wait, [task_id], 10)
        taskman.db.remove(taskman.dbQuery.id == task_id)
        answer = waiting.result(timeout=10)

    assert answer is True


def test_insert_works_while_tasks_run(busy):
    """Documents inserted by several threads while tasks come and go are all there."""

    def insert(start: int) -> None:
        for n in range(start, start + 100):
            busy.db.insert({"kind": "own", "n": n})

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(insert, range(0, 400, 100)))

    assert own_rows(busy) == list(range(400))


def test_insert_multiple_and_remove_work_while_tasks_run(busy):
    """Of documents inserted in bulk exactly those removed are gone."""
    busy.db.insert_multiple({"kind": "own", "n": n} for n in range(200))
    busy.db.remove((where("kind") == "own") & (where("n") >= 50))

    assert own_rows(busy) == list(range(50))


def test_updates_from_many_threads_are_never_lost(busy):
    """A counter raised through db by several threads while tasks run misses no step."""
    doc_id = busy.db.insert({"kind": "counter", "n": 0})

    def raise_it(_: int) -> None:
        for _ in range(100):
            busy.db.update(increment("n"), doc_ids=[doc_id])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(raise_it, range(4)))

    assert busy.db.get(doc_id=doc_id)["n"] == 400


def test_upsert_and_update_multiple_work_while_tasks_run(busy):
    """upsert inserts once and updates afterwards; update_multiple changes each its own."""
    for n in range(3):
        busy.db.upsert({"kind": "own", "key": n, "n": -n}, where("key") == n)
        busy.db.upsert({"kind": "own", "key": n, "n": n}, where("key") == n)
    busy.db.update_multiple([({"n": 10}, where("key") == 1), ({"n": 20}, where("key") == 2)])

    assert own_rows(busy) == [0, 10, 20]


def test_readers_never_see_half_an_update(busy):
    """Two fields written together are always read together."""
    doc_id = busy.db.insert({"left": 0, "right": 0})
    over = threading.Event()
    torn: list[object] = []

    def read() -> None:
        while not over.is_set():
            document = busy.db.get(doc_id=doc_id)
            if document["left"] != document["right"]:
                torn.append(document)

    def raise_both(document) -> None:
        document["left"] += 1
        document["right"] += 1

    with ThreadPoolExecutor(2) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        for _ in range(500):
            busy.db.update(raise_both, doc_ids=[doc_id])
        over.set()
        for reader in readers:
            reader.result(timeout=10)

    assert torn == []


def test_iterating_is_not_disturbed_by_tasks(busy):
    """A loop over db while tasks are added and removed sees whole records and never fails."""
    records = [record for _ in range(50) for record in busy.db]

    assert [record for record in records if "id" not in record or "status" not in record] == []


def test_another_table_is_independent(busy):
    """A table of the user's own lies beside the tasks and is emptied alone."""
    notes = busy.db.table("notes")
    notes.insert_multiple([{"note": 1}, {"note": 2}])
    named = "notes" in busy.db.tables()
    before = len(notes)
    busy.db.drop_table("notes")

    assert (named, before, len(busy.db.table("notes"))) == (True, 2, 0)


def test_a_raising_updater_changes_nothing(taskman, gate):
    """If the function given to update raises, no record has changed."""
    task_id = taskman.add(name="untouched", function=gate)

    def fail(document) -> None:
        document["name"] = "touched"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        taskman.db.update(fail, taskman.dbQuery.id == task_id)

    assert taskman.get_task(task_id)[0]["name"] == "untouched"


def test_documents_without_an_id_are_left_alone(taskman, ended):
    """A foreign document is neither shown as a task nor purged with them."""
    taskman.db.insert({"remark": "not a task"})
    ended(taskman.add(name="task", function=lambda f: None))
    shown = [record["name"] for record in taskman.get_all()]
    removed = taskman.purge()

    assert (shown, removed, [dict(document) for document in taskman.db]) == (["task"], 1, [{"remark": "not a task"}])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": None},
        {"id": 7},
        {"id": ["a"]},
        {"id": "0123456789"},
        {"status": 3},
        {"status": [2]},
        {"depend_on": 5},
    ],
)
def test_odd_documents_disturb_nobody(taskman, ended, document):
    """Whatever a user inserts, tasks run, are listed, waited for and purged as before."""
    taskman.db.insert(document)
    task_id = taskman.add(name="task", function=lambda f: 1, get_result=True)
    record = ended(task_id)
    listed = task_id in [record["id"] for record in taskman.get_all()]
    waited = taskman.wait([task_id], timeout=10)

    assert (record["result"], listed, waited, taskman.purge(days=0) >= 1) == (1, True, True, True)


def test_a_copied_record_stands_in_when_the_first_one_goes(taskman):
    """A user's copy of a record, with the same id, is found once the record itself has been removed."""
    task_id = taskman.add(name="copied", function=lambda f: None)
    taskman.wait(task_id)
    taskman.db.insert(dict(taskman.get_task(task_id)[0], name="copy"))
    taskman.db.remove(taskman.dbQuery.name == "copied")

    assert [record["name"] for record in taskman.get_task(task_id)] == ["copy"]


def test_a_copy_stands_in_for_its_own_record_alone(taskman, done):
    """Other records lie between them, and go for good."""
    copied, single = done(), done()
    taskman.db.insert(dict(taskman.get_task(copied)[0], name="copy"))
    taskman.db.remove(doc_ids=[1])
    stands_in = [record["name"] for record in taskman.get_task(copied)]
    taskman.remove(single)

    assert (stands_in, taskman.get_task(single), len(taskman.get_task(copied))) == (["copy"], [], 1)
    taskman.db.remove(taskman.dbQuery.id == copied)
    assert (taskman.get_task(copied), taskman.counts()) == ([], (0,) * 5)


def test_a_task_that_ends_while_a_number_of_its_record_goes_to_another_writes_nothing_there(taskman, gate):
    """All of that within one operation, so that its end is written down only afterwards."""
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()

    def replace_the_record(document):
        taskman.db.truncate()
        taskman.db.insert({"id": "mine", "name": "another", "status": 3})
        gate.open()
        return taskman.wait(first, timeout=10)

    taskman.db.search(replace_the_record)

    assert [dict(document) for document in taskman.db] == [{"id": "mine", "name": "another", "status": 3}]
    assert taskman.db.all()[0].doc_id == 1


def test_a_task_may_be_added_within_an_operation_behind_one_that_has_just_ended(taskman, gate, ended):
    """Though that end can't be on its record before the operation is over."""
    first, added = taskman.add(name="first", function=gate), []
    gate.wait_until_started()

    def add_behind(document):
        gate.open()
        assert taskman.wait(first, timeout=10)
        added.append(taskman.add("second", lambda: None, depend_on=first))
        return True

    taskman.db.search(add_behind)

    assert [ended(task_id)["status"] for task_id in (first, *added)] == [0, 0]


def test_a_key_of_a_record_cannot_be_removed(taskman, done):
    """What every record has stays, as the panel and scripts read it."""
    task_id = done()
    taskman.db.update(lambda record: record.pop("perf"), taskman.dbQuery.id == task_id)

    assert taskman.get_task(task_id)[0]["perf"] >= 0


def test_a_document_of_a_user_may_get_another_id(taskman):
    """It is found by the new one, and by the old one no more."""
    taskman.db.insert({"id": "old", "note": 1})
    taskman.db.update({"id": "new"}, taskman.dbQuery.id == "old")

    assert (taskman.get_task("old"), taskman.get_task("new")) == ([], [{"id": "new", "note": 1}])


def test_documents_with_numbers_of_the_users_choice_are_found_in_their_order(taskman):
    """The order of a table is that in which its documents came, whatever their numbers."""
    for number in (9, 3, 6):
        taskman.db.insert(Document({"id": f"n{number}", "status": 7}, doc_id=number))

    assert [found.doc_id for found in taskman.db.search(taskman.dbQuery.status == 7)] == [9, 3, 6]


def test_a_number_that_a_user_has_chosen_is_not_given_to_a_task(taskman):
    """Though it was the next one: the document stays, and the task's record gets another."""
    assert len(taskman.db) == 0  # the table is there
    taskman.wait(taskman.add(name="first", function=lambda: None))
    taskman.db.insert_multiple([Document({"mine": 1}, doc_id=2), Document({"mine": 2}, doc_id=3)])
    taskman.wait(taskman.add(name="second", function=lambda: None))

    assert [(record.doc_id, record.get("name")) for record in taskman.db] == [
        (1, "first"),
        (2, None),
        (3, None),
        (4, "second"),
    ]


def test_a_task_below_a_number_of_the_users_choice_is_found_in_the_order_of_the_table(taskman):
    """TinyDB goes on with the number after the last that it gave out."""
    for name in ("first", "second"):
        taskman.wait(taskman.add(name=name, function=lambda: None))
        assert len(taskman.db) > 0  # all is written down
    taskman.db.insert_multiple([Document({"status": 0}, doc_id=50)])
    taskman.wait(taskman.add(name="third", function=lambda: None))
    found = taskman.db.search(taskman.dbQuery.status == 0)

    assert [record.doc_id for record in found] == [record.doc_id for record in taskman.db] == [1, 2, 50, 3]
