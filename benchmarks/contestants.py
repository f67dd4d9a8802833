"""Who runs tasks that do nothing, then gives the results of all: Task Control, and what Python brings."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue
from typing import NamedTuple

from engine import Subscription, TaskControl

CHANGES_PER_TASK = 3  # added, running, completed
WORKERS = 32


class Contestant(NamedTuple):
    """One that runs tasks.

    Attributes:
        name: what the tables call it.
        run: runs so many tasks; returns the seconds from the first call to the last result.
        module: what must be importable for it; None where Python itself has it all.
        most: the most tasks it is given: who is far slower than the others is measured with fewer.
    """

    name: str
    run: Callable[[int], float]
    module: str | None = None
    most: int = 1_000_000


def work(_: object) -> int:
    """The task."""
    return 1


def run_tasks(tasks: int) -> float:
    """Task Control: every record kept, and one subscriber that reads every change."""
    # A history that holds them all: whether the subscriber keeps up is left to the scheduler of threads.
    with TaskControl(history=CHANGES_PER_TASK * tasks) as taskman, taskman.subscribe() as changes:
        reader = threading.Thread(target=_read, args=(changes, CHANGES_PER_TASK * tasks), name="benchmark-reader")
        reader.start()
        begun = time.perf_counter()
        ids = [taskman.add("No-op", work, get_result=True) for _ in range(tasks)]
        taskman.wait()
        results = [taskman.get_result(task_id) for task_id in ids]
        reader.join()
        took_s = time.perf_counter() - begun
    return checked(took_s, results, tasks)


def _read(changes: Subscription, count: int) -> None:
    for _ in islice(changes, count):
        pass


def run_futures(tasks: int) -> float:
    """The executor of the standard library."""
    with ThreadPoolExecutor(WORKERS) as executor:
        begun = time.perf_counter()
        futures = [executor.submit(work, None) for _ in range(tasks)]
        results = [future.result() for future in futures]
        took_s = time.perf_counter() - begun
    return checked(took_s, results, tasks)


def run_hand_over(tasks: int) -> float:
    """Functions through one queue to one thread, results back through another: less can't be done."""
    functions: SimpleQueue[Callable[[object], int] | None] = SimpleQueue()
    returned: SimpleQueue[int] = SimpleQueue()

    def serve() -> None:
        while (function := functions.get()) is not None:
            returned.put(function(None))

    thread = threading.Thread(target=serve, name="benchmark-hand-over")
    thread.start()
    begun = time.perf_counter()
    for _ in range(tasks):
        functions.put(work)
    results = [returned.get() for _ in range(tasks)]
    took_s = time.perf_counter() - begun
    functions.put(None)
    thread.join()
    return checked(took_s, results, tasks)


def checked(took_s: float, results: Sequence[object], tasks: int) -> float:
    """The seconds, if every result is there; raises RuntimeError if not."""
    if list(results) != [1] * tasks:
        raise RuntimeError(f"{tasks - list(results).count(1)} of {tasks} results are missing: nothing was measured")
    return took_s


OURS = Contestant("Task Control", run_tasks)
EXECUTOR = Contestant(f"ThreadPoolExecutor({WORKERS})", run_futures)
LIMIT = Contestant("SimpleQueue (the limit)", run_hand_over)
