"""S16: changes in order, for any thread, bounded and closable."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest

from engine import RevisionGone

pytestmark = pytest.mark.guarantee("S16")


def take(subscription, last_revision):
    """All changes up to the given revision."""
    changes = []
    for change in subscription:
        changes.append(change)
        if change.revision >= last_revision:
            break
    return changes


def run_some(manager, number=20):
    ids = [manager.add(name=f"task {n}", function=lambda f: None) for n in range(number)]
    assert manager.wait(ids, timeout=10), "the tasks did not end"
    return ids


def test_a_tasks_life_arrives_in_order(taskman):
    """A subscriber sees a task added, running, completed and removed."""
    with taskman.subscribe() as subscription:
        task_id = run_some(taskman, 1)[0]
        taskman.purge()
        changes = take(subscription, taskman.revision)
    seen = [(change.kind, change.record["status"]) for change in changes if change.id == task_id]

    assert (seen[0][0], seen[-1], [status for kind, status in seen if kind == "changed"][-1]) == (
        "added",
        ("removed", 0),
        0,
    )


def test_revisions_count_up_one_by_one(taskman):
    """Every change has the number after the one before; none is left out."""
    with taskman.subscribe() as subscription:
        run_some(taskman)
        revisions = [change.revision for change in take(subscription, taskman.revision)]

    assert revisions == list(range(1, taskman.revision + 1))


def test_replaying_the_changes_gives_the_records(taskman):
    """Whoever applies all changes to nothing has what get_all returns."""
    with taskman.subscribe() as subscription:
        ids = run_some(taskman)
        taskman.remove(ids[::3])
        changes = take(subscription, taskman.revision)
    records = {}
    for change in changes:
        if change.kind == "removed":
            del records[change.id]
        else:
            records[change.id] = dict(change.record)

    assert records == {record["id"]: dict(record) for record in taskman.get_all()}


def test_several_subscribers_get_the_same(taskman):
    """Each subscriber gets every change, in the same order, in a thread of its own."""
    subscriptions = [taskman.subscribe() for _ in range(4)]
    run_some(taskman)
    last = taskman.revision
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda subscription: take(subscription, last), subscriptions))
    for subscription in subscriptions:
        subscription.close()

    assert [[change.revision for change in answer] for answer in answers] == [list(range(1, last + 1))] * 4


def test_a_new_subscription_begins_with_the_next_change(taskman):
    """Without since, what happened before is not repeated."""
    run_some(taskman)
    before = taskman.revision
    with taskman.subscribe() as subscription:
        run_some(taskman, 1)
        first = next(iter(subscription))

    assert first.revision == before + 1


def test_since_begins_after_a_given_revision(taskman):
    """With since, the changes after that revision come first."""
    run_some(taskman)
    with taskman.subscribe(since=5) as subscription:
        changes = take(subscription, taskman.revision)

    assert [change.revision for change in changes] == list(range(6, taskman.revision + 1))


def test_since_zero_begins_at_the_beginning(taskman):
    """since=0 repeats everything, as long as it is still kept."""
    run_some(taskman)
    with taskman.subscribe(since=0) as subscription:
        first = next(iter(subscription))

    assert (first.revision, first.kind) == (1, "added")


def test_a_revision_that_is_no_longer_kept_is_refused(managers):
    """If the changes after since are no longer all there, subscribe says so."""
    manager = managers(history=8)
    run_some(manager)

    with pytest.raises(RevisionGone):
        manager.subscribe(since=0)


@pytest.mark.parametrize("since", ["1", 1.0, True])
def test_what_is_no_revision_is_refused(taskman, since):
    """With an error that says where one is found."""
    for follow in (taskman.subscribe, taskman.changes):
        with pytest.raises(TypeError, match="since must be a revision"):
            follow(since)


def test_a_revision_that_has_not_come_yet_is_refused(taskman):
    """A number beyond the newest change is of another manager, and refused."""
    with pytest.raises(RevisionGone):
        taskman.subscribe(since=taskman.revision + 1)


def test_an_iterator_waits_for_the_next_change(taskman):
    """A reader that has read everything is woken by the next change."""
    with taskman.subscribe() as subscription, ThreadPoolExecutor(1) as threads:
        reading = threads.submit(next, iter(subscription))
        early = reading.done()
        task_id = taskman.add(name="awaited", function=lambda f: None)
        change = reading.result(timeout=10)

    assert (early, change.kind, change.id) == (False, "added", task_id)


def test_get_returns_all_that_is_there(taskman):
    """get hands out everything that has come since the last time."""
    with taskman.subscribe() as subscription:
        run_some(taskman)
        revisions = [change.revision for change in subscription.get(timeout=10)]
        while revisions[-1] < taskman.revision:
            revisions += [change.revision for change in subscription.get(timeout=10)]

    assert revisions == list(range(1, taskman.revision + 1))


def test_get_returns_nothing_when_nothing_came(taskman):
    """get waits up to its timeout, and then returns an empty list."""
    with taskman.subscribe() as subscription:
        assert subscription.get(timeout=0.05) == []


def test_what_is_skipped_is_not_handed_out(taskman):
    """skip waits for a change as get does, and passes over all that are there."""
    with taskman.subscribe() as subscription:
        before = subscription.skip(timeout=0)
        run_some(taskman)
        taskman.get_all()
        passed = subscription.skip(timeout=10)
        after = subscription.skip(timeout=0)
        later = taskman.add(name="later", function=lambda f: None)

        assert (before, passed, after) == (False, True, False)
        assert subscription.get(timeout=10)[0].id == later


def test_what_is_skipped_may_have_been_begun(taskman):
    """What an iterator has left of a batch goes with what is skipped."""
    with taskman.subscribe() as subscription:
        run_some(taskman)
        first = next(iter(subscription))
        run_some(taskman)
        passed = subscription.skip(timeout=0)

        assert (first.revision, passed, subscription.revision) == (1, True, taskman.revision)
        assert not subscription.skip(timeout=0)


def test_what_is_not_held_any_more_is_skipped_as_well(managers):
    """Who passes over changes misses nothing by having come late."""
    manager = managers(history=2)
    with manager.subscribe() as subscription:
        run_some(manager)

        assert (subscription.skip(timeout=0), subscription.revision) == (True, manager.revision)


def test_a_closed_subscription_skips_nothing(taskman):
    """After close there is nothing that skip could tell of."""
    subscription = taskman.subscribe()
    run_some(taskman)
    subscription.close()

    assert not subscription.skip(timeout=0)


def test_the_newest_changes_are_one_for_each_task(taskman):
    """Who only wants to know how things stand gets the last change of each task, in order."""
    ids = run_some(taskman)
    taskman.purge()
    more = run_some(taskman)
    taskman.db.insert_multiple([{"mine": 1}, {"mine": 2}])
    changes = taskman.changes(0, newest_only=True)
    last_of_each = {change.id: change for change in taskman.changes(0)}

    assert sorted(change.revision for change in changes) == [change.revision for change in changes]
    assert changes == sorted(last_of_each.values())
    assert {change.id for change in changes if change.kind == "removed"} == set(ids)
    assert {change.id for change in changes if change.kind == "changed"} == set(more)
    assert changes[-1].revision == taskman.revision


def test_the_newest_changes_since_too_long_ago_are_refused(managers):
    """As with all changes, who has missed some is told so."""
    manager = managers(history=16)
    run_some(manager, 300)

    with pytest.raises(RevisionGone):
        manager.changes(0, newest_only=True)


LIVES = {
    "completes": {"function": lambda f: None},
    "keeps its result": {"function": lambda f: [1], "get_result": True},
    "fails": {"function": lambda f: 1 / 0},
    "has a limit": {"function": lambda f: None, "thread_timeout": 9},
    "depends on others": {"function": lambda f: None, "depend_on": []},
    "is tried again": {"function": lambda f: 1 / 0, "retries": 1},
    "tells of itself": {"function": lambda f: f.progress(1, 2)},
    "logs": {"function": lambda f: f.log("here")},
}


@pytest.mark.parametrize("default", [None, 7.0], ids=["no default limit", "a default limit"])
@pytest.mark.parametrize("life", LIVES)
def test_who_reads_late_is_told_the_same(taskman, life, default):
    """Each version of a record is told as it was, whether somebody looked at that time or all had happened by then."""
    taskman.thread_timeout = default
    told = {}
    for looks in (True, False):
        start = taskman.revision
        first = taskman.add(name="first", function=lambda f: None)
        task = LIVES[life] if life != "depends on others" else {**LIVES[life], "depend_on": [first]}

        def function(handle, function=task["function"], looks=looks):
            if looks:
                taskman.get_all()
            return function(handle)

        task_id = taskman.add(**{**task, "name": "task", "function": function})
        if looks:
            taskman.get_all()
        taskman.wait()
        told[looks] = [dict(change.record) for change in taskman.changes(start) if change.id == task_id]

    varying = {"id", "timestamp", "depend_on", "thread", "perf", "added_at", "started_at", "finished_at", "retry_at"}
    varying |= {"log", "attempts", "traceback"}
    for early, late in zip(told[True], told[False], strict=True):
        assert {key: early[key] for key in early.keys() - varying} == {key: late[key] for key in late.keys() - varying}
        assert {key for key in varying if early.get(key) is None} == {key for key in varying if late.get(key) is None}


def test_closing_ends_the_iteration(taskman):
    """After close the iterator is at its end."""
    subscription = taskman.subscribe()
    subscription.close()
    run_some(taskman, 1)

    assert (list(subscription), subscription.get(timeout=10)) == ([], [])


def test_closing_ends_a_loop_at_once(taskman):
    """What has been taken from the history by then isn't handed out any more."""
    subscription = taskman.subscribe()
    run_some(taskman, 3)
    seen = []
    for change in subscription:
        seen.append(change.revision - subscription.revision)
        if len(seen) == 2:
            subscription.close()

    assert (seen, subscription.revision) == ([0, 0], 2)


def test_the_ways_of_reading_may_be_mixed(taskman):
    """A loop that is left, a single step, another loop and all the rest are one sequence without gap or repetition."""
    subscription = taskman.subscribe()
    run_some(taskman, 4)
    seen = [change.revision for change in islice(subscription, 3)]
    seen.append(next(subscription).revision)
    for change in subscription:
        seen.append(change.revision)
        if len(seen) == 6:
            break
    seen += [change.revision for change in subscription.get()]
    run_some(taskman, 1)
    seen += [change.revision for change in islice(subscription, 3)]

    assert (seen, subscription.revision) == (list(range(1, 16)), 15)


def test_a_loop_goes_on_after_a_gap(managers):
    """Whoever is told that some changes are gone may read on with the same loop's iterator."""
    manager = managers(history=16)
    subscription = manager.subscribe()
    changes = iter(subscription)
    run_some(manager, 300)
    with pytest.raises(RevisionGone):
        next(changes)
    run_some(manager, 1)

    assert [change.revision for change in islice(changes, 3)] == [901, 902, 903]


def test_closing_wakes_a_waiting_reader(taskman):
    """Another thread may close a subscription whose reader waits for a change."""
    subscription = taskman.subscribe()
    reading = threading.Event()

    def read():
        reading.set()
        return list(subscription)

    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(read)
        assert reading.wait(10), "the reader did not start"
        subscription.close()

        assert answer.result(timeout=10) == []


def test_closing_twice_is_allowed(taskman):
    """A second close does nothing."""
    subscription = taskman.subscribe()
    subscription.close()
    subscription.close()

    assert subscription.get(timeout=0) == []


def test_a_subscriber_that_never_reads_holds_nobody_up(managers, gates):
    """Tasks run and end however much a subscriber has left unread."""
    manager = managers(history=16)
    with manager.subscribe():
        ids = run_some(manager, 300)

    assert {manager.get_status(task_id) for task_id in ids} == {0}


def test_what_a_slow_subscriber_has_unread_is_bounded(managers):
    """A subscriber that was too slow is told that changes are gone; never is the unread more than the history."""
    manager = managers(history=16)
    with manager.subscribe() as subscription:
        run_some(manager, 300)
        with pytest.raises(RevisionGone):
            while subscription.get(timeout=0):
                pass


def test_the_record_of_a_change_cannot_be_changed(taskman):
    """What one subscriber gets can't be spoiled for another."""
    with taskman.subscribe() as subscription:
        run_some(taskman, 1)
        record = next(iter(subscription)).record

    with pytest.raises(TypeError):
        record["name"] = "spoiled"


def test_a_reader_may_call_the_manager(taskman):
    """While reading changes a thread may add, cancel and look up tasks."""
    with taskman.subscribe() as subscription:
        taskman.add(name="first", function=lambda f: None)
        for change in subscription:
            if change.kind == "added" and change.record["name"] == "first":
                second = taskman.add(name="second", function=lambda f: None, depend_on=change.id)
            if change.record["name"] == "second" and change.record["status"] == 0:
                break

    assert taskman.get_status(second) == 0


@pytest.mark.parametrize("history", [1, 3, 40])
def test_every_change_that_must_be_held_can_be_read_from_any_revision_on(managers, history):
    """However the changes have come, one by one or many at once, and whatever has gone meanwhile."""
    manager = managers(history=history)
    told: list[int] = []
    for size in (1, 7, 30, 2, 1, 1, 55, 3):
        manager.db.insert_multiple([{"number": len(told) + n} for n in range(size)])
        told += range(len(told), len(told) + size)
        oldest = max(0, len(told) - history)
        for since in range(oldest, len(told) + 1):
            changes = manager.changes(since)
            assert [change.revision for change in changes] == list(range(since + 1, len(told) + 1))
            assert [change.record["number"] for change in changes] == told[since:]
        if oldest:
            with pytest.raises(RevisionGone):
                manager.changes(oldest - 1)


def test_get_gives_all_that_a_loop_has_left(managers):
    """The rest of what the loop was about to be given, and all behind that."""
    manager = managers()
    with manager.subscribe() as subscription:
        run_some(manager, 400)
        first = [change.revision for change in islice(subscription, 3)]
        assert subscription.revision == 3
        rest = [change.revision for change in subscription.get(0)]
        assert (first + rest, subscription.revision) == (list(range(1, 1201)), 1200)
        run_some(manager, 400)
        next(subscription)
        assert (subscription.skip(0), subscription.revision, subscription.get(0)) == (True, 2400, [])


def test_a_loop_keeps_what_there_was_when_it_looked(managers):
    """Though more changes come meanwhile than the history holds: it is told of the gap when it has had them."""
    manager = managers(history=1200)
    with manager.subscribe() as subscription:
        run_some(manager, 400)
        changes = iter(subscription)
        seen = [next(changes).revision]
        run_some(manager, 1200)
        seen += [change.revision for change in islice(changes, 1199)]
        with pytest.raises(RevisionGone):
            next(changes)

    assert seen == list(range(1, 1201))
