"""S8, S14: whatever Python code a function is in when its end is decided, it is stopped there, and tidies up."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.guarantee("S8"), pytest.mark.guarantee("S14")]

SHORT_S = 0.05
ENDS = {
    "cancel": (lambda taskman, task_id: taskman.cancel(task_id), 4),
    "removal": (lambda taskman, task_id: taskman.db.remove(taskman.dbQuery.id == task_id), None),
    "written end": (lambda taskman, task_id: taskman.db.update({"status": 1}, taskman.dbQuery.id == task_id), 1),
}


class Function:
    """A task function of one step, taken for ever; it knows when it started, and that it is really over."""

    def __init__(self, step: Callable[[], Any]) -> None:
        self._step = step
        self.started = threading.Event()
        self.over = threading.Event()

    def __call__(self, handle: Any) -> None:
        self.started.set()
        try:
            while True:
                self._step()
        finally:
            self.over.set()


def raise_and_catch() -> None:
    try:
        int("x")
    except ValueError:
        pass


def numbers() -> Iterator[int]:
    try:
        yield from range(1000)
    finally:
        sum(range(10))


def half_read_generator(kept=[]) -> None:  # noqa: B006 # the list is what keeps it
    kept[:] = [numbers()]
    next(kept[0])


def in_a_finally_block() -> None:
    try:
        pass
    finally:
        for _ in range(100):
            pass


def deep(depth: int = 200) -> int:
    return depth and 1 + deep(depth - 1)


LOCK, QUEUE = threading.Lock(), queue.SimpleQueue()


def in_a_with_lock(lock: threading.Lock = LOCK) -> None:
    with lock:
        sum(range(10))


PURE_PYTHON = {
    "a loop": lambda: None,
    "exceptions": raise_and_catch,
    "a generator": lambda: [number for number in numbers() if number < 0],
    "a half-read generator": half_read_generator,
    "a finally block": in_a_finally_block,
    "recursion": deep,
    "with lock": in_a_with_lock,
    "sorting by a key": lambda: sorted(range(1000), key=lambda n: -n),
    "short sleeps": lambda: time.sleep(0.001),
    "a queue with a timeout": lambda: QUEUE.empty() or QUEUE.get(timeout=0.001),
}


# An interrupt that lands while Python closes a dropped generator is swallowed there, reported so, and sent again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("step", PURE_PYTHON.values(), ids=PURE_PYTHON.keys())
def test_a_cancel_stops_pure_python(taskman, until, step):
    """A function that never asks is stopped wherever it is between two short calls."""
    function = Function(step)
    task_id = taskman.add(name="for ever", function=function)
    assert function.started.wait(10)
    assert taskman.cancel(task_id)

    until(function.over.is_set, "the function to be stopped")
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the thread to be done")
    assert taskman.get_status(task_id) == 4


@pytest.mark.parametrize(("end", "status"), ENDS.values(), ids=ENDS.keys())
def test_every_way_to_end_a_task_stops_its_function(taskman, until, end, status):
    """A cancel, a removed record and an end written by hand stop the thread alike."""
    function = Function(lambda: None)
    task_id = taskman.add(name="for ever", function=function)
    assert function.started.wait(10)
    end(taskman, task_id)

    until(function.over.is_set, "the function to be stopped")
    assert [record["status"] for record in taskman.get_task(task_id)] == ([] if status is None else [status])


@pytest.mark.parametrize("times", [1, 5])
def test_a_function_that_swallows_everything_is_interrupted_again(taskman, until, times):
    """`except BaseException` in a loop gets the interrupt again, until the function gives in."""
    swallowed = []

    def work(handle) -> None:
        while len(swallowed) < times:
            try:
                while True:
                    pass
            except BaseException as error:
                swallowed.append(type(error).__name__)

    task_id = taskman.add(name="stubborn", function=work)
    until(lambda: taskman.get_status(task_id) == 3, "the task to run")
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the thread to be done")

    assert (swallowed, taskman.get_status(task_id)) == (["TaskCancelled"] * times, 4)


def test_what_a_finally_block_does_is_done(taskman, until):
    """Cleaning up takes place; a shield keeps it whole however long it takes."""
    steps, started = [], threading.Event()

    def work(handle) -> None:
        try:
            started.set()
            while True:
                pass
        finally:
            with handle.shield():
                for number in range(3):
                    time.sleep(SHORT_S)
                    steps.append(number)

    task_id = taskman.add(name="tidy", function=work)
    assert started.wait(10)
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the thread to be done")

    assert steps == [0, 1, 2]


def test_a_lock_of_the_task_is_released(taskman, until):
    """Stopped inside `with lock`, again and again, a task never takes the lock along."""
    lock = threading.Lock()
    for _ in range(30):
        function = Function(lambda: in_a_with_lock(lock))
        task_id = taskman.add(name="locks", function=function)
        assert function.started.wait(10)
        taskman.cancel(task_id)
        until(function.over.is_set, "the function to be stopped")

        assert lock.acquire(timeout=10)
        lock.release()


def test_a_generator_of_the_task_is_closed(taskman, until):
    """A generator that the function was reading runs its finally block when the task is stopped."""
    closed, started = threading.Event(), threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    def work(handle) -> None:
        started.set()
        for _ in endless():
            pass

    task_id = taskman.add(name="reads", function=work)
    assert started.wait(10)
    taskman.cancel(task_id)

    until(closed.is_set, "the generator to be closed")
