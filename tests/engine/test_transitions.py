"""S16: functions that are called at every transition: in order, on a thread of their own, at nobody's cost."""

from __future__ import annotations

import gc
import logging
import threading
import weakref

import pytest

from engine import TaskControl
from engine import hooks as hooks_of_the_engine

pytestmark = pytest.mark.guarantee("S16")

PATIENCE_S = 30.0


def hook_threads():
    return [thread for thread in threading.enumerate() if thread.name == "task-control-hooks"]


def test_every_transition_is_told_in_order(taskman, ended):
    """Added, begun, ended: each with the codes before and after, the record of that moment and its revision."""
    told = []
    taskman.on_transition(told.append)
    first = taskman.add("first", lambda: 1 / 0)
    second = taskman.add("second", lambda: None, depend_on=first)
    ended(second)
    taskman.shutdown()

    assert [(one.before, one.after) for one in told if one.id == first] == [(None, 2), (2, 3), (3, 1)]
    assert [(one.before, one.after) for one in told if one.id == second] == [(None, 2), (2, 4)]
    assert [one.revision for one in told] == sorted({one.revision for one in told})
    assert [(one.name, one.record["status"]) for one in told if one.id == first] == [("first", s) for s in (2, 3, 1)]


def test_the_record_is_read_only(taskman):
    """A hook can't change what others see."""
    told = []
    taskman.on_transition(told.append)
    taskman.add("task", lambda: None)
    taskman.shutdown()

    with pytest.raises(TypeError, match="does not support item assignment"):
        told[0].record["name"] = "another"


def test_it_is_a_decorator(taskman):
    """The function stays what it is."""
    told = []

    @taskman.on_transition
    def tell(transition):
        told.append(transition.after)

    tell(hooks_of_the_engine.Transition("id", "name", 2, 3, {}, 1))
    taskman.add("task", lambda: None)
    taskman.shutdown()

    assert told == [3, 2, 3, 0]


def test_what_changes_without_a_transition_is_not_told(taskman):
    """Progress, log lines and removed records are no transitions."""
    told = []
    taskman.on_transition(told.append)

    def work(handle):
        handle.progress(1, 2)
        handle.log("half")

    task_id = taskman.add("task", work)
    taskman.wait()
    taskman.db.update({"note": 1}, taskman.dbQuery.id == task_id)
    taskman.purge()
    taskman.shutdown()

    assert [one.after for one in told] == [2, 3, 0]


def test_what_is_no_task_is_not_told(taskman):
    """Documents that users put beside the records make no transitions, even if they look a little like some."""
    told = []
    taskman.on_transition(told.append)
    odd = [{"note": 1}, {"id": "mine", "note": 2}, {"id": "mine", "name": "mine", "status": 99}]
    taskman.db.insert_multiple(odd)
    taskman.db.update({"status": 0}, taskman.dbQuery.note.exists())
    task_id = taskman.add("task", lambda: None)
    taskman.shutdown()

    assert [(one.id, one.after) for one in told] == [(task_id, 2), (task_id, 3), (task_id, 0)]


def test_only_what_comes_after_is_told(taskman, gates, ended):
    """A hook that comes late hears of what was there only when it goes on."""
    gate, told = gates(), []
    ended(taskman.add("before", lambda: None))
    running = taskman.add("running", gate)
    gate.wait_until_started()

    taskman.on_transition(told.append)
    gate.open()
    taskman.shutdown()

    assert [(one.id, one.before, one.after) for one in told] == [(running, 3, 0)]


def test_a_removed_hook_is_not_called(taskman, until):
    """off_transition says whether it was there; the others stay."""
    gone, told = [], []
    gone_hook, told_hook = gone.append, told.append
    taskman.on_transition(gone_hook)
    taskman.on_transition(told_hook)

    assert (taskman.off_transition(gone_hook), taskman.off_transition(gone_hook)) == (True, False)
    taskman.add("task", lambda: None)
    taskman.shutdown()
    assert (gone, len(told)) == ([], 3)


def test_a_hook_may_take_another_one_away(taskman):
    """From then on, so with the very transition at which it does."""
    told = []
    second_hook = told.append

    @taskman.on_transition
    def first_hook(transition):
        taskman.off_transition(second_hook)

    taskman.on_transition(second_hook)
    taskman.add("task", lambda: None)
    taskman.shutdown()

    assert told == []


def test_hooks_may_be_taken_away_and_come_back(taskman, ended, until):
    """What happened while nobody listened is not told later."""
    told = []
    hook = told.append
    taskman.on_transition(hook)
    ended(taskman.add("heard", lambda: None))
    until(lambda: len(told) == 3, "three transitions")
    taskman.off_transition(hook)
    ended(taskman.add("unheard", lambda: None))
    taskman.on_transition(hook)
    ended(taskman.add("heard again", lambda: None))
    taskman.shutdown()

    assert [one.name for one in told] == ["heard"] * 3 + ["heard again"] * 3


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1)])
def test_a_hook_that_raises_is_logged_and_goes_on(taskman, caplog, error):
    """It costs neither the tasks nor the other hooks anything."""
    told = []

    def fails(transition):
        raise error

    taskman.on_transition(fails)
    taskman.on_transition(told.append)
    task_id = taskman.add("task", lambda: None)
    taskman.shutdown()

    assert (len(told), taskman.get_status(task_id)) == (3, 0)
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [("fails" in record.getMessage(), record.exc_info[1]) for record in failures] == [(True, error)] * 3


def test_a_hook_that_blocks_holds_up_no_task(taskman, gate):
    """Tasks run on, and it is told everything afterwards."""
    told = []

    def slow(transition):
        if not told:
            gate(transition)
        told.append(transition)

    taskman.on_transition(slow)
    ids = [taskman.add("task", lambda: None) for _ in range(50)]

    assert taskman.wait(ids, timeout=PATIENCE_S)
    assert told == []
    gate.open()
    taskman.shutdown()
    assert len(told) == 150


def test_what_is_not_held_any_more_is_counted(managers, gate, caplog, until):
    """A hook that fell further behind than the history is told from there on, and the log says how much it missed."""
    manager, told = managers(history=10), []

    def slow(transition):
        told.append(transition)
        if len(told) == 1:
            gate(transition)

    manager.on_transition(slow)
    manager.add("first", lambda: None)
    gate.wait_until_started()
    manager.wait([manager.add("task", lambda: None) for _ in range(100)])
    before = manager.revision
    gate.open()
    until(lambda: any("passed over" in record.getMessage() for record in caplog.records), "the warning")
    manager.add("last", lambda: None)
    manager.shutdown()

    (warning,) = [record for record in caplog.records if "passed over" in record.getMessage()]
    missed = warning.args[0]
    assert before - 20 < missed < before
    assert [(one.name, one.before, one.after) for one in told][-3:] == [
        ("last", None, 2),
        ("last", 2, 3),
        ("last", 3, 0),
    ]


def test_hooks_may_use_the_manager(taskman, until):
    """A hook that adds a task for each failure, as a watchdog would, is served."""
    added = []

    @taskman.on_transition
    def repair(transition):
        if transition.after == 1:
            added.append(taskman.add("repair", lambda: None))
            taskman.wait(added, timeout=PATIENCE_S)

    taskman.add("fails", lambda: 1 / 0)
    until(lambda: added and taskman.get_status(added[0]) == 0, "the repair")


def test_a_hook_may_shut_the_manager_down(taskman, until):
    """It doesn't wait for itself."""
    done = []

    @taskman.on_transition
    def stop(transition):
        if transition.after == 0:
            done.append(taskman.shutdown())

    taskman.add("task", lambda: None)

    until(lambda: done, "the end of shutdown")
    assert done == [True]


def test_without_tasks_or_hooks_there_is_no_thread(taskman, ended):
    """Nothing starts before a hook and a task are there."""
    ended(taskman.add("task", lambda: None))
    assert hook_threads() == []

    with TaskControl() as idle:
        idle.on_transition(print)
        assert hook_threads() == []


def test_the_thread_rests_and_comes_back(monkeypatch, managers, until):
    """It ends when all is done and told, and the next task starts it again; nothing is lost in between."""
    monkeypatch.setattr(hooks_of_the_engine, "_STAY_S", 0.01)
    manager, told = managers(), []
    manager.on_transition(told.append)
    for number in range(1, 30):
        manager.add("task", lambda: None)
        until(lambda number=number: len(told) == 3 * number, "three transitions")
        if number % 10 == 0:
            until(lambda: not hook_threads(), "the end of the thread")

    assert [one.after for one in told] == [2, 3, 0] * 29


def test_the_thread_stays_while_a_task_runs(monkeypatch, managers, gate, until):
    """However long nothing is to be told meanwhile."""
    monkeypatch.setattr(hooks_of_the_engine, "_STAY_S", 0.01)
    manager, threads = managers(), []
    manager.on_transition(lambda transition: threads.append(threading.current_thread()))
    hooks, looks = manager._runtime.hooks, []
    may_rest = hooks._may_rest
    monkeypatch.setattr(hooks, "_may_rest", lambda: looks.append(may_rest()) or looks[-1])
    manager.add("long", gate)
    until(lambda: len(threads) == 2 and looks[-3:] == [False] * 3, "the thread to have had nothing to tell three times")
    gate.open()
    until(lambda: len(threads) == 3, "the end to be told")

    assert len(set(threads)) == 1


def test_two_that_add_the_first_task_start_one_thread(managers, gate, monkeypatch):
    """Both find that it isn't there; nothing is told twice."""
    manager, told = managers(), []
    manager.on_transition(told.append)
    hooks, lock, starts = manager._runtime.hooks, threading.RLock(), []

    class Contended:
        def __enter__(self):
            if not starts:
                starts.append(1)
                hooks.ensure_thread()  # the other one is faster
            lock.acquire()

        def __exit__(self, *_):
            lock.release()

    monkeypatch.setattr(hooks, "_lock", Contended())
    manager.add("task", gate)
    threads = hook_threads()
    gate.open()
    manager.shutdown()

    assert (starts, len(threads), [one.after for one in told]) == ([1], 1, [2, 3, 0])


def test_a_thread_that_has_been_replaced_while_it_ends_tells_nothing_more(managers, gates, monkeypatch, until):
    """Who adds a task in that instant starts another one for it: each transition is told once, in its order."""
    monkeypatch.setattr(hooks_of_the_engine, "_STAY_S", 0.01)
    manager, told, late, gate, hook_gate = managers(), [], [], gates(), gates()
    hooks = manager._runtime.ensure_hooks()
    keeper = hooks._keeper

    class LateKeeper:
        feed, moment = keeper.feed, keeper.moment

        @property
        def revision(self):
            if not late and not hooks.is_there:
                late.append(manager.add("late", gate))
                gate.wait_until_started()
                hook_gate.wait_until_started()  # the other thread is there, and has more to tell
            return keeper.revision

    @manager.on_transition
    def tell(transition):
        if transition.name == "late":
            hook_gate(transition)
        told.append(transition)

    monkeypatch.setattr(hooks, "_keeper", LateKeeper())
    first = manager.add("first", lambda: None)
    until(lambda: hook_gate.calls and len(hook_threads()) == 1, "the first thread to end")
    hook_gate.open()
    gate.open()
    manager.shutdown()

    assert [(one.id, one.after) for one in told] == [(task, after) for task in (first, *late) for after in (2, 3, 0)]


def test_a_change_in_the_instant_the_thread_ends_is_told(monkeypatch, managers, until):
    """Who adds a task while the thread is about to end may find it still there: it looks once more."""
    manager, told = managers(), []
    manager.on_transition(told.append)
    hooks = manager._runtime.hooks
    monkeypatch.setattr(hooks_of_the_engine, "_STAY_S", 0.01)
    may_rest = hooks._may_rest
    late = []

    def rest_just_when_one_is_added():
        rests = may_rest()
        if rests and told and not late:
            late.append(manager.add("late", lambda: None))  # the thread counts as there
        return rests

    hooks._may_rest = rest_just_when_one_is_added
    manager.add("task", lambda: None)

    until(lambda: [one.after for one in told if one.id in late] == [2, 3, 0], "the transitions of the late task")


def test_a_forgotten_manager_is_not_held(monkeypatch, until):
    """Hooks don't keep a manager that nobody holds any more."""
    monkeypatch.setattr(hooks_of_the_engine, "_STAY_S", 0.01)
    monkeypatch.setattr("engine.pool.STAY_S", 0.01)
    monkeypatch.setattr("engine.supervisor._STAY_S", 0.01)
    manager = TaskControl()
    manager.on_transition(lambda transition: None)
    manager.wait(manager.add("task", lambda: None))
    gone = weakref.ref(manager._runtime)
    del manager

    until(lambda: gc.collect() >= 0 and gone() is None, "the manager to go")


def test_a_script_ends_with_everything_told(run_script):
    """A program that comes to its last line ends when its tasks have ended, and hooks have been told by then."""
    lines = run_script(
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "taskman.on_transition(lambda t: print(t.name, t.before, t.after, flush=True))\n"
        "taskman.add('task', lambda f: f.sleep(0.1))\n"
    )

    assert lines == ["task None 2", "task 2 3", "task 3 0"]


def test_a_stuck_hook_does_not_hold_the_program(run_script):
    """The interpreter waits a moment for it, and no longer."""
    lines = run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "taskman.on_transition(lambda t: time.sleep(3600))\n"
        "taskman.add('task', lambda: print('ran', flush=True))\n"
    )

    assert lines == ["ran"]


async def coroutine(transition):
    """Can't be called by a thread."""


@pytest.mark.parametrize("function", [None, "name", coroutine])
def test_what_cannot_be_called_is_refused(taskman, function):
    """The mistake is told by the call that made it."""
    with pytest.raises(TypeError, match="function must be callable with a transition"):
        taskman.on_transition(function)
