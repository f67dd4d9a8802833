"""S4: a record is made when somebody reads it, and nobody can tell."""

from __future__ import annotations

import threading

import pytest

from engine.facts import Facts

pytestmark = pytest.mark.guarantee("S4")

TIMES = {"timestamp", "added_at", "started_at", "finished_at", "perf", "thread", "id"}


def facts_of(taskman) -> list[Facts]:
    """What stands in the places of records that nobody has read."""
    return [doc for doc in taskman._keeper._rows.docs.values() if type(doc) is Facts]


def history(taskman) -> list[tuple[str, dict]]:
    """What the changes say, but for what differs between two runs."""
    return [
        (change.kind, {key: value for key, value in change.record.items() if key not in TIMES})
        for change in taskman.changes(0)
    ]


@pytest.fixture
def interrupt_making(monkeypatch):
    """Has Ctrl-C strike, once, as the record of a task is made; None: the next record, whosever it is."""

    def interrupt_making(task_id=None):
        make, left = Facts.version, [task_id]

        def version(facts, stage):
            if left and left[0] in (None, facts.id):
                left.clear()
                raise KeyboardInterrupt
            return make(facts, stage)

        monkeypatch.setattr(Facts, "version", version)

    return interrupt_making


def run_one(taskman, gate, look) -> None:
    """Runs a task; ``look`` is called after each of its moves."""
    task_id = taskman.add(name="one", function=gate, get_result=True, thread_timeout=60)
    look(taskman, task_id)
    gate.wait_until_started()
    look(taskman, task_id)
    gate.open()
    taskman.wait(task_id)
    look(taskman, task_id)


LOOKS = {
    "by nobody": lambda taskman, task_id: None,
    "counting": lambda taskman, task_id: taskman.counts(),
    "by id": lambda taskman, task_id: taskman.get_task(task_id),
    "by status": lambda taskman, task_id: taskman.db.search(taskman.dbQuery.status == 3),
    "all": lambda taskman, task_id: taskman.get_all(),
    "a moment": lambda taskman, task_id: taskman.snapshot(),
    "following": lambda taskman, task_id: taskman.changes(0),
    "following the newest": lambda taskman, task_id: taskman.changes(0, newest_only=True),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_the_history_is_the_same_whoever_has_looked_meanwhile(managers, gates, look):
    """Read early, late, or by nobody: each version is what it was at its time."""
    unread, taskman = managers(), managers()
    run_one(unread, gates(outcome=[7]), LOOKS["by nobody"])
    run_one(taskman, gates(outcome=[7]), look)

    assert history(taskman) == history(unread)
    told = ("status", "result", "thread_timeout", "waiting_for")
    assert [tuple(record[key] for key in told) for _, record in history(taskman)] == [
        (2, None, 60, None),
        (3, None, 60, None),
        (0, [7], 60, None),
    ]
    assert [change.record["finished_at"] is None for change in taskman.changes(0)] == [True, True, False]
    newest = taskman.changes(0)[-1].record
    assert [dict(record) for record in taskman.get_all()] == [dict(newest)] == [dict(taskman.db.all()[0])]


def test_counting_and_following_and_asking_for_a_result_make_no_record(taskman):
    """Nobody pays for what nobody reads; the first reader gets it, and the next ones the same."""
    ids = [taskman.add(name="short", function=lambda: 7, get_result=True) for _ in range(10)]
    taskman.wait()
    assert (taskman.counts()[0], len(taskman.changes(0)), len(facts_of(taskman))) == (10, 30, 10)
    assert (taskman.get_result(ids[3]), taskman.get_status_str(ids[3]), len(facts_of(taskman))) == (7, "Completed", 10)
    assert (taskman.get_task(ids[3])[0]["result"], len(facts_of(taskman))) == (7, 9)
    assert (taskman.get_result(ids[3]), taskman.get_status(ids[3])) == (7, 0)
    assert [record["id"] for record in taskman.get_all()] == ids
    assert facts_of(taskman) == []


def test_the_database_is_in_the_order_in_which_tasks_were_added(taskman):
    """Whichever record is read first."""
    ids = [taskman.add(name="short", function=lambda: None) for _ in range(5)]
    taskman.wait()
    taskman.counts()
    for task_id in (ids[3], ids[1]):
        assert taskman.get_task(task_id)[0]["status"] == 0

    assert [record["id"] for record in taskman.db] == ids
    assert [record.doc_id for record in taskman.db.search(taskman.dbQuery.status == 0)] == [1, 2, 3, 4, 5]


def test_a_record_is_read_while_another_thread_has_the_database(taskman):
    """Who asks for one task by its id waits for nobody's operation on the database, also if it is the first to ask."""
    ids = [taskman.add(name="short", function=lambda: 7, get_result=True) for _ in range(2)]
    taskman.wait()
    taskman.counts()
    answers = []
    with taskman._keeper.lock:
        asks = threading.Thread(
            target=lambda: answers.extend((taskman.get_result(one), taskman.get_task(one)[0]["result"]) for one in ids)
        )
        asks.start()
        asks.join(10)

    assert answers == [(7, 7), (7, 7)]


@pytest.mark.parametrize("stage", ["added", "begun"])
def test_a_finalizer_may_cancel_the_task_whose_record_is_being_made(taskman, gate, gates, monkeypatch, stage):
    """The version that was about to be stored is not the newest any more, and is not stored."""
    first = gates()
    waits_for = taskman.add(name="first", function=first)
    task_id = taskman.add(name="task", function=gate, depend_on=waits_for)
    if stage == "begun":
        first.open()
        gate.wait_until_started()
    taskman.counts()
    canceled = []
    make = Facts.version

    def version(facts, stage):
        made = make(facts, stage)
        if facts.id == task_id and not canceled:
            canceled.append(None)
            canceled[0] = taskman.cancel(task_id)
        return made

    monkeypatch.setattr(Facts, "version", version)
    found = taskman.get_all()

    assert canceled == [True]
    assert [record["status"] for record in found][1] == 4
    assert [change.record["status"] for change in taskman.changes(0) if change.id == task_id][-1] == 4


def test_an_interrupt_while_records_are_made_costs_none(taskman, interrupt_making):
    """Who looked is interrupted; whoever looks next finds all of them."""
    ids = [taskman.add(name="short", function=lambda: 7, get_result=True) for _ in range(5)]
    taskman.wait()
    taskman.counts()
    interrupt_making(ids[2])
    with pytest.raises(KeyboardInterrupt):
        taskman.get_all()
    found = []
    # Nothing is locked: another thread may look.
    reader = threading.Thread(target=lambda: found.extend(taskman.get_all()), daemon=True)
    reader.start()
    reader.join(10)

    assert [record["result"] for record in found] == [7] * 5
    assert [len(taskman.db.search(taskman.dbQuery.id == one)) for one in ids] == [1] * 5


@pytest.mark.parametrize("read", [lambda changes: changes.get(0), next], ids=["get", "next"])
def test_an_interrupt_while_a_follower_is_given_changes_costs_none(taskman, interrupt_making, read):
    """Those that it was about to get are there the next time."""
    with taskman.subscribe() as changes:
        taskman.wait([taskman.add(name="short", function=lambda: None) for _ in range(5)])
        interrupt_making()
        with pytest.raises(KeyboardInterrupt):
            read(changes)
        assert changes.revision == 0
        assert [change.revision for change in changes.get(0)] == list(range(1, 16))


def test_an_attempt_that_is_over_stays_in_the_history_as_it_was(taskman):
    """The next attempt begins at its own time, and says nothing of the last one."""
    begins = []

    def work(handle):
        begins.append(None)
        if len(begins) == 1:
            raise ValueError("first")

    task_id = taskman.add(name="again", function=work, retries=1)
    taskman.wait(task_id)
    found = [change.record for change in taskman.changes(0) if change.record["status"] == 3]

    assert len(found) == 2
    assert found[0]["started_at"] == taskman.get_task(task_id)[0]["attempts"][0]["started_at"] < found[1]["started_at"]


def test_a_move_that_is_written_down_once_more_is_void(taskman, gate, gates):
    """As happens after Ctrl-C in the midst of it: a task that waits has not begun, one that runs has not ended."""
    first = gates()
    ids = [taskman.add(name="first", function=first)]
    ids.append(taskman.add(name="second", function=gate, depend_on=ids))
    first.wait_until_started()
    for open_one in (first.open, gate.open):
        assert taskman.counts()[2:4] in [(1, 1), (0, 1)]
        before = taskman.revision
        for task_id in ids:
            task = taskman._runtime.tasks.find(task_id)
            if task is not None:
                taskman._keeper.post(task)
        assert taskman.revision == before
        open_one()
        gate.wait_until_started()
    taskman.wait()

    assert [change.record["status"] for change in taskman.changes(0) if change.id == ids[1]] == [2, 3, 0]
    assert len(taskman.changes(0)) == 6


@pytest.mark.parametrize("outcome", [None, ValueError("no")], ids=["completed", "failed"])
def test_a_task_that_is_added_in_a_write_knows_how_its_dependency_ended(taskman, gates, until, outcome):
    """Nothing that tasks do is written down before the user's operation is over, neither the one nor the other."""
    gate, added = gates(outcome=outcome), []
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()

    def write(document):
        task = taskman._runtime.tasks.find(first)
        gate.open()
        until(lambda: task.has_ended, "the dependency to end")
        added.append(taskman.add(name="second", function=lambda: None, depend_on=first))

    taskman.db.update(write, taskman.dbQuery.id == first)

    assert taskman.wait(added, timeout=10)
    assert taskman.get_status(added[0]) == (0 if outcome is None else 4)


def test_an_interrupted_cancel_of_a_task_that_is_not_written_down_loses_nothing(taskman, gate, interrupt_making):
    """Whoever cancels it then does so, and its record is there."""
    first = taskman.add(name="first", function=gate)
    added = []

    def write(document):
        added.append(taskman.add(name="second", function=lambda: None, depend_on=first))
        interrupt_making()
        with pytest.raises(KeyboardInterrupt):
            taskman.cancel(added[0])
        assert taskman.cancel(added[0])

    taskman.db.update(write, taskman.dbQuery.id == first)

    assert taskman.get_status(added[0]) == 4
    assert [change.record["status"] for change in taskman.changes(0) if change.id == added[0]] == [2, 4]


def test_records_that_are_removed_unread_leave_nothing(taskman):
    """Nor do they hinder others: a document with a task's id beside its record has the others looked through."""
    taskman.wait([taskman.add(name="short", function=lambda: None) for _ in range(3)])
    taskman.db.insert(dict(taskman.get_all()[0]))
    ids = [taskman.add(name="short", function=lambda: None) for _ in range(3)]
    taskman.wait(ids)
    assert taskman.remove(ids[:2]) == 2
    assert (len(facts_of(taskman)), taskman.counts()[0]) == (1, 5)
    assert taskman.remove(ids[2:]) == 1
    assert not taskman._keeper._rows._unmade
    assert [change.kind for change in taskman.changes(0)][-1] == "removed"
