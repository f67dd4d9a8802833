"""S16: revisions, counts, snapshots and kept changes, for whoever shows tasks live."""

from __future__ import annotations

import pytest

from engine import RevisionGone

pytestmark = pytest.mark.guarantee("S16")


def run_some(manager, number=10):
    ids = [manager.add(name=f"task {n}", function=lambda f: None) for n in range(number)]
    assert manager.wait(ids, timeout=10), "the tasks did not end"
    return ids


def test_a_new_manager_is_at_revision_zero(taskman):
    """Nothing has changed yet."""
    assert (taskman.revision, taskman.counts(), taskman.snapshot().records) == (0, (0, 0, 0, 0, 0), [])


def test_every_manager_has_a_boot_id_of_its_own(managers):
    """Two managers can be told apart by their boot ids."""
    first, second = managers(), managers()

    assert (type(first.boot_id), first.boot_id != second.boot_id, first.boot_id == first.boot_id) == (str, True, True)


def test_counts_tell_how_many_are_in_each_state(taskman, gates):
    """counts is indexed by status code."""
    running, failing = gates(), gates(outcome=ValueError("no"))
    failing.open()
    first = taskman.add(name="runs", function=running)
    running.wait_until_started()
    taskman.add(name="waits", function=lambda f: None, depend_on=first)
    taskman.add(name="waits", function=lambda f: None, depend_on=first)
    taskman.cancel(taskman.add(name="cancelled", function=lambda f: None, depend_on=first))
    failed = taskman.add(name="fails", function=failing)
    completed = taskman.add(name="completes", function=lambda f: None)
    taskman.wait([failed, completed], timeout=10)

    assert taskman.counts() == (1, 1, 2, 1, 1)


@pytest.mark.parametrize("remove", ["purge", "remove", "db", "truncate"])
def test_counts_follow_removals(taskman, remove):
    """However records go, they are no longer counted."""
    ids = run_some(taskman)
    if remove == "purge":
        taskman.purge()
    elif remove == "remove":
        taskman.remove(ids)
    elif remove == "db":
        taskman.db.remove(taskman.dbQuery.status == 0)
    else:
        taskman.db.truncate()

    assert taskman.counts() == (0, 0, 0, 0, 0)


def test_counts_leave_out_foreign_documents(taskman):
    """A document that is no task is not counted."""
    taskman.db.insert({"remark": "not a task"})

    assert taskman.counts() == (0, 0, 0, 0, 0)


def test_a_snapshot_holds_all_records_of_one_moment(taskman):
    """A snapshot's records, oldest first, are those of its revision."""
    ids = run_some(taskman)
    snapshot = taskman.snapshot()

    assert (snapshot.revision, [record["id"] for record in snapshot.records]) == (taskman.revision, ids)


def test_a_snapshot_leaves_out_foreign_documents(taskman):
    """A document without an id is not shown."""
    taskman.db.insert({"remark": "not a task"})

    assert taskman.snapshot().records == []


def test_a_snapshot_does_not_change_afterwards(taskman, gate, ended):
    """What was taken stays as it was, while tasks go on."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    snapshot = taskman.snapshot()
    gate.open()
    ended(task_id)

    assert [record["status"] for record in snapshot.records] == [3]


def test_a_snapshots_records_cannot_be_changed(taskman):
    """Readers of a snapshot can't spoil it for others."""
    run_some(taskman, 1)

    with pytest.raises(TypeError):
        taskman.snapshot().records[0]["name"] = "spoiled"


def test_a_snapshot_and_the_changes_after_it_give_the_present(taskman):
    """Whoever has a snapshot needs only the changes since its revision."""
    ids = run_some(taskman)
    snapshot = taskman.snapshot()
    taskman.remove(ids[:3])
    run_some(taskman)
    records = {record["id"]: record for record in snapshot.records}
    for change in taskman.changes(snapshot.revision):
        records.pop(change.id) if change.kind == "removed" else records.update({change.id: change.record})

    assert {key: dict(record) for key, record in records.items()} == {
        record["id"]: dict(record) for record in taskman.get_all()
    }


def test_changes_since_now_are_none(taskman):
    """After the newest revision there is nothing."""
    run_some(taskman)

    assert taskman.changes(taskman.revision) == []


def test_changes_come_in_order(taskman):
    """changes(since) lists every change after that revision, by number."""
    run_some(taskman)

    assert [change.revision for change in taskman.changes(3)] == list(range(4, taskman.revision + 1))


def test_changes_that_are_no_longer_kept_are_refused(managers):
    """With a short history, old revisions can't be asked for any more."""
    manager = managers(history=8)
    run_some(manager)

    with pytest.raises(RevisionGone):
        manager.changes(0)


def test_the_kept_changes_are_as_many_as_the_history_says(managers):
    """The last so many changes can always be asked for."""
    manager = managers(history=8)
    run_some(manager)

    assert [change.revision for change in manager.changes(manager.revision - 8)] == list(
        range(manager.revision - 7, manager.revision + 1)
    )


def test_changes_that_have_not_come_yet_are_refused(taskman):
    """A revision beyond the newest is a mistake, and said to be one."""
    with pytest.raises(RevisionGone):
        taskman.changes(taskman.revision + 1)


def test_a_revision_that_is_gone_is_a_lookup_error(taskman):
    """RevisionGone can be caught as a LookupError."""
    with pytest.raises(LookupError):
        taskman.changes(taskman.revision + 1)
