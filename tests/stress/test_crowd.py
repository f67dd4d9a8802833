"""Tens of thousands of tasks under many hands: nothing is lost, nothing runs twice, everybody sees the same."""

from __future__ import annotations

import threading
import time

import pytest

from engine import Status

from .crowd import Crowd
from .guards import GUARDS, finding

# An interrupt that lands in a finalizer is swallowed there, reported as this warning, and sent again.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.guarantee("S5")
@pytest.mark.guarantee("S9")
@pytest.mark.guarantee("S14")
@pytest.mark.guarantee("S16")
@pytest.mark.usefixtures("hasty_switching")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crowd_of_threads_breaks_no_promise(seed):
    """Ten threads add, chain, cancel, time out, purge and edit: each task ends once and runs at most once, in order.

    Fails when tasks are admitted, purged or doomed in more than one step, or a written end is followed up twice: see
    `python -m tests.stress.guards`.
    """
    problems = Crowd(seed, tasks=10_000).run()

    assert problems == []


@pytest.mark.parametrize("name", ["doom once", "forget"])
def test_the_crowd_finds_a_missing_guard(name):
    """Without this guard the crowd reports a problem; `python -m tests.stress.guards` tries all of them."""
    assert finding(name) is not None, f"nothing was found without: {GUARDS[name].what}"


@pytest.mark.guarantee("S9")
@pytest.mark.usefixtures("hasty_switching")
def test_a_task_with_a_failed_dependency_never_runs(taskman):
    """However soon its other dependencies complete, one that has failed already keeps the task from running.

    Fails when the task is linked to the others, and canceled in a later step than that.
    """
    failed = taskman.add(name="fails", function=lambda f: 1 / 0)
    taskman.wait(failed)
    ran: list[str] = []
    doomed: list[str] = []

    def add_many() -> None:
        for _ in range(2500):
            live = taskman.add(name="live", function=lambda f: None)
            doomed.append(taskman.add(name="doomed", function=lambda f: ran.append(f.id), depend_on=[failed, live]))
            while taskman.counts()[Status.SUSPENDED] > 50:
                time.sleep(0.0005)

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taskman.wait()

    assert ran == []
    assert {taskman.get_status(task_id) for task_id in doomed} == {Status.CANCELED}
