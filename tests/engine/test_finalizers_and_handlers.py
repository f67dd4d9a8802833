"""S16: code of others that runs inside the manager's own steps, finalizers and log handlers, costs nothing else."""

from __future__ import annotations

import logging
import sys
from collections import deque

import pytest

from engine.store.task_rows import TaskRows

pytestmark = pytest.mark.guarantee("S16")

SEATS = 2


def test_a_finalizer_may_use_the_manager(run_script):
    """Python runs finalizers wherever garbage is found, inside the manager too: they may add, cancel and write."""
    lines = run_script(
        "import faulthandler, gc, time\n"
        "from engine import TaskControl\n"
        "faulthandler.dump_traceback_later(15, exit=True)\n"
        "taskman, is_over = TaskControl(history=1_000_000), False\n"
        "class Resource:\n"
        "    def __init__(self):\n"
        "        self.myself = self\n"
        "    def __del__(self):\n"
        "        try:\n"
        "            task = taskman.add(name='finalizer', function=lambda f: None)\n"
        "        except RuntimeError:\n"
        "            if is_over:\n"  # it has begun before the end, or even after it
        "                return\n"
        "            raise\n"
        "        try:\n"
        "            taskman.cancel(task)\n"
        "        except LookupError:  # it has ended and was purged already\n"
        "            pass\n"
        "        taskman.db.update({'note': 1}, taskman.dbQuery.id == task)\n"
        "usual = gc.get_threshold()\n"
        "gc.set_threshold(50, 5, 5)\n"
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end:\n"
        "    Resource()\n"
        "    taskman.add(name='main', function=lambda f: Resource() and None)\n"
        "    taskman.purge(minutes=0)\n"
        "gc.set_threshold(*usual)\n"
        "taskman.wait(timeout=10)\n"  # what ends leaves finalizers behind, which add more
        "gc.disable()\n"
        "time.sleep(0.5)\n"  # for those that another thread is calling now
        "gc.collect()\n"
        "print(taskman.wait(timeout=10), sum(taskman.counts()[2:4]))\n"
        "changes = [change.revision for change in taskman.changes(0)]\n"
        "print(changes == list(range(1, len(changes) + 1)))\n"
        "is_over = True\n"
    )

    assert lines == ["True 0", "True"]


class Broken(logging.Handler):
    """A handler that raises, as those do that forget about handleError."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.error: type[BaseException] = RuntimeError

    def emit(self, record: logging.LogRecord) -> None:
        self.calls += 1
        raise self.error("the handler is broken")


@pytest.fixture
def broken():
    """The engine's logger with a handler that raises."""
    logger, handler = logging.getLogger("task_control"), Broken()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.mark.parametrize("error", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_a_broken_log_handler_costs_no_seat_and_no_end(managers, broken, ended, error):
    """More tasks fail than there are seats, each logged by a handler that raises: all end, and so does what waits."""
    manager, broken.error = managers(max_workers=SEATS), error
    failing = [manager.add(name="fails", function=lambda f: 1 / 0) for _ in range(SEATS * 2)]
    behind = [manager.add(name="behind", function=lambda f: None, depend_on=task_id) for task_id in failing]
    late = manager.add(name="late", function=lambda f: f.sleep(60), thread_timeout=0.05)
    fine = manager.add(name="fine", function=lambda f: None)

    found = [ended(task_id, manager)["status"] for task_id in [*failing, *behind, late, fine]]
    assert found == [1] * SEATS * 2 + [4] * SEATS * 2 + [1, 0]


def test_a_broken_log_handler_does_not_reach_who_writes(taskman, broken, gate):
    """An update that is undone, and logged by a handler that raises, is no error of the caller's."""
    task_id = taskman.add(name="task", function=gate)
    gate.wait_until_started()
    taskman.db.update({"status": 2}, taskman.dbQuery.id == task_id)

    assert (broken.calls, taskman.get_status(task_id)) == (1, 3)


def test_a_signal_that_comes_while_something_is_logged_is_not_lost(taskman, broken, gate):
    """What its handler raises, such as the KeyboardInterrupt of Ctrl-C, reaches the main thread's own code."""
    task_id, broken.error = taskman.add(name="task", function=gate), KeyboardInterrupt
    gate.wait_until_started()
    with pytest.raises(KeyboardInterrupt):
        taskman.db.update({"status": 2}, taskman.dbQuery.id == task_id)
    gate.open()

    assert (taskman.wait(timeout=10), taskman.get_status(task_id)) == (True, 0)


def test_a_log_handler_may_use_the_manager(managers, ended, until):
    """A handler that adds a task for each failure, as a watchdog would, is served."""
    manager = managers(max_workers=SEATS)
    added = []

    class Watchdog(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            added.append(manager.add(name="repair", function=lambda f: None))

    logger, watchdog = logging.getLogger("task_control"), Watchdog()
    logger.addHandler(watchdog)
    try:
        failed = [manager.add(name="fails", function=lambda f: 1 / 0) for _ in range(20)]
        assert [ended(task_id, manager)["status"] for task_id in failed] == [1] * 20
        until(lambda: len(added) == 20, "each failure to be logged")
        assert manager.wait(timeout=10)
    finally:
        logger.removeHandler(watchdog)

    assert [manager.get_status(task_id) for task_id in added] == [0] * 20


@pytest.mark.guarantee("S9")
def test_a_doomed_task_does_not_run_while_the_failure_is_being_logged(taskman, gates, ended):
    """One dependency fails, the other completes while the log handler is still busy: what needs both never runs."""
    fails, completes, never = gates(outcome=ValueError("no")), gates(), gates()
    first = taskman.add(name="fails", function=fails)
    second = taskman.add(name="completes", function=completes)
    third = taskman.add(name="needs both", function=never, depend_on=[first, second])

    class Slow(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            completes.open()
            never.open()
            taskman.wait(second, timeout=10)
            taskman.wait(third, timeout=0.1)

    logger, slow = logging.getLogger("task_control"), Slow()
    logger.addHandler(slow)
    try:
        fails.open()
        statuses = [ended(task_id)["status"] for task_id in (first, second, third)]
    finally:
        logger.removeHandler(slow)

    assert (statuses, never.calls) == ([1, 0, 4], 0)


def test_a_finalizer_may_add_a_task_while_a_thread_lies_down(taskman, monkeypatch):
    """The thread that looks for its next task is the one that the finalizer's task would wake: it runs both."""
    taskman.wait(taskman.add(name="first", function=lambda: None))
    pool, added = taskman._runtime.pool, []
    take = pool._take

    def take_and_collect():
        if not pool._lock._is_owned():
            return None  # each task is found while lying down
        task = take()
        if task is not None and not added:
            added.append(taskman.add(name="finalizer", function=lambda: None))
        return task

    monkeypatch.setattr(pool, "_take", take_and_collect)
    ids = [taskman.add(name="wakes", function=lambda: None)]
    early = taskman.wait(ids, timeout=10)
    ids += [taskman.add(name="next", function=lambda: None) for _ in range(20)]

    assert (early, len(added), taskman.wait([*added, *ids], timeout=10)) == (True, 1, True)


def test_a_finalizer_may_add_a_task_while_a_thread_is_picked(managers, monkeypatch, until):
    """The thread that was to be woken is its task's by then, and there is no other: both tasks run."""
    manager, added = managers(max_workers=1), []
    pool = manager._runtime.pool
    manager.wait(manager.add(name="first", function=lambda: None))
    until(lambda: pool._idle, "the thread to rest")

    class Collecting(deque):
        def __bool__(self):
            if sys._getframe(1).f_code.co_name == "_pick_idle" and not added:
                added.append("")
                added[0] = manager.add(name="finalizer", function=lambda: None)
            return len(self) > 0

    monkeypatch.setattr(pool, "_ready", Collecting())
    wakes = manager.add(name="wakes", function=lambda: None)

    assert manager.wait([*added, wakes], timeout=10)


class Watched(dict):
    """The records by number; something happens when it is asked for whether a certain one is there."""

    def __init__(self, keeper, number, meanwhile):
        """Takes the place of the keeper's own."""
        super().__init__(keeper._rows.docs)
        self.number, self.meanwhile = number, meanwhile
        keeper._rows.docs = self

    def __contains__(self, number):
        if number == self.number:
            self.meanwhile(number)
        return super().__contains__(number)


class Leaving:
    """The unfinished tasks; something happens as one leaves them."""

    def __init__(self, live, meanwhile):
        """Of these."""
        self.live, self.meanwhile = live, meanwhile

    def pop(self, task_id, default):
        """It has happened before."""
        if task_id in self.live:
            self.meanwhile(self.live[task_id])
        return self.live.pop(task_id, default)


@pytest.fixture
def happens(taskman, monkeypatch):
    """Has something happen, once, where Python may call other code while a move of a record is written down.

    That is as it is numbered, looked at (if somebody has read the record before), indexed, or its task forgotten.
    """

    def happens(when, number, meanwhile):
        left = [meanwhile]

        def once(found, *_):
            if found == number and left:
                left.pop()()

        def watched(method):
            return lambda rows, found, *others: (once(getattr(found, "doc_id", found)), method(rows, found, *others))[1]

        if when == "looked at":
            Watched(taskman._keeper, number, once)
        elif when == "ended":
            taskman._keeper._rows.live = Leaving(taskman._runtime.tasks.live, lambda task: once(task.doc_id))
        elif when == "numbered":
            take_id = TaskRows.take_id
            monkeypatch.setattr(TaskRows, "take_id", lambda rows: (taken := take_id(rows), once(taken))[0])
        else:
            monkeypatch.setattr(TaskRows, "_reindex", watched(TaskRows._reindex))

    return happens


@pytest.mark.parametrize(("move", "when"), [("added", "numbered"), ("begun", "looked at"), ("ended", "looked at")])
def test_a_finalizer_may_cancel_the_very_task_that_is_being_written_down(
    taskman, gate, gates, until, happens, move, when
):
    """Whoever is first decides; there is one record, and its history has one end."""
    tried = []
    with taskman.subscribe(since=0) as changes:
        first_gate = gates()
        first = taskman.add(name="first", function=first_gate)
        task_id = taskman.add(name="task", function=gate, depend_on=first)
        if move != "added":
            taskman.get_all()  # writes down what has happened by now
        first_gate.open()
        gate.wait_until_started()
        if move == "ended":
            taskman.get_all()
            gate.open()
            taskman.wait(timeout=10)
        happens(when, 2, lambda: tried.append(taskman.cancel(task_id)))
        taskman.get_all()
        gate.open()
        assert taskman.wait(timeout=10)
        until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to be done")
        found = [change for change in changes.get(timeout=0) if change.id == task_id]
        history = [(change.kind, change.record["status"]) for change in found]

    assert tried == [move != "ended"]
    assert [kind for kind, _ in history] == ["added"] + ["changed"] * (len(history) - 1)
    assert [status for _, status in history][:2] == [2, 3]  # its function was called
    ends = {status for _, status in history if status in (0, 1, 4)}
    assert ends == {taskman.get_status(task_id)} == {0 if move == "ended" else 4}
    assert sum(taskman.counts()) == len(taskman.get_all()) == 2


@pytest.mark.parametrize("when", ["numbered", "looked at", "indexed"])
def test_an_interrupt_while_moves_are_written_down_loses_none(taskman, gates, happens, when):
    """Who looked is interrupted; the records, and what is told of them, are whole all the same."""

    def interrupt():
        raise KeyboardInterrupt

    gate = gates(outcome=7)
    functions = {"first": lambda f: 7, "second": gate, "third": lambda f: 7}
    found = [taskman.db.search(query) for query in (taskman.dbQuery.status == 0, taskman.dbQuery.id == "none")]
    assert found == [[], []]  # now there are indexes
    ids = [taskman.add(name=name, function=function, get_result=True) for name, function in functions.items()]
    gate.wait_until_started()
    if when == "looked at":
        taskman.get_all()
        gate.open()
        taskman.wait()
    happens(when, 2, interrupt)
    with pytest.raises(KeyboardInterrupt):
        taskman.get_all()
    gate.open()
    taskman.wait()
    histories = {one: [c.record["status"] for c in taskman.changes(0) if c.id == one] for one in ids}

    assert histories == {one: [2, 3, 0] for one in ids}
    assert [record["result"] for record in taskman.get_all()] == [7, 7, 7]
    assert taskman.counts() == (3, 0, 0, 0, 0)
    assert [record["name"] for record in taskman.db.search(taskman.dbQuery.status == 0)] == list(functions)
    assert [len(taskman.db.search(taskman.dbQuery.id == one)) for one in ids] == [1, 1, 1]
    assert taskman._runtime.tasks.live == {}


def test_an_interrupt_as_an_end_is_written_down_loses_nothing(taskman, happens):
    """The next look does what is left: the task is forgotten, and told of once."""

    def interrupt():
        raise KeyboardInterrupt

    task_id = taskman.add(name="task", function=lambda: 7, get_result=True)
    taskman.wait()
    taskman.get_all()
    assert taskman.db.search(taskman.dbQuery.status == 3) == []
    second = taskman.add(name="second", function=lambda: 7, get_result=True)
    taskman.wait()
    happens("ended", 2, interrupt)
    with pytest.raises(KeyboardInterrupt):
        taskman.get_all()

    assert [record["result"] for record in taskman.get_all()] == [7, 7]
    assert taskman._runtime.tasks.live == {}
    assert [c.record["status"] for c in taskman.changes(0)] == [2, 3, 0] * 2
    assert [len(taskman.db.search(taskman.dbQuery.id == one)) for one in (task_id, second)] == [1, 1]


def test_a_finalizer_may_write_on_a_record_that_is_being_indexed(taskman, gate, happens):
    """Both changes are there, in their order, and the index knows the record by what it is."""
    assert taskman.db.search(taskman.dbQuery.status == 3) == []
    taskman.add(name="task", function=gate)
    gate.wait_until_started()
    happens("indexed", 1, lambda: taskman.db.update({"status": 4}, taskman.dbQuery.name == "task"))
    taskman.get_all()
    by_status = [len(taskman.db.search(taskman.dbQuery.status == status)) for status in range(5)]

    assert [change.record["status"] for change in taskman.changes(0)] == [2, 3, 4]
    assert (by_status, taskman.counts()) == ([0, 0, 0, 0, 1], (0, 0, 0, 0, 1))
