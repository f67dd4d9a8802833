"""S18: a coroutine function is a task's function like any other, and is stopped the way coroutines are."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
import time

import pytest

from engine import TaskExecutor, current_task

pytestmark = pytest.mark.guarantee("S18")

PATIENCE_S = 30.0


async def takes_nothing():
    await asyncio.sleep(0)
    return "nothing"


async def takes_handle(task):
    await asyncio.sleep(0)
    return task.name


async def takes_two(first, second):
    await asyncio.sleep(0)
    return (first, second.name)


class Callable:
    async def __call__(self, task):
        return await takes_handle(task)

    async def method(self):
        return await takes_nothing()


FUNCTIONS = {
    "without an argument": (takes_nothing, "nothing"),
    "with the handle": (takes_handle, "named"),
    "partial": (functools.partial(takes_two, 1), (1, "named")),
    "callable object": (Callable(), "named"),
    "method": (Callable().method, "nothing"),
    "lambda that binds": (lambda task: takes_two(2, task), (2, "named")),
}


@pytest.mark.parametrize(("function", "result"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_what_the_coroutine_returns_is_the_result(taskman, function, result):
    """Whatever kind of callable makes it."""
    task_id = taskman.add("named", function, get_result=True)

    assert taskman.wait(task_id, timeout=PATIENCE_S)
    assert (result, 0) == (taskman.get_result(task_id), taskman.get_status(task_id))


class Numbers:
    async def __call__(self):
        yield 1


async def numbers(task):
    yield 1


@pytest.mark.parametrize(
    "function", [numbers, functools.partial(numbers, None), Numbers()], ids=["function", "partial", "callable object"]
)
def test_async_generator_functions_are_refused(taskman, function):
    """They have no one result; the error says what to do."""
    with pytest.raises(TypeError, match="async for"):
        taskman.add("numbers", function)

    assert [] == taskman.get_all()


def test_what_it_raises_is_the_tasks_error(taskman):
    """With a traceback that begins in the coroutine itself."""

    async def fail():
        await asyncio.sleep(0)
        raise ValueError("no")

    task_id = taskman.add("fail", fail)
    taskman.wait(task_id, timeout=PATIENCE_S)

    record = taskman.get_task(task_id)[0]
    assert (1, "ValueError: no") == (record["status"], record["error"])
    assert "in fail" in record["traceback"].splitlines()[1]


def test_it_is_its_task_everywhere(taskman):
    """In the coroutine and in the asyncio tasks and threads that it starts, `current_task()` is the handle."""

    async def name():
        return current_task().name

    async def ask():
        return [await name(), await asyncio.create_task(name()), await asyncio.to_thread(lambda: current_task().name)]

    task_id = taskman.add("me", ask, get_result=True)
    taskman.wait(task_id, timeout=PATIENCE_S)

    assert ["me"] * 3 == taskman.get_result(task_id)


class Closing:
    """A coroutine function that waits, and says how it was stopped and that it has closed in order."""

    def __init__(self, close_s=0.0):
        self.close_s = close_s
        self.has_begun, self.has_closed = threading.Event(), threading.Event()
        self.stopped_by = []

    async def __call__(self):
        async with self:
            self.has_begun.set()
            try:
                await asyncio.sleep(60)
            except BaseException as error:
                self.stopped_by.append(type(error))
                raise

    async def __aenter__(self):
        pass

    async def __aexit__(self, *_):
        until = time.monotonic() + self.close_s
        while time.monotonic() < until:
            await asyncio.sleep(0.01)
        self.has_closed.set()


@pytest.mark.parametrize("close_s", [0.0, 1.2], ids=["at once", "taking its time"])
def test_a_cancel_reaches_the_coroutine_and_lets_it_close(taskman, until, close_s):
    """As CancelledError, once; its `async with` blocks run to their end, and its thread comes back."""
    function = Closing(close_s)
    task_id = taskman.add("closing", function)
    assert function.has_begun.wait(PATIENCE_S)

    assert taskman.cancel(task_id)

    assert function.has_closed.wait(PATIENCE_S)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back")
    assert [asyncio.CancelledError] == function.stopped_by
    assert (4, "Canceled on request") == tuple(taskman.get_task(task_id)[0][key] for key in ("status", "error"))


def test_a_time_limit_reaches_the_coroutine(taskman, until):
    """As CancelledError, too; the record says that it was the limit."""
    function = Closing()
    task_id = taskman.add("closing", function, thread_timeout=0.1)

    assert function.has_closed.wait(PATIENCE_S)
    assert [asyncio.CancelledError] == function.stopped_by
    assert (1, "Killed by timeout") == tuple(taskman.get_task(task_id)[0][key] for key in ("status", "error"))


def test_the_coroutines_other_asyncio_tasks_are_cancelled(taskman):
    """What it has started and not awaited doesn't outlive it."""
    others = [Closing(), Closing()]

    async def start():
        kept = [asyncio.create_task(other()) for other in others]
        await asyncio.sleep(0.01)
        return len(kept)

    task_id = taskman.add("start", start)
    taskman.wait(task_id, timeout=PATIENCE_S)

    assert all(other.has_closed.is_set() for other in others)


def test_a_coroutine_that_spins_is_interrupted(taskman, until):
    """Its loop never gets to hear of the stop, and the thread comes back all the same."""
    has_begun = threading.Event()

    async def spin():
        has_begun.set()
        while True:
            pass

    task_id = taskman.add("spin", spin)
    assert has_begun.wait(PATIENCE_S)
    taskman.cancel(task_id)

    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back")


def test_a_coroutine_that_swallows_its_cancellation_is_stopped_in_the_end(taskman, until, monkeypatch, caplog):
    """It may take its time for closing, but not for ever."""
    monkeypatch.setattr("engine.coroutines.CLOSE_S", 0.4)
    swallowed = []

    async def stubborn():
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed.append(time.monotonic())

    task_id = taskman.add("stubborn", stubborn)
    until(lambda: taskman.get_status(task_id) == 3, "it to run")
    taskman.cancel(task_id)

    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back", 3 * PATIENCE_S)
    assert swallowed


def test_a_shield_keeps_the_cancellation_out(taskman, until):
    """What is under it is done; then the coroutine stops."""
    seen, has_begun, may_go_on = [], threading.Event(), threading.Event()

    async def work(task):
        with task.shield():
            has_begun.set()
            while not may_go_on.is_set():
                await asyncio.sleep(0.01)
            seen.append("shielded")
        seen.append("after")

    task_id = taskman.add("work", work)
    assert has_begun.wait(PATIENCE_S)
    taskman.cancel(task_id)
    may_go_on.set()
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back")

    assert ["shielded"] == seen


@pytest.mark.filterwarnings("error")
def test_a_cancel_at_any_moment_leaves_nothing_open(taskman, until):
    """No coroutine that was never awaited, no loop that was never closed, no thread."""
    ids = []
    for number in range(150):
        ids.append(taskman.add("short", takes_nothing))
        for _ in range(number * 30):
            pass
        taskman.cancel(ids[-1])

    assert taskman.wait(ids, timeout=PATIENCE_S)
    until(lambda: not any(record["stopping"] for record in taskman.get_all()), "the threads to come back")


def test_a_coroutine_that_is_made_after_the_stop_never_begins(taskman, until):
    """Nor does Python complain of one that was never awaited."""
    has_begun, seen = threading.Event(), []

    async def late():
        seen.append("begun")

    def make(task):
        has_begun.set()
        while not task.cancelled:
            pass
        return late()

    task_id = taskman.add("make", make)
    assert has_begun.wait(PATIENCE_S)
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back")
    gc.collect()

    assert [] == seen


def test_a_stop_while_the_loop_is_made_reaches_the_coroutine(taskman, monkeypatch):
    """No moment is too early."""
    monkeypatch.setattr("engine.coroutines.CLOSE_S", 60)  # it isn't the interrupts that reach it
    made = asyncio.new_event_loop
    function = Closing()

    def stopped_meanwhile():
        taskman.cancel(current_task().id)
        return made()

    monkeypatch.setattr(asyncio.events, "new_event_loop", stopped_meanwhile)
    taskman.add("closing", function)

    assert function.has_closed.wait(PATIENCE_S)
    assert [asyncio.CancelledError] == function.stopped_by


def test_a_stop_after_the_loop_is_closed_finds_nothing_to_cancel(taskman, until, monkeypatch):
    """The task is canceled, and its thread comes back."""
    close, answers = asyncio.Runner.close, []

    def close_and_cancel(runner):
        close(runner)
        answers.append(taskman.cancel(current_task().id))

    monkeypatch.setattr(asyncio.Runner, "close", close_and_cancel)
    task_id = taskman.add("late", takes_nothing)

    assert taskman.wait(task_id, timeout=PATIENCE_S)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "its thread to come back")
    assert (4, [True]) == (taskman.get_status(task_id), answers)


def test_an_executor_runs_coroutine_functions(taskman):
    """The future has what the coroutine returns, and cancels it."""
    executor, function = TaskExecutor(taskman), Closing()

    closing = executor.submit(function)
    assert "nothing" == executor.submit(takes_nothing).result(PATIENCE_S)
    assert function.has_begun.wait(PATIENCE_S)
    assert closing.cancel()
    assert function.has_closed.wait(PATIENCE_S)
