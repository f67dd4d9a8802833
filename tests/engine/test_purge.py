"""S11: what a purge removes, by age and status, and what it leaves."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from engine import Status, TaskControl

pytestmark = pytest.mark.guarantee("S11")

HOUR_S = 3600
DAY_S = 24 * HOUR_S


def fail(handle):
    raise ValueError("no")


def left(taskman):
    return [record["id"] for record in taskman.get_all()]


def test_purge_removes_what_was_added_earlier(taskman, ago, done):
    """Records older than the given age go, younger ones stay."""
    with ago(2 * HOUR_S):
        done()
    young = done()
    removed = taskman.purge(hours=1)

    assert (removed, left(taskman)) == (1, [young])


@pytest.mark.parametrize(
    ("ages", "older_s", "younger_s"),
    [
        ({"days": 2}, 2 * DAY_S + 60, 2 * DAY_S - 60),
        ({"hours": 3}, 3 * HOUR_S + 60, 3 * HOUR_S - 60),
        ({"minutes": 10}, 660, 540),
        ({"days": 0.5}, 12 * HOUR_S + 60, 12 * HOUR_S - 60),
        ({"minutes": 0.5}, 60, 5),
        ({"days": 1, "hours": 1, "minutes": 30}, DAY_S + 1.5 * HOUR_S + 60, DAY_S + 1.5 * HOUR_S - 60),
        ({"hours": 0, "minutes": 10}, 660, 540),
        ({"days": 0.25, "hours": 0.5}, 6.5 * HOUR_S + 60, 6.5 * HOUR_S - 60),
        ({"days": None, "hours": 1}, HOUR_S + 60, HOUR_S - 60),
    ],
)
def test_ages_are_floats_and_add_up(taskman, ago, done, ages, older_s, younger_s):
    """days, hours and minutes may be fractions, and the age is their sum."""
    with ago(older_s):
        done()
    with ago(younger_s):
        younger = done()
    removed = taskman.purge(**ages)

    assert (removed, left(taskman)) == (1, [younger])


def test_the_age_counts_from_the_adding_not_from_the_end(taskman, ago, gate, ended):
    """A task that has just ended goes if it was added long ago."""
    with ago(2 * HOUR_S):
        task_id = taskman.add(name="long", function=gate)
    gate.open()
    ended(task_id)

    assert taskman.purge(hours=1) == 1


@pytest.mark.parametrize("age", [{"days": 0}, {"hours": 0}, {"minutes": 0}, {"days": 0, "hours": 0.0, "minutes": 0}])
def test_with_any_age_only_ended_tasks_are_removed(taskman, one_of_each, age):
    """Even an age of zero leaves alone what waits or runs."""
    completed, failed, suspended, running, canceled = one_of_each
    removed = taskman.purge(**age)

    assert (removed, left(taskman)) == (3, [running, suspended])


def test_old_tasks_that_still_run_are_left_alone(taskman, ago, gate):
    """A running task is never a case for a clean-up, however old it is."""
    with ago(10 * DAY_S):
        running = taskman.add(name="long", function=gate)
        gate.wait_until_started()
    taskman.purge(days=1)

    assert taskman.get_status(running) == 3


def test_without_arguments_everything_goes(taskman, one_of_each):
    """purge() removes every record and says how many there were."""
    removed = taskman.purge()

    assert (removed, left(taskman)) == (5, [])


def test_without_arguments_what_waits_is_never_started(taskman, gates, ended):
    """A task purged while it waits doesn't run later."""
    first_gate, second_gate = gates(), gates()
    first = taskman.add(name="first", function=first_gate)
    taskman.add(name="second", function=second_gate, depend_on=first)
    taskman.purge()
    first_gate.open()
    ended(taskman.add(name="later", function=lambda f: None))

    assert second_gate.calls == 0


@pytest.mark.parametrize(
    "end",
    [TaskControl.purge, partial(TaskControl.shutdown, wait=False, cancel_futures=True)],
    ids=["purge", "shutdown"],
)
@pytest.mark.parametrize("waits_for", ["a seat", "what runs", "what waits"])
def test_nothing_begins_because_everything_else_is_ended(managers, until, end, waits_for):
    """A purge or a shutdown that ends what has the seats has canceled those that wait before."""
    taskman, calls = managers(max_workers=1), []
    running = taskman.add(name="runs", function=lambda f: f.sleep(60))
    until(lambda: taskman.get_status(running) == 3, "the first task to run")
    first = taskman.add(name="waits", function=lambda f: calls.append(f.id))
    depend_on = {"what runs": running, "what waits": first}.get(waits_for)
    for _ in range(1000):
        taskman.add("waits, too", lambda f: calls.append(f.id), depend_on=depend_on, on_failure="run")
    end(taskman)
    until(lambda: taskman._runtime.pool.in_hand() in ([], [None]), "its thread to come back")

    assert calls == []


def test_without_arguments_what_runs_is_stopped(taskman, until):
    """A function that runs when everything is purged is told to stop."""
    started, stopped_by = threading.Event(), []

    def work(handle):
        started.set()
        try:
            while True:
                handle.sleep(0.01)
        except BaseException as error:
            stopped_by.append(type(error).__name__)
            raise

    taskman.add(name="runs", function=work)
    assert started.wait(10), "the task did not start"
    taskman.purge()
    until(lambda: stopped_by, "the function to be stopped")

    assert stopped_by == ["TaskCancelled"]


def test_what_runs_is_canceled_before_it_is_removed(taskman, gate):
    """Subscribers see a purged running task become Canceled, and then go."""
    taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    seen = []
    with taskman.subscribe() as subscription:
        taskman.purge()
        for change in subscription:
            seen.append((change.kind, change.record["status"]))
            if change.kind == "removed":
                break

    assert (seen[-1], ("changed", 4) in seen, {change[0] for change in seen}) == (
        ("removed", 4),
        True,
        {"changed", "removed"},
    )


def test_purging_an_empty_manager_removes_nothing(taskman):
    """With no records, purge returns 0."""
    assert (taskman.purge(), taskman.purge(days=0), taskman.purge(statuses=[0])) == (0, 0, 0)


def test_a_manager_works_on_after_a_purge(taskman, done, ended):
    """After everything was purged, new tasks run as before."""
    done()
    taskman.purge()

    assert ended(taskman.add(name="next", function=lambda f: None))["status"] == 0


@pytest.mark.parametrize("statuses", [[0], [1], [4], [0, 4], (1,), {0, 1, 4}, [Status.ERROR]])
def test_statuses_restrict_a_purge(taskman, one_of_each, statuses):
    """With statuses only ended tasks of these go."""
    expected = [task_id for code, task_id in enumerate(one_of_each) if code not in set(statuses)]
    removed = taskman.purge(statuses=statuses)

    assert (removed, sorted(left(taskman))) == (5 - len(expected), sorted(expected))


def test_statuses_and_age_hold_together(taskman, ago, done, ended):
    """A record goes only if both its status and its age ask for it."""
    with ago(2 * HOUR_S):
        old_done = done()
        ended(taskman.add(name="failed long ago", function=fail))
    failed = taskman.add(name="failed", function=fail)
    ended(failed)
    taskman.purge(hours=1, statuses=[1])

    assert left(taskman) == [old_done, failed]


def test_an_empty_list_of_statuses_removes_nothing(taskman, one_of_each):
    """No status at all is not the same as no restriction."""
    assert (taskman.purge(statuses=[]), len(left(taskman))) == (0, 5)


def test_a_preview_names_what_a_purge_would_remove(taskman, one_of_each):
    """purge_preview lists the ended tasks, oldest first, and removes nothing."""
    completed, failed, suspended, running, canceled = one_of_each
    preview = taskman.purge_preview(days=0)

    assert (preview, len(left(taskman))) == ([completed, failed, canceled], 5)


def test_a_preview_without_arguments_names_ended_tasks_only(taskman, one_of_each):
    """A preview never offers what still waits or runs."""
    completed, failed, suspended, running, canceled = one_of_each

    assert taskman.purge_preview() == [completed, failed, canceled]


def test_a_preview_takes_the_same_restrictions(taskman, ago, done, ended):
    """Ages and statuses choose in a preview as they do in a purge."""
    with ago(2 * HOUR_S):
        done()
        old_failed = taskman.add(name="failed long ago", function=fail)
        ended(old_failed)
    ended(taskman.add(name="failed", function=fail))

    assert taskman.purge_preview(hours=1, statuses=[1, 4]) == [old_failed]


def test_remove_takes_exactly_the_ended_ones_of_the_given(taskman, one_of_each):
    """remove(ids) passes over what is unknown or has not ended."""
    completed, failed, suspended, running, canceled = one_of_each
    removed = taskman.remove([completed, suspended, running, "ffffffffff"])

    assert (removed, left(taskman)) == (1, [running, suspended, failed, canceled])


def test_what_is_added_while_everything_is_purged_goes_as_well(taskman, until, monkeypatch):
    """It is canceled with its record, and its function is stopped."""
    started, stopped_by = threading.Event(), []
    cancel_all = taskman._runtime.cancel_all

    def work(handle):
        started.set()
        try:
            handle.sleep(60)
        except BaseException as error:
            stopped_by.append(type(error).__name__)
            raise

    def cancel_all_and_add():
        cancel_all()
        taskman.add("late", work)
        assert started.wait(10)

    monkeypatch.setattr(taskman._runtime, "cancel_all", cancel_all_and_add)

    assert (taskman.purge(), taskman.get_all()) == (1, [])
    until(lambda: stopped_by == ["TaskCancelled"], "the function to be stopped")


def test_a_record_that_goes_meanwhile_is_not_counted(taskman, done, monkeypatch):
    """Each record is removed once, and by one of those who remove it."""
    first, second, third = done(), done(), done()
    remove, counted = taskman._keeper.remove, []

    def remove_another_first(doc_id):
        monkeypatch.undo()
        counted.append(taskman.remove(second))
        remove(doc_id)

    monkeypatch.setattr(taskman._keeper, "remove", remove_another_first)

    assert (taskman.remove([first, second, third]), counted, taskman.get_all()) == (2, [1], [])
