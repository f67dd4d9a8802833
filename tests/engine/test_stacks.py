"""S4: where a running task is: its stack on request, and the flag of one that hasn't moved."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from engine import TaskControl, UnknownTask
from engine import stacks as stacks_of_the_engine
from engine.stuck import LOOKS

pytestmark = pytest.mark.guarantee("S4")

PATIENCE_S = 30.0
AFTER_S = 0.2


def deep(gate):
    return deeper(gate)


def deeper(gate):
    gate(None)


# -- the stack


def test_the_stack_of_a_running_task_is_its_own_code(taskman, gate):
    """From the task's function on, outermost first, with lines of code; nothing of the engine above it."""
    task_id = taskman.add("deep", lambda: deep(gate))
    gate.wait_until_started()

    stack = taskman.stack(task_id)

    assert "in <lambda>" in stack[0]
    assert "in deep\n" in stack[1]
    assert "return deeper(gate)" in stack[1]
    assert "in deeper" in stack[2]
    assert not [entry for entry in stack if "workers.py" in entry or "in call\n" in entry]


def test_a_task_that_is_not_running_has_no_stack(taskman, gate, ended):
    """Neither one that waits nor one that has ended."""
    running = taskman.add("running", gate)
    waiting = taskman.add("waiting", lambda: None, depend_on=running)
    done = taskman.add("done", lambda: None)
    ended(done)

    assert (taskman.stack(waiting), taskman.stack(done)) == ([], [])
    with pytest.raises(UnknownTask):
        taskman.stack("0000000000")


def test_a_task_whose_thread_is_still_blocked_has_a_stack(taskman, gate, until):
    """After its end was decided, it can be seen where the thread sits."""
    task_id = taskman.add("blocked", lambda: deep(gate))
    gate.wait_until_started()
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] == "still blocked", "the stop to be given up")

    assert any("in deeper" in entry for entry in taskman.stack(task_id))


def test_a_task_may_ask_for_its_own_stack(taskman):
    """It is running while it asks."""
    task_id = taskman.add("asks", lambda handle: taskman.stack(handle.id), get_result=True)
    taskman.wait()

    assert "in <lambda>" in taskman.get_result(task_id)[0]


def test_the_stack_is_never_that_of_the_next_task(monkeypatch, managers, gates):
    """The thread may go on to another task in the very instant between the question and the look."""
    manager, first_gate, second_gate = managers(max_workers=1), gates(), gates()
    first = manager.add("first", lambda: deep(first_gate))
    manager.add("second", lambda: second_gate(None))
    first_gate.wait_until_started()

    def just_then():
        first_gate.open()
        second_gate.wait_until_started()
        return sys._current_frames()

    monkeypatch.setattr(stacks_of_the_engine, "current_frames", just_then)

    assert manager.stack(first) == []


def test_stacks_of_short_tasks_are_theirs_or_nothing(managers):
    """Asked all the time while threads go from one task to the next, an answer never shows another task's code."""
    manager, functions, found = managers(max_workers=4), {}, set()
    for number in range(4):
        exec(f"def work_{number}():\n    for _ in range(500): pass\n", functions)
    ids = {manager.add("short", functions[f"work_{n % 4}"]): str(n % 4) for n in range(400)}
    until = time.monotonic() + PATIENCE_S
    while sum(manager.counts()[2:4]) and time.monotonic() < until:
        for task_id, number in ids.items():
            stack = [entry.strip() for entry in manager.stack(task_id)]
            found |= {(number, entry.rpartition("in work_")[2]) for entry in stack if "in work_" in entry}

    assert [pair for pair in found if pair[0] != pair[1]] == []


# -- stuck


@pytest.fixture
def watched(managers):
    """A manager that soon calls tasks stuck."""
    return managers(stuck_after=AFTER_S)


def stuck(manager, task_id):
    return manager.get_task(task_id)[0]["stuck"]


def test_a_task_that_does_not_move_is_flagged_with_its_line(watched, gate, until):
    """The record says since when, and the line of one's own code where it is; it goes when the task goes on."""
    over = threading.Event()

    def work():
        deep(gate)
        while not over.is_set():
            sum(range(1000))

    before = time.time()
    task_id = watched.add("stuck", work)

    flag = until(lambda: stuck(watched, task_id), "the flag")
    assert before - 0.1 < flag["since"] <= time.time() - AFTER_S * 0.9
    assert flag["at"].startswith("conftest.py:")
    assert flag["at"].endswith(" in __call__")
    gate.open()
    until(lambda: stuck(watched, task_id) is None, "the flag to go")
    over.set()


def test_the_flag_goes_with_the_end(watched, gate, until):
    """An ended task isn't stuck, however it ended."""
    task_id = watched.add("stuck", gate)
    until(lambda: stuck(watched, task_id), "the flag")
    watched.cancel(task_id)

    assert stuck(watched, task_id) is None


@pytest.mark.parametrize("outcome", [None, ValueError("no")])
def test_the_flag_goes_when_the_function_returns_or_raises(watched, gates, until, outcome):
    """At once: there may be no further look."""
    gate = gates(outcome=outcome)
    task_id = watched.add("task", gate)
    until(lambda: stuck(watched, task_id), "the task to be called stuck")
    gate.open()
    watched.wait(task_id)

    assert stuck(watched, task_id) is None


@pytest.fixture
def looked_at(managers):
    """A manager whose threads are looked at when the test says so, and the look."""
    manager = managers(stuck_after=1e-9)
    watch = manager._runtime._watch
    watch._is_planned = True

    def look():
        watch._compare([task for task in manager._runtime.pool.in_hand() if task is not None])

    return manager, look


@pytest.mark.parametrize(
    "step",
    [
        lambda handle: sum(range(100)),
        lambda handle: [handle.progress(1, 2), time.sleep(0.001)],
        lambda handle: [handle.log("here"), time.sleep(0.001)],
    ],
    ids=["computes", "tells its progress", "logs"],
)
def test_a_task_that_goes_on_is_not_flagged(looked_at, gate, until, step):
    """It may be at the same place each time, as a loop is."""
    manager, look = looked_at
    rounds, over = [0], threading.Event()

    def work(handle):
        while not over.is_set():
            step(handle)
            rounds[0] += 1

    task_id = manager.add("goes on", work)
    flagged = manager.add("stuck", gate)
    gate.wait_until_started()
    for _ in range(LOOKS * 5):
        before = rounds[0]
        until(lambda before=before: rounds[0] > before + 1, "the task to go on")
        look()
    over.set()

    assert stuck(manager, flagged)
    assert [change for change in manager.changes(0) if change.id == task_id and change.record["stuck"]] == []


def test_a_task_that_sleeps_by_its_handle_is_not_flagged(looked_at, until):
    """It has said that it does nothing."""
    manager, look = looked_at
    task_id = manager.add("sleeps", lambda handle: handle.sleep(PATIENCE_S))
    until(lambda: manager.stack(task_id)[-1:] and "alarm.acquire" in manager.stack(task_id)[-1], "the sleep")
    for _ in range(LOOKS * 2):
        look()

    assert stuck(manager, task_id) is None


def test_a_task_that_waits_for_others_is_not_flagged(watched, gates, until):
    """What it waits for is."""
    first, second = gates(), gates()
    inner = watched.add("inner", first)
    outer = watched.add("outer", lambda: watched.wait(inner))
    until(lambda: stuck(watched, inner), "the flag")
    other = watched.add("other", second)
    until(lambda: stuck(watched, other), "another flag, so that there were looks enough")

    assert stuck(watched, outer) is None


def test_a_clock_that_jumps_flags_nobody(monkeypatch, managers, gate):
    """Only time that has passed counts."""
    manager = managers(stuck_after=60.0)
    task_id = manager.add("runs", gate)
    gate.wait_until_started()
    present = time.time
    monkeypatch.setattr(time, "time", lambda: present() + 86400)
    for _ in range(LOOKS + 2):
        manager._runtime._watch._look(None)

    assert stuck(manager, task_id) is None


def test_several_looks_are_needed(looked_at, gate):
    """However late the looks are, it takes one more than four to call a task stuck."""
    manager, look = looked_at
    task_id, flags = manager.add("runs", gate), []
    gate.wait_until_started()
    while not any(flags) and len(flags) < 1000:
        look()
        flags.append(stuck(manager, task_id) is not None)

    assert flags[-1]
    assert flags.count(False) >= LOOKS


@pytest.mark.parametrize("after_s", [None, float("inf")])
def test_nobody_looks_where_it_is_off(managers, gate, after_s):
    """Without a time there are no looks."""
    manager = managers(stuck_after=after_s)
    manager.add("runs", gate)
    gate.wait_until_started()

    assert [entry for entry in manager._runtime.supervisor._entries if "StuckWatch" in str(entry[2])] == []


def test_a_manager_at_rest_looks_no_more(monkeypatch, managers, until):
    """When the threads have gone, so has the plan to look at them; with new threads it is back."""
    monkeypatch.setattr("engine.pool.STAY_S", 0.01)
    monkeypatch.setattr("engine.supervisor._STAY_S", 0.01)
    manager = managers(stuck_after=AFTER_S)
    for _ in range(2):
        manager.wait(manager.add("task", lambda: None))
        assert manager._runtime._watch._is_planned
        until(lambda: manager._runtime.supervisor.thread is None, "the supervisor's end")


@pytest.mark.parametrize("value", [0, -1, "soon", True])
def test_senseless_times_are_refused(value):
    """The mistake is told by the call that made it."""
    with pytest.raises((TypeError, ValueError), match="stuck_after must be"):
        TaskControl(stuck_after=value)
