"""Functions for tasks that do what the test says, when it says so."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine import TaskHandle


def runs_until(gate: threading.Event) -> Callable[[TaskHandle], None]:
    """A function that runs until the gate is opened or the task is stopped."""

    def work(handle: TaskHandle) -> None:
        while not gate.is_set():
            handle.sleep(0.005)

    return work


def runs_on(handle: TaskHandle) -> None:
    """Run until the task is stopped."""
    handle.sleep(3600)


def ends(handle: TaskHandle) -> None:
    """End at once."""


def fails(handle: TaskHandle) -> None:
    """Fail at once."""
    raise FileNotFoundError(2, "No such file or directory", "/nowhere/at.all")


def counts_up(period_s: float) -> Callable[[TaskHandle], None]:
    """A function that reports progress that often, for ever."""

    def work(handle: TaskHandle) -> None:
        done = 0
        while True:
            done += 1
            handle.progress(done, 1_000_000, f"step {done}")
            handle.sleep(period_s)

    return work
