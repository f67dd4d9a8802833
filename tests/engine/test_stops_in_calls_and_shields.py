"""S8, S14: calls that can't be interrupted, and blocks that must not be, end whole, and cost nobody else anything."""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.guarantee("S8"), pytest.mark.guarantee("S14")]

QUEUE, EVENT, CONDITION = queue.Queue(), threading.Event(), threading.Condition()


def test_a_shield_in_a_generator_holds_for_the_task_alone(managers, until):
    """A shield entered in a generator that outlives its task keeps no interrupt from the thread's next task."""
    manager, kept = managers(max_workers=1), []

    def half_read(handle) -> None:
        def shielded() -> Iterator[int]:
            with handle.shield():
                yield 1

        generator = shielded()
        next(generator)
        kept.append(generator)

    manager.wait(manager.add(name="leaves a shield", function=half_read))
    started, over = threading.Event(), threading.Event()

    def loop(handle) -> None:
        started.set()
        try:
            while True:
                pass
        finally:
            over.set()

    task_id = manager.add(name="next", function=loop)
    assert started.wait(10)
    kept.pop().close()
    manager.cancel(task_id)

    until(over.is_set, "the next task to be stopped")


class BlockedCalls:
    """Calls that Python can't interrupt, and what lets each return."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.near, self.far = socket.socketpair()
        self.condition, self.event, self.queue = threading.Condition(), threading.Event(), queue.Queue()

    def calls(self) -> dict[str, Callable[[], Any]]:
        return {
            "a lock": lambda: self.lock.acquire(timeout=30),
            "a read from a socket": lambda: self.near.recv(1),
            "a long sleep": lambda: time.sleep(1.0),
            "an event": lambda: self.event.wait(30),
            "a condition": self.wait_for_condition,
            "a queue": lambda: self.queue.get(timeout=30),
        }

    def wait_for_condition(self) -> None:
        with self.condition:
            self.condition.wait(30)

    def let_go(self) -> None:
        self.lock.release()
        self.far.send(b"x")
        self.event.set()
        self.queue.put(None)
        with self.condition:
            self.condition.notify_all()

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def blocked():
    made = BlockedCalls()
    yield made
    made.close()


@pytest.mark.parametrize(
    "kind", ["a lock", "a read from a socket", "a long sleep", "an event", "a condition", "a queue"]
)
def test_a_blocking_call_costs_no_seat_and_stops_as_it_returns(managers, blocked, until, kind):
    """The end is decided at once and others run on; when the call returns, nothing of the function runs any more."""
    manager, call, after = managers(max_workers=1), blocked.calls()[kind], []
    started = threading.Event()

    def work(handle) -> None:
        started.set()
        call()
        after.extend(number for number in range(2))

    task_id = manager.add(name=kind, function=work)
    assert started.wait(10)
    manager.cancel(task_id)
    assert manager.wait(manager.add(name="other", function=lambda f: None), timeout=10)
    blocked.let_go()
    until(lambda: manager.get_task(task_id)[0]["stopping"] is None, "the call to return and the thread to end")

    assert (manager.get_status(task_id), after) == (4, [])


def notify() -> None:
    with CONDITION:
        CONDITION.notify_all()


TOOLS = {
    "Queue": lambda: (QUEUE.put(1), QUEUE.get()),
    "Event": lambda: (EVENT.set(), EVENT.wait(), EVENT.clear()),
    "Condition": notify,
    "logging": lambda: logging.getLogger("tests.stops").debug("at work"),
}


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS.keys())
def test_what_is_done_under_a_shield_is_never_cut(taskman, until, tool):
    """Tools of the standard library stay usable when they are used under a shield, however often tasks are stopped."""
    for _ in range(20):
        started, over = threading.Event(), threading.Event()

        def work(handle, started=started, over=over) -> None:
            try:
                while True:
                    with handle.shield():
                        started.set()
                        tool()
                    sum(range(2000))
            finally:
                over.set()

        task_id = taskman.add(name="uses", function=work)
        assert started.wait(10)
        taskman.cancel(task_id)
        until(over.is_set, "the function to be stopped")

    done = threading.Thread(target=tool, daemon=True)
    done.start()
    done.join(10)
    assert not done.is_alive(), "a stopped task has left a lock held"


def test_a_stop_takes_effect_as_the_shield_is_left(taskman, until):
    """A function that does nearly everything under one shield after the other is stopped between two of them."""
    started, given_up, stopped_by = threading.Event(), threading.Event(), []

    def work(handle) -> None:
        try:
            while not given_up.is_set():
                with handle.shield():
                    started.set()
                    time.sleep(0.01)
        except BaseException as error:
            stopped_by.append(type(error).__name__)
            raise

    task_id = taskman.add(name="shields all", function=work)
    assert started.wait(10)
    taskman.cancel(task_id)
    try:
        until(lambda: stopped_by, "the function to be stopped", patience_s=5.0)
    finally:
        given_up.set()

    assert stopped_by == ["TaskCancelled"]


def test_a_thread_that_a_task_started_is_not_interrupted(taskman, until):
    """Only the thread that runs the function is; what it started is its own business."""
    outcome, started, go_on = [], threading.Event(), threading.Event()

    def helper() -> None:
        try:
            while not go_on.wait(0.001):
                pass
            outcome.append("whole")
        except BaseException as error:
            outcome.append(error)

    def work(handle) -> None:
        thread = threading.Thread(target=helper)
        thread.start()
        started.set()
        try:
            while True:
                pass
        finally:
            go_on.set()
            thread.join()

    task_id = taskman.add(name="has a thread", function=work)
    assert started.wait(10)
    taskman.cancel(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the thread to be done")

    assert outcome == ["whole"]
