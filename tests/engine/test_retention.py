"""S21: how long and how many records are kept."""

from __future__ import annotations

import time

import pytest

from engine import TaskControl

pytestmark = pytest.mark.guarantee("S21")


@pytest.fixture
def make():
    managers = []

    def make_one(**options):
        managers.append(TaskControl(**options))
        return managers[-1]

    yield make_one
    for manager in managers:
        manager.shutdown(cancel_futures=True, timeout=5)


def test_all_are_kept_by_default(make):
    """Nothing goes unless it is asked for."""
    manager = make()
    for _ in range(100):
        manager.add("task", lambda: None)
    manager.wait()
    time.sleep(0.3)

    assert len(manager.get_all()) == 100


def test_records_go_some_time_after_the_end(make, until):
    """`keep_for` counts from the end of the task, not from when it was added."""
    manager = make(keep_for=0.5)
    slow = manager.add("slow", lambda f: f.sleep(0.7))
    quick = manager.add("quick", lambda: None)
    until(lambda: not manager.get_task(quick), "the quick one's record to go")
    slow_is_there = bool(manager.get_task(slow))
    until(lambda: not manager.get_task(slow), "the slow one's record to go")

    assert slow_is_there


def test_the_records_of_those_that_ended_first_go(make, until):
    """`max_records` is reached within a moment, and the newest ends are what is left."""
    manager = make(max_records=20)
    ids = [manager.add("task", lambda: None) for _ in range(200)]
    manager.wait()
    until(lambda: len(manager.get_all()) <= 20, "the records to go")
    left = [record["id"] for record in manager.get_all()]

    assert len(left) == 20
    assert set(left) <= set(ids)
    assert manager.counts()[0] == 20


def test_unfinished_tasks_are_never_removed(make, gates, until):
    """However many there are; they count."""
    manager = make(max_records=5)
    gate = gates()
    waiting = [manager.add("waiting", gate) for _ in range(8)]
    done = [manager.add("done", lambda: None) for _ in range(8)]
    manager.wait(done)
    until(lambda: len(manager.get_all()) == 8, "the ended to go")
    statuses = [manager.get_status(task) for task in waiting]
    gate.open()

    assert set(statuses) <= {2, 3}


def test_failed_and_canceled_ones_go_as_well(make, until):
    """With what is kept to run them again."""
    manager = make(max_records=1)
    first = manager.add("fails", lambda: 1 / 0)
    for _ in range(5):
        first = manager.add("after", lambda: None, depend_on=first) if manager.get_task(first) else first
    manager.wait()
    until(lambda: len(manager.get_all()) <= 1, "the records to go")


def test_removing_records_by_hand_disturbs_nothing(make, until):
    """What is gone already isn't counted."""
    manager = make(max_records=10)
    for _ in range(10):
        manager.add("first", lambda: None)
    manager.wait()
    manager.purge()
    for _ in range(12):
        manager.add("second", lambda: None)
    manager.wait()

    until(lambda: len(manager.get_all()) == 10, "two records to go")


def test_thousands_go_without_holding_anything_up(make, until):
    """Records go in portions."""
    manager = make(max_records=100)
    for _ in range(5000):
        manager.add("task", lambda: None)
    manager.wait()

    until(lambda: len(manager.get_all()) == 100, "the records to go")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"keep_for": 0}, ValueError),
        ({"keep_for": "1"}, TypeError),
        ({"max_records": 0}, ValueError),
        ({"max_records": 1.5}, TypeError),
    ],
)
def test_bad_settings_are_refused(options, kind):
    """Where the manager is made, by name."""
    with pytest.raises(kind, match=next(iter(options))):
        TaskControl(**options)
