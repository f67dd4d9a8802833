"""A storm of tasks that end by themselves, by cancels and by timeouts in the same instants; says what went wrong."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from engine import Change, RevisionGone, Status, TaskControl, TaskHandle, TaskInterrupt, stopping

from .verdict import PATIENCE_S, missing_seats

SEATS = 8


class Storm:
    """One run. ``kept`` tasks may be stopped by nobody: each must end with its own outcome.

    ``only_ends`` makes all tasks loops about as long as their limits, so that most stops come as a task ends.
    """

    def __init__(self, seed: int, tasks: int, only_ends: bool = False) -> None:
        self.random = random.Random(seed)
        self.tasks = tasks
        self.taskman = TaskControl(max_workers=SEATS, history=1_000_000)
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.numbers: dict[str, int] = {}
        self.kept: dict[str, Callable[..., Any]] = {}
        self.calls: Counter[int] = Counter()
        self.over = threading.Event()
        mixed = [*KINDS, self.add_and_cancel, self.wait_for_one]
        self.kinds: list[Callable[..., Any]] = [work_in_a_loop] if only_ends else mixed
        self.most_waiting = SEATS * 2 if only_ends else 60

    def run(self) -> list[str]:
        """The storm from first to last; stops are followed up without the usual patience, to hit tasks as they end."""
        with mock.patch.multiple(stopping, GRACE_S=0.0, FIRST_PAUSE_S=0.0005, GIVE_UP_AFTER_S=0.05):
            return self._run()

    def _run(self) -> list[str]:
        cancellers = [threading.Thread(target=self._cancel_at_random, args=(n,)) for n in range(2)]
        for thread in cancellers:
            thread.start()
        try:
            for number in range(self.tasks):
                self._add(number)
            if not self.taskman.wait(timeout=PATIENCE_S):
                self.problems.append(f"lost: {Counter(self.taskman.counts())} after {PATIENCE_S} s")
        finally:
            self.over.set()
            for thread in cancellers:
                thread.join()
        self._judge()
        if not self.problems:
            self._all_seats_are_there()
        if not self.taskman.shutdown(cancel_futures=True, timeout=5):
            self.problems.append("shutdown did not end everything")
        return self.problems

    def _add(self, number: int) -> None:
        rnd, kind = self.random, self.random.choice(self.kinds)
        kept = rnd.random() < 0.4 and kind is not self.wait_for_one
        limit = None if kept or rnd.random() < 0.4 else rnd.random() * 0.004 + 1e-6
        depend_on = rnd.choice(self.ids[-20:]) if self.ids and not kept and rnd.random() < 0.2 else None

        def function(handle: TaskHandle) -> Any:
            self.calls[number] += 1
            try:
                return kind(handle, number)
            except TaskInterrupt:
                if not handle.cancelled:
                    self.problems.append(f"{kind.__name__} was interrupted without a decision")
                raise

        try:
            task_id = self.taskman.add("storm", function, depend_on, get_result=True, thread_timeout=limit)
        except LookupError:
            return  # its dependency has just been purged
        if kept:
            self.kept[task_id] = kind
        self.ids.append(task_id)
        self.numbers[task_id] = number
        while self.taskman.counts()[Status.SUSPENDED] > self.most_waiting and not self.problems:
            time.sleep(0.0005)

    def _cancel_at_random(self, seed: int) -> None:
        rnd = random.Random(seed)
        while not self.over.wait(rnd.random() * 0.002):
            recent = [task_id for task_id in self.ids[-40:] if task_id not in self.kept]
            if not recent:
                continue
            task_id = rnd.choice(recent)
            try:
                did_it = self.taskman.cancel(task_id)
            except LookupError:
                continue
            if did_it and self.taskman.get_status(task_id) != Status.CANCELED:
                self.problems.append("cancel() returned True for a task that isn't canceled")

    def _judge(self) -> None:
        for task_id in self.ids:
            (record,) = self.taskman.get_task(task_id)
            kind = self.kept.get(task_id)
            if record["started_at"] is None and self.calls[self.numbers[task_id]]:
                self.problems.append(f"{record['name']} was called though its end was decided before")
            if not Status(record["status"]).is_final:
                self.problems.append(f"{record['name']} never ended: {record['status']}")
            if kind is fail:
                if record["status"] != Status.ERROR or not record["error"].startswith("ZeroDivisionError"):
                    self.problems.append(f"a failing task nobody stopped ended as {record['status']} {record['error']}")
            elif kind is not None and (record["status"] != Status.COMPLETED or record["result"] is None):
                self.problems.append(f"{kind.__name__}, which nobody stopped, ended as {record['error']}")
        if twice := [number for number, calls in self.calls.items() if calls > 1]:
            self.problems.append(f"{len(twice)} functions ran twice")
        self._judge_history()

    def _judge_history(self) -> None:
        moment = self.taskman.snapshot()  # what is still being stopped changes later, too
        try:
            changes = [change for change in self.taskman.changes(0) if change.revision <= moment.revision]
        except RevisionGone:
            self.problems.append("the history didn't hold the storm: give it more room")
            return
        if [change.revision for change in changes] != list(range(1, len(changes) + 1)):
            self.problems.append("revisions have gaps")
        self.problems += [f"{task_id}: {flow}" for task_id, flow in _flows(changes).items() if flow not in FLOWS]
        view: dict[str | None, Any] = {change.id: dict(change.record) for change in changes}
        if view != {record["id"]: dict(record) for record in moment.records}:
            self.problems.append("a subscriber's view differs from the store")

    def _all_seats_are_there(self) -> None:
        self.problems += missing_seats(self.taskman, SEATS)
        # On a busy machine a thread may be given up that is only slow: it gets time to come back.
        until = time.monotonic() + PATIENCE_S
        while any(record["stopping"] for record in self.taskman.get_all()):
            if time.monotonic() > until:
                self.problems.append("a thread is still being stopped, long after the end of its task")
                break
            time.sleep(0.01)
        self._no_seat_is_too_many()

    def _no_seat_is_too_many(self) -> None:
        door = threading.Event()
        ids = [self.taskman.add("seat", lambda f: door.wait(PATIENCE_S)) for _ in range(SEATS * 2)]
        time.sleep(0.1)  # long enough for the pool to start threads if it thinks that it may
        if self.taskman.counts()[Status.RUNNING] > SEATS:
            self.problems.append("more tasks run at once than there are seats")
        door.set()
        self.taskman.wait(ids, timeout=PATIENCE_S)

    def add_and_cancel(self, handle: TaskHandle, number: int) -> int:
        """Uses the manager from inside a task, where an interrupt may come at any step."""
        child = self.taskman.add("child", lambda f: None)
        self.taskman.get_task(child)
        self.taskman.cancel(child)
        self.taskman.db.update({"note": number}, self.taskman.dbQuery.id == child)
        return number

    def wait_for_one(self, handle: TaskHandle, number: int) -> int:
        """Waits inside a task, so that seats are lent and taken back."""
        self.taskman.wait(self.taskman.add("child", lambda f: None), timeout=1)
        return number


#: The statuses that a task may go through.
FLOWS = [(2, 3, 0), (2, 3, 1), (2, 3, 4), (2, 4)]


def _flows(changes: list[Change]) -> dict[str, tuple[int, ...]]:
    flows: dict[str, tuple[int, ...]] = {}
    for change in changes:
        assert change.id is not None
        flow, status = flows.get(change.id, ()), change.record["status"]
        if not flow or flow[-1] != status:
            flows[change.id] = (*flow, status)
    return flows


def work_instantly(handle: TaskHandle, number: int) -> int:
    return number


def work_in_a_loop(handle: TaskHandle, number: int) -> int:
    rounds = number * 7919 % 20000
    while rounds:
        rounds -= 1
    return number


def work_and_sleep(handle: TaskHandle, number: int) -> int:
    time.sleep(number % 5 * 0.001)
    return number


def raise_inside(handle: TaskHandle, number: int) -> int:
    for _ in range(50):
        try:
            int("x")
        except ValueError:
            continue
    return number


def swallow(handle: TaskHandle, number: int) -> int:
    for _ in range(3):
        try:
            for _ in range(3000):
                pass
            return number
        except BaseException:
            if not handle.cancelled:
                raise
    return number


def clean_up(handle: TaskHandle, number: int) -> int:
    try:
        for _ in range(2000):
            pass
        return number
    finally:
        for _ in range(200):
            pass


def fail(handle: TaskHandle, number: int) -> float:
    return number / 0


def tell(handle: TaskHandle, number: int) -> int:
    for done in range(5):
        handle.log("at work")
        handle.progress(done, 5)
    return number


KINDS = [work_instantly, work_in_a_loop, work_and_sleep, raise_inside, swallow, clean_up, fail, tell]
