"""What a function in a process of its own is given, tells and brings back; and what can't be sent there."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import os
import socket
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from engine import NotSendable, TaskControlError, current_task

asked_for = ContextVar("asked_for", default="nobody")


class Refused(Exception):
    """An exception that pickles, and can't be made again from its arguments."""

    def __init__(self, who, why):
        super().__init__(f"{who}: {why}")


class Point:
    def __init__(self, x):
        self.x = x


@pytest.fixture
def run(taskman, ended):
    """Run a function in a process and return its record."""

    def run_to_end(function, **options):
        options = {"get_result": True, "isolation": "process", **options}
        return ended(taskman.add(name="apart", function=function, **options))

    return run_to_end


def double(number):
    return 2 * number


def new_lock():
    return threading.Lock()


def who_asked():
    return asked_for.get()


def with_handle(handle):
    return handle.id, handle.name, current_task() is handle


def test_the_function_runs_in_another_process(run):
    """The record says which one, and which thread supervises it."""
    record = run(os.getpid)

    assert record["status"] == 0
    assert record["result"] == record["process"] != os.getpid()
    assert record["thread"] is not None


def test_a_task_in_a_thread_has_no_process(taskman, ended):
    """A thread is what a task gets unless it asks for more."""
    records = [ended(taskman.add("plain", os.getpid, get_result=True, **o)) for o in ({}, {"isolation": "thread"})]

    assert [(os.getpid(), None)] * 2 == [(record["result"], record["process"]) for record in records]


def test_lambdas_closures_and_partials_work(run):
    """Functions that no module has by name are sent as they are."""
    factor = 21

    assert [42] * 3 == [
        run(function)["result"]
        for function in (lambda: factor * 2, lambda handle: double(factor), functools.partial(double, factor))
    ]


def test_the_handle_knows_its_task(run):
    """A function that takes a handle gets one, and deeper code finds the same."""
    record = run(with_handle)

    assert (record["id"], "apart", True) == record["result"]


def test_what_the_function_tells_is_on_the_record(run):
    """Progress and log lines come from the process as they would from a thread."""

    def work(handle):
        handle.progress(1, 2, "half")
        handle.log("looks bad", "WARNING")
        handle.checkpoint()
        handle.sleep(0.01)
        return handle.cancelled

    record = run(work)

    assert {"done": 1, "total": 2, "message": "half"} == record["progress"]
    assert [("WARNING", "looks bad")] == [(line["level"], line["message"]) for line in record["log"]]
    assert record["result"] is False


def test_progress_is_seen_while_the_function_runs(taskman, until):
    """Nobody has to wait for the end to hear of it."""

    def work(handle):
        handle.progress(3)
        handle.sleep(60)

    task_id = taskman.add("tells", work, isolation="process")

    assert until(lambda: taskman.get_task(task_id)[0]["progress"], "the progress to be seen")["done"] == 3


def test_the_handle_refuses_what_it_always_refuses(run):
    """Mistakes in the use of the handle are the task's error."""
    assert "ValueError: done must be a finite number" in run(lambda handle: handle.progress(-1))["error"]


def test_a_result_of_a_class_comes_back_as_one(run):
    """An instance is one of the class that this process knows."""
    result = run(lambda: Point(3))["result"]

    assert (type(result), result.x) == (Point, 3)


def test_a_result_nobody_asked_for_stays_there(run):
    """What can't be sent doesn't matter if it isn't kept."""
    record = run(new_lock, get_result=False)

    assert (0, None) == (record["status"], record["result"])


def test_a_result_that_cannot_be_sent_is_an_error(run):
    """The error says what holds it and what to do."""
    record = run(new_lock)

    assert record["status"] == 1
    assert record["error"].startswith("NotSendable: what the function returned can't be sent back")
    assert "cannot pickle '_thread.lock' object" in record["error"]


def test_an_exception_comes_back_with_its_type(run, caplog, until):
    """The record has the line and the traceback of the process; the log has the exception itself."""

    def work():
        raise KeyError("missing")

    record = run(work)

    assert (1, "KeyError: 'missing'") == (record["status"], record["error"])
    assert 'raise KeyError("missing")' in record["traceback"]
    assert __file__ in record["traceback"]
    assert "engine" not in record["traceback"].replace(__file__, "")
    until(lambda: caplog.records, "the log's line, which comes after the end")
    assert isinstance(caplog.records[-1].exc_info[1], KeyError)


def test_an_exception_that_cannot_be_made_again_is_told_in_words(run):
    """Its type, message and traceback are on the record all the same."""

    def work():
        raise Refused("door", "closed")

    record = run(work)

    assert record["status"] == 1
    assert record["error"].startswith("NotSendable: Refused: door: closed (raised in the task's process")
    assert 'raise Refused("door", "closed")' in record["traceback"]


def test_an_exception_that_cannot_be_pickled_is_told_in_words(run):
    """So is one that holds a lock."""

    def work():
        error = ValueError("held")
        error.lock = threading.Lock()
        raise error

    assert run(work)["error"].startswith("NotSendable: ValueError: held (raised")


def test_a_program_that_asks_to_exit_ends_its_task_alone(run, taskman):
    """sys.exit() is an exception, as in a thread."""
    assert run(lambda: sys.exit(3))["error"] == "SystemExit: 3"
    assert run(lambda: "goes on")["result"] == "goes on"


def test_context_variables_stay_behind(run):
    """The function finds them as they are at the start of a program."""
    asked_for.set("somebody")

    assert run(who_asked)["result"] == "nobody"


def test_what_a_function_changes_is_changed_there_alone(run):
    """Nothing is shared with this process."""
    seen = []
    run(lambda: seen.append(1))

    assert seen == []


def test_dependants_start_when_it_has_ended(taskman, ended):
    """Threads and processes follow each other as threads do; what follows a failure is canceled."""
    first = taskman.add("first", lambda: 20, get_result=True, isolation="process")
    then = taskman.add("then", lambda: taskman.get_result(first) + 1, depend_on=first, get_result=True)
    fails = taskman.add("fails", lambda: 1 / 0, depend_on=then, isolation="process")
    never = taskman.add("never", lambda: None, depend_on=fails, isolation="process")

    assert (21, 1, 4) == (ended(then)["result"], ended(fails)["status"], ended(never)["status"])


def closing_over(value):
    return lambda: value


closed_socket = socket.socket()
closed_socket.close()
UNSENDABLE = {
    "lock": (closing_over(threading.Lock()), "variable 'value', a lock"),
    "socket": (closing_over(closed_socket), "variable 'value', a socket"),
    "generator": (closing_over(n for n in "ab"), "variable 'value', a generator"),
    "argument": (functools.partial(double, threading.Lock()), "argument <unlocked _thread.lock.*, a lock"),
    "method": (threading.Event().set, "object, a Event"),
}


@pytest.mark.parametrize(("function", "named"), UNSENDABLE.values(), ids=UNSENDABLE.keys())
def test_what_cannot_be_sent_is_refused_at_the_door(taskman, function, named):
    """The error is a TypeError that names the culprit and what to do; nothing is added."""
    with pytest.raises(NotSendable, match=named) as caught:
        taskman.add("refused", function, isolation="process")

    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, TaskControlError)
    assert "or leave out isolation" in str(caught.value)
    assert taskman.get_all() == []


def test_the_manager_cannot_be_sent(taskman):
    """A function that would ask or add there is told to leave that to this process."""
    with pytest.raises(TypeError, match=r"variable 'taskman', a TaskControl.*belongs to its process"):
        taskman.add("adds", lambda: taskman.add("another", new_lock), isolation="process")
    with pytest.raises(TypeError, match=r"object, a TaskControl.*belongs to its process"):
        taskman.add("asks", taskman.get_all, isolation="process")


@pytest.mark.parametrize("isolation", ["processes", "", None, 1])
def test_other_isolations_are_refused(taskman, isolation):
    """There are two, and the error names them."""
    with pytest.raises(ValueError, match='"thread" or "process"'):
        taskman.add("odd", lambda: None, isolation=isolation)

    assert taskman.get_all() == []


def test_coroutine_functions_are_refused(taskman):
    """With the advice to run them within a function."""

    async def work():
        await asyncio.sleep(0)

    with pytest.raises(TypeError, match="coroutine function"):
        taskman.add("async", work, isolation="process")
    assert taskman.get_all() == []


def test_without_cloudpickle_the_way_to_get_it_is_told(run_script):
    """The engine works without it; add says what to install."""
    lines = run_script(
        "import sys\n"
        "sys.modules['cloudpickle'] = None\n"
        "from engine import TaskControl\n"
        "with TaskControl() as taskman:\n"
        "    taskman.add('thread', lambda: print('runs'))\n"
        "    taskman.wait()\n"
        "    try:\n"
        "        taskman.add('process', lambda: None, isolation='process')\n"
        "    except ImportError as error:\n"
        "        print(error.name, 'task-control[process]' in str(error), len(taskman.get_all()))\n"
    )

    assert lines == ["runs", "cloudpickle True 1"]


def test_a_thread_left_behind_tells_nothing_of_the_next_task(taskman, ended, managers):
    """What an earlier task's thread still says in the same process isn't written on another task's record."""
    manager = managers(max_processes=1)

    def leaves(handle):
        def talk():
            while True:
                handle.log("late")
                time.sleep(0.001)

        threading.Thread(target=talk, daemon=True).start()

    ended(manager.add("leaves", leaves, isolation="process"), manager)
    record = ended(manager.add("next", lambda: time.sleep(0.1), isolation="process"), manager)

    assert (0, ()) == (record["status"], record["log"])


def test_what_is_logged_in_the_process_is_in_the_tasks_log(run):
    """Lines of logging come back with their logger's name, in order with those of the handle."""

    def work(handle):
        handle.log("one")
        logging.getLogger("shop").warning("%s left", 2)

    lines = [(line["level"], line["message"], line["logger"]) for line in run(work)["log"]]

    assert lines == [("INFO", "one", None), ("WARNING", "2 left", "shop")]


class LogsWhenItGoes:
    def __del__(self):
        logging.getLogger("shop").warning("gone")


def test_a_finalizer_that_logs_while_the_process_tells_something_holds_nothing_up(run):
    """Python runs finalizers wherever garbage is found: in the middle of a message, too."""

    def work(handle):
        gc.set_threshold(1)
        for number in range(200):
            circle = [LogsWhenItGoes()]
            circle.append(circle)
            del circle
            handle.progress(number)

    record = run(work, thread_timeout=20)

    assert record["status"] == 0
    assert any(line["message"] == "gone" for line in record["log"])


class OnlyThere:
    """A value that pickles, and can't be made again."""

    def __reduce__(self):
        return int, ("no number",)


def test_a_result_that_cannot_be_made_here_is_said_so(taskman, ended):
    """The task has run, and its error says what became of the result."""
    error = ended(taskman.add("back", OnlyThere, get_result=True, isolation="process"))["error"]

    assert error.startswith("NotSendable: what the function returned can't be sent back")


class Stubborn:
    """A callable that refuses to be pickled, without any part that could be blamed."""

    def __call__(self):
        """Do nothing."""

    def __reduce__(self):
        raise TypeError("not me")


@pytest.mark.parametrize(
    ("function", "culprit"),
    [
        (functools.partial(print, threading.Lock()), "because of its argument"),
        (threading.Lock().acquire, "because of its object, a lock"),
        (Stubborn(), "can't be sent to another process. Let it"),
    ],
    ids=["argument", "object", "nothing"],
)
def test_what_of_a_function_cannot_be_sent_is_named(taskman, function, culprit):
    """The refusal names the part, if there is one to name."""
    with pytest.raises(NotSendable, match=culprit):
        taskman.add("refused", function, isolation="process")


def test_a_function_may_close_its_output(taskman, ended):
    """What it has done to its streams is its own affair."""

    def close():
        sys.stdout.close()
        sys.stderr = None
        return 7

    assert ended(taskman.add("closes", close, get_result=True, isolation="process"))["result"] == 7
