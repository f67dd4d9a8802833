"""S10: dependants start by event; suspend_refresh only bounds how long a missed one could go unseen."""

from __future__ import annotations

import threading
import time

import pytest

from engine import graph

pytestmark = pytest.mark.guarantee("S10")


def test_suspend_refresh_is_three_seconds_by_default(taskman):
    """A new manager looks at suspended tasks again at least every three seconds."""
    assert taskman.suspend_refresh == 3.0


def test_suspend_refresh_can_be_set(taskman):
    """The property keeps what was set."""
    taskman.suspend_refresh = 0.5

    assert taskman.suspend_refresh == 0.5


def test_a_dependant_does_not_wait_for_the_refresh(taskman, gate, ended):
    """With an hour between two looks, a chain of ten still runs at once."""
    taskman.suspend_refresh = 3600
    ids = [taskman.add(name="first", function=gate)]
    for n in range(10):
        ids.append(taskman.add(name=f"link {n}", function=lambda f: None, depend_on=ids[-1]))
    gate.open()

    assert ended(ids[-1])["status"] == 0


def test_a_dependant_is_canceled_without_waiting_for_the_refresh(taskman, gates, ended):
    """Nor does the failure of a dependency wait for the next look."""
    taskman.suspend_refresh = 3600
    gate = gates(outcome=ValueError("no"))
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.open()

    assert ended(second)["status"] == 4


@pytest.mark.parametrize(("outcome", "status"), [(None, 0), (ValueError("no"), 4)])
def test_an_end_between_the_look_at_a_dependency_and_the_link_is_not_missed(
    taskman, gates, ended, monkeypatch, outcome, status
):
    """A dependency that ends in the very instant in which another task is made to wait for it tells that, too."""
    taskman.suspend_refresh = float("inf")
    gate = gates(outcome=outcome)
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()
    link = graph.link

    def end_first(task, blockers):
        gate.open()
        while not all(blocker.has_ended for blocker in blockers):
            time.sleep(0.001)
        time.sleep(0.05)  # long enough to have looked at who waits for it
        return link(task, blockers)

    monkeypatch.setattr(graph, "link", end_first)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)

    assert ended(second)["status"] == status


@pytest.mark.parametrize("first_to_tell", ["its thread", "the look"])
def test_an_end_in_the_instant_after_the_link_is_told_once(taskman, gate, ended, monkeypatch, first_to_tell):
    """By the thread of the dependency or by whoever added the dependant, whichever is first."""
    taskman.suspend_refresh = float("inf")
    endings, runs, has_told, has_followed = taskman._runtime.endings, [], threading.Event(), threading.Event()
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()
    link, follow, catch_up = graph.link, graph.freed_by, endings.catch_up

    def link_and_end(task, blockers):
        assert link(task, blockers) == []
        gate.open()
        assert taskman.wait(first, timeout=10)
        return blockers  # as if that had been just before the look at whether they have ended

    def follow_in_turn(task):
        assert first_to_tell == "its thread" or has_told.wait(10)
        found = follow(task)
        has_told.set()
        has_followed.set()
        return found

    def catch_up_in_turn(task, blocker):
        assert first_to_tell == "the look" or has_told.wait(10)
        catch_up(task, blocker)
        has_told.set()

    monkeypatch.setattr(graph, "link", link_and_end)
    monkeypatch.setattr(graph, "freed_by", follow_in_turn)
    monkeypatch.setattr(endings, "catch_up", catch_up_in_turn)

    def run(handle):
        runs.append(handle.id)
        assert has_followed.wait(10)

    second = taskman.add(name="second", function=run, depend_on=first)
    record = ended(second)
    monkeypatch.undo()
    taskman.wait([taskman.add(name="later", function=lambda f: None) for _ in range(20)])

    assert (runs, record["status"]) == ([second], 0)


def test_an_end_before_the_link_starts_nothing_that_waits_for_another(taskman, gates, ended, monkeypatch):
    """One of two dependencies ends in that instant; the dependant starts when both have."""
    taskman.suspend_refresh = float("inf")
    gate, other_gate = gates(), gates()
    first, other = taskman.add(name="first", function=gate), taskman.add(name="other", function=other_gate)
    gate.wait_until_started()
    link = graph.link

    def end_and_link(task, blockers):
        gate.open()
        assert taskman.wait(first, timeout=10)
        return link(task, blockers)

    monkeypatch.setattr(graph, "link", end_and_link)
    second = taskman.add(name="second", function=lambda f: None, depend_on=[first, other])
    early = taskman.wait(second, timeout=0.1)
    other_gate.open()

    assert (early, ended(second)["status"]) == (False, 0)


def test_ctrl_c_while_it_is_told_of_an_end_leaves_that_to_the_refresh(taskman, gate, until, monkeypatch):
    """Who has just been linked to what has ended is set free by the next look."""
    first = taskman.add(name="first", function=gate)
    gate.wait_until_started()
    taskman._runtime.refresh._interval_s = 0.1  # by the property a look would be planned now
    link = graph.link

    def end_and_link(task, blockers):
        gate.open()
        until(lambda: not taskman._runtime.pool.in_hand()[0], "its thread to have told those that waited")
        return link(task, blockers)

    def interrupt(*_):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(graph, "link", end_and_link)
    monkeypatch.setattr(taskman._runtime.endings, "catch_up", interrupt)
    with pytest.raises(KeyboardInterrupt):
        taskman.add(name="second", function=lambda f: None, depend_on=first)

    assert taskman.wait(timeout=10)
    assert taskman.counts() == (2, 0, 0, 0, 0)


def test_a_task_that_is_canceled_before_it_is_linked_never_runs(taskman, gate, ended, monkeypatch):
    """The end of what it was to wait for finds it canceled."""
    first, runs = taskman.add(name="first", function=gate), []
    link = graph.link

    def cancel_and_link(task, blockers):
        assert taskman.cancel(task.id)
        return link(task, blockers)

    monkeypatch.setattr(graph, "link", cancel_and_link)
    second = taskman.add(name="second", function=lambda f: runs.append(f.id), depend_on=first)
    gate.open()
    ended(first)
    taskman.wait([taskman.add(name="later", function=lambda f: None) for _ in range(20)])

    assert (taskman.get_status(second), runs) == (4, [])


def test_a_refresh_at_short_intervals_disturbs_nothing(taskman, gate, ended):
    """Looking again all the time starts nothing twice and nothing too early."""
    taskman.suspend_refresh = 0.001
    first = taskman.add(name="first", function=gate)
    runs = []
    second = taskman.add(name="second", function=lambda f: runs.append(f.id), depend_on=first)
    gate.wait_until_started()
    before = list(runs)
    gate.open()
    ended(second)

    assert (before, runs) == ([], [second])


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "3", None, True])
def test_a_refresh_that_is_no_positive_number_is_refused(taskman, seconds):
    """suspend_refresh takes a positive number of seconds only, and keeps its value otherwise."""
    with pytest.raises((TypeError, ValueError), match="suspend_refresh"):
        taskman.suspend_refresh = seconds

    assert taskman.suspend_refresh == 3.0


def test_a_missed_completion_is_made_good_by_the_next_look(taskman, gate, ended, monkeypatch):
    """If the news of a completed dependency is lost, the dependant starts at the next look."""
    monkeypatch.setattr("engine.graph.freed_by", lambda task: [])
    taskman.suspend_refresh = 0.1
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.open()

    assert ended(second)["status"] == 0


def test_a_missed_failure_is_made_good_by_the_next_look(taskman, gates, ended, monkeypatch):
    """If the news of a failed dependency is lost, the dependant is Canceled at the next look."""
    monkeypatch.setattr("engine.graph.followers", lambda task, status: ([], []))
    taskman.suspend_refresh = 0.1
    gate = gates(outcome=ValueError("no"))
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.open()

    assert ended(second)["status"] == 4


def test_a_task_that_is_linked_during_the_last_look_is_looked_at_again(taskman, gate, ended, monkeypatch):
    """A look that finds nobody waiting isn't the last one for who comes in that instant."""
    monkeypatch.setattr("engine.graph.freed_by", lambda task: [])
    endings, added = taskman._runtime.endings, []
    look_again = endings.look_again

    def look_and_add():
        if added:
            return look_again()
        added.append(taskman.add(name="second", function=lambda f: None, depend_on=first))
        return False

    first = taskman.add(name="first", function=gate)
    taskman.suspend_refresh = 0.05
    monkeypatch.setattr(endings, "look_again", look_and_add)
    taskman.add(name="plans a look", function=lambda f: None, depend_on=first)
    until_added = time.monotonic() + 10
    while not added and time.monotonic() < until_added:
        time.sleep(0.001)
    gate.open()

    assert ended(added[0])["status"] == 0


def test_a_shorter_interval_takes_effect_at_once(taskman, gate, ended, monkeypatch):
    """An interval that is set while tasks wait holds for the look that is due next."""
    monkeypatch.setattr("engine.graph.freed_by", lambda task: [])
    taskman.suspend_refresh = 3600
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.open()
    ended(first)
    before = taskman.get_status(second)
    taskman.suspend_refresh = 0.1

    assert (before, ended(second)["status"]) == (2, 0)


def test_a_longer_interval_takes_effect_at_once(taskman, gate, monkeypatch):
    """The look that was planned before isn't taken any more."""
    looks, is_past = [], threading.Event()
    monkeypatch.setattr(taskman._runtime.endings, "look_again", lambda: looks.append(1))
    first = taskman.add(name="first", function=gate)
    taskman.suspend_refresh = 0.1
    taskman.add(name="second", function=lambda f: None, depend_on=first)
    taskman.suspend_refresh = 3600
    taskman._runtime.supervisor.call_at(time.monotonic() + 0.2, lambda _: is_past.set())

    assert is_past.wait(10)
    assert looks == []
