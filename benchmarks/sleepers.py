"""What a thousand tasks that only sleep cost: time and memory, against ThreadPoolExecutor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

from engine import TaskControl

from .processes import in_child, peak_bytes, resident_bytes
from .report import Report, Table, Target, figure, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Sleeping tasks"
ABOUT = """
A thousand tasks that call `time.sleep` for one second, all at once, each run in a process of its own. Time: from the
first `add`, or `submit`, to the end of the last task. Memory: by how much the most that the process ever held exceeds
what it held before it made the manager, or the executor. The floor: as many threads that only sleep, with nothing to
tell anybody when they are done.
"""

TASKS = 1_000
SLEEP_S = 1.0
ROUNDS, QUICK_ROUNDS = 9, 3
MOST = 1.0

OURS, PEER, FLOOR = "Task Control", f"ThreadPoolExecutor({TASKS})", "threads alone (the floor)"

#: The seconds, and the bytes, by name.
Measured = tuple[Mapping[str, Series], Mapping[str, Series]]


def run(quick: bool) -> Report:
    """Measure and report."""
    return report(*measure(TASKS, SLEEP_S, QUICK_ROUNDS if quick else ROUNDS))


def measure(tasks: int, sleep_s: float, rounds: int) -> Measured:
    """Run so many sleeping tasks both ways, each time in a process of its own."""
    grown: dict[str, list[float]] = {OURS: [], PEER: [], FLOOR: []}

    def contestant(name: str, sleep: Callable[[int, float], tuple[float, int]]) -> float:
        took_s, grown_bytes = in_child(sleep, tasks, sleep_s)
        grown[name].append(grown_bytes)
        return took_s

    ways = {OURS: _sleep_in_tasks, PEER: _sleep_in_futures, FLOOR: _sleep_in_threads}
    contestants = {name: partial(contestant, name, sleep) for name, sleep in ways.items()}
    seconds = interleaved(contestants, rounds=rounds, warm_up=0)
    return seconds, {name: Series(tuple(values)) for name, values in grown.items()}


def _sleep_in_tasks(tasks: int, sleep_s: float) -> tuple[float, int]:
    before = resident_bytes()
    with TaskControl(max_workers=tasks) as taskman:
        begun = time.perf_counter()
        for _ in range(tasks):
            taskman.add("Sleep", lambda: time.sleep(sleep_s))
        taskman.wait()
        return time.perf_counter() - begun, peak_bytes() - before


def _sleep_in_futures(tasks: int, sleep_s: float) -> tuple[float, int]:
    before = resident_bytes()
    with ThreadPoolExecutor(tasks) as executor:
        begun = time.perf_counter()
        wait([executor.submit(lambda: time.sleep(sleep_s)) for _ in range(tasks)])
        return time.perf_counter() - begun, peak_bytes() - before


def _sleep_in_threads(tasks: int, sleep_s: float) -> tuple[float, int]:
    before = resident_bytes()
    begun = time.perf_counter()
    threads = [threading.Thread(target=time.sleep, args=(sleep_s,)) for _ in range(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun, peak_bytes() - before


def report(seconds: Mapping[str, Series], grown: Mapping[str, Series]) -> Report:
    """Time and memory of all."""
    rows = [
        [
            name,
            f"{seconds[name].median:.3f}",
            percent(seconds[name].spread),
            figure(grown[name].median / 1e6),
            percent(grown[name].spread),
            str(len(seconds[name].values)),
        ]
        for name in seconds
    ]
    head = [f"{figure(TASKS)} tasks", "time, s", "spread", "memory, MB", "spread", "rounds"]
    return Report(Table(head, rows), [_target("time", seconds), _target("memory", grown)])


def _target(what: str, measured: Mapping[str, Series]) -> Target:
    found = ratio(measured[OURS], measured[PEER])
    return Target(f"at most {MOST} times the executor's {what}", f"{times(found)} times", found.of_medians <= MOST)
