"""A crowd of threads adds, chains, cancels, purges and edits in one manager at once; says what went wrong.

The storm beside it hunts interrupts; this hunts the graph, the records and those who follow them.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from engine import Status, TaskControl, TaskHandle

from .verdict import PATIENCE_S, Reader, judged, missing_seats

SEATS = 6
#: How far behind whoever cancels or edits reaches, and how many tasks may wait before adding pauses.
RECENT = 60
MOST_WAITING = 300


class Crowd:
    """One run of ``tasks`` tasks, added by several threads; :meth:`run` returns the problems."""

    def __init__(self, seed: int, tasks: int) -> None:
        self.seed = seed
        self.tasks = tasks
        self.taskman = TaskControl(max_workers=SEATS, history=2_000_000)
        self.taskman.suspend_refresh = 0.01  # so that second looks race with events
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.calls: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()
        self.over = threading.Event()

    def run(self) -> list[str]:
        """The crowd from first to last."""
        views = [Reader(self.taskman), Reader(self.taskman)]
        others = [self._cancel, self._write, self._remove]
        troublemakers = [threading.Thread(target=self._go_on, args=(step, n)) for n, step in enumerate(others * 2)]
        adders = [threading.Thread(target=self._add_many, args=(n,)) for n in range(4)]
        for thread in [*troublemakers, *adders]:
            thread.start()
        for thread in adders:
            thread.join()
        self.over.set()
        for thread in troublemakers:
            thread.join()
        self._wait_for_all()
        ids = list(self.ids)  # the function of a task that has ended may still add one
        self.problems += judged(self.taskman, ids, self.calls, self.cancelled, views)
        if not self.problems:
            self.problems += missing_seats(self.taskman, SEATS)
        self._shut_down(views)
        return self.problems

    def _wait_for_all(self) -> None:
        """Tasks add tasks, which no single wait() covers."""
        until = time.monotonic() + PATIENCE_S
        while sum(self.taskman.counts()[Status.SUSPENDED : Status.CANCELED]):
            if not self.taskman.wait(timeout=max(0.0, until - time.monotonic())):
                self.problems.append(f"lost: {self.taskman.counts()} after {PATIENCE_S} s")
                return

    # -- what the crowd does

    def _add_many(self, number: int) -> None:
        rnd = random.Random(self.seed * 100 + number)
        kinds: list[Callable[..., Any]] = [self.nothing, self.nothing, self.work, self.fail, self.nap]
        kinds += [self.add_one_behind, self.wait_for_one, self.cancel_another, self.remove_itself]
        for _ in range(self.tasks // 4):
            kind, recent = rnd.choice(kinds), self.ids[-RECENT:]
            depend_on = rnd.sample(recent, min(len(recent), rnd.choice([0, 0, 0, 1, 1, 2, 4])))
            limit = rnd.choice([None, None, None, 0.001, 5.0])
            self.add(kind, depend_on, limit)
            while self.taskman.counts()[Status.SUSPENDED] > MOST_WAITING and not self.problems:
                time.sleep(0.001)

    def add(
        self, kind: Callable[..., Any], depend_on: list[str] | None = None, limit: float | None = None
    ) -> str | None:
        """Adds a task and remembers it; None if what it would depend on has just gone."""

        def function(handle: TaskHandle) -> Any:
            self.calls[handle.id] += 1
            return kind(handle)

        try:
            task_id = self.taskman.add(kind.__name__, function, depend_on, get_result=True, thread_timeout=limit)
        except LookupError:
            return None
        self.ids.append(task_id)
        return task_id

    def _go_on(self, step: Callable[[random.Random, str], None], number: int) -> None:
        rnd = random.Random(self.seed * 1000 + number)
        while not self.over.wait(rnd.random() * 0.002):
            if self.ids:
                step(rnd, rnd.choice(self.ids[-RECENT:]))

    def _cancel(self, rnd: random.Random, task_id: str) -> None:
        try:
            if self.taskman.cancel(task_id):
                self.cancelled[task_id] += 1
        except LookupError:
            pass

    def _write(self, rnd: random.Random, task_id: str) -> None:
        db, query = self.taskman.db, self.taskman.dbQuery.id == task_id
        match rnd.randrange(6):
            case 0:
                db.update({"status": rnd.choice([0, 1, 4])}, query)
            case 1:
                db.update({"status": rnd.choice([2, 3, 7, None]), "note": rnd.random()}, query)
            case 2:
                db.update_multiple([({"note": 1}, query), ({"note": 2}, self.taskman.dbQuery.note == 1)])
            case 3:
                db.remove(doc_ids=db.insert_multiple([{"mine": 1}, {"mine": 2}])[:1])
            case 4:
                db.upsert({"mine": rnd.random()}, self.taskman.dbQuery.mine == 2)
            case _:
                db.search(self.taskman.dbQuery.status == rnd.randrange(5))

    def _remove(self, rnd: random.Random, task_id: str) -> None:
        match rnd.randrange(12):
            case 0 | 1:
                self.taskman.db.remove(self.taskman.dbQuery.id == task_id)
            case 2:
                self.taskman.purge(minutes=0, statuses=[rnd.choice([0, 1, 4])])
            case 3:
                self.taskman.remove(self.taskman.purge_preview(minutes=0.0001))
            case 4 if rnd.random() < 0.1:
                self.taskman.purge()
            case _:
                self.taskman.remove([task_id])

    # -- what its tasks do

    def nothing(self, handle: TaskHandle) -> str:
        return handle.id

    def work(self, handle: TaskHandle) -> str:
        for _ in range(2000):
            pass
        handle.log("worked")
        return handle.id

    def fail(self, handle: TaskHandle) -> float:
        return 1 / 0

    def nap(self, handle: TaskHandle) -> str:
        handle.progress(0, 1)
        handle.sleep(0.002)
        return handle.id

    def add_one_behind(self, handle: TaskHandle) -> str:
        self.add(self.nothing, [handle.id])
        return handle.id

    def wait_for_one(self, handle: TaskHandle) -> str:
        if (child := self.add(self.nothing)) is not None:
            self.taskman.wait(child, timeout=5)
        return handle.id

    def cancel_another(self, handle: TaskHandle) -> str:
        self._cancel(random.Random(0), self.ids[-1])
        return handle.id

    def remove_itself(self, handle: TaskHandle) -> str:
        self.taskman.db.remove(self.taskman.dbQuery.id == handle.id)
        return handle.id

    # -- what must be there afterwards

    def _shut_down(self, readers: list[Reader]) -> None:
        if not self.taskman.shutdown(cancel_futures=True, timeout=5):
            self.problems.append("shutdown did not end everything")
        for reader in readers:
            reader.thread.join(5)
            if reader.thread.is_alive():
                self.problems.append("a subscription did not end with the manager")
        until = time.monotonic() + 5
        while names := [one.name for one in threading.enumerate() if one.name.startswith("task-control-")]:
            if time.monotonic() > until:
                self.problems.append(f"threads are left: {names}")
                break
            time.sleep(0.01)
