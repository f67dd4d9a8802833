"""S9: random programs of adding, finishing, cancelling and removing tasks end as a simple model says."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from queue import SimpleQueue

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine import TaskControl, TaskHandle, UnknownTask

PATIENCE_S = 30.0
COMPLETED, ERROR, SUSPENDED, RUNNING, CANCELED = range(5)


@dataclass
class Expected:
    """What the model knows about one task; its function waits until it is told how to end.

    In a queue written in C: a task that is interrupted within an event could leave the event's lock taken.
    """

    depend_on: list[str]
    status: int = SUSPENDED
    gone: bool = False
    ran: bool = False
    fails: bool = False
    calls: int = 0
    told: SimpleQueue[None] = field(default_factory=SimpleQueue)

    def __call__(self, handle: TaskHandle) -> None:
        self.calls += 1
        self.told.get(timeout=PATIENCE_S * 3)
        if self.fails:
            raise ValueError("told to fail")

    def end(self, status: int) -> None:
        self.status = status
        self.fails = status == ERROR
        self.told.put(None)


class Programs(RuleBasedStateMachine):
    """One manager beside its model, compared after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = TaskControl()
        self.tasks: dict[str, Expected] = {}

    def teardown(self) -> None:
        for task in self.tasks.values():
            task.told.put(None)
        assert self.manager.shutdown(cancel_futures=True, timeout=PATIENCE_S), "the manager did not end"

    def settle(self) -> None:
        """Let the model's waiting tasks start or fail as their dependencies ask; older ones first is enough."""
        for task in self.tasks.values():
            states = [self.tasks[dependency].status for dependency in task.depend_on]
            if task.status == SUSPENDED and (ERROR in states or CANCELED in states):
                task.end(CANCELED)
            elif task.status == SUSPENDED and set(states) <= {COMPLETED}:
                task.status, task.ran = RUNNING, True

    def known(self, *statuses: int) -> list[str]:
        return [
            task_id for task_id, task in self.tasks.items() if not task.gone and task.status in (statuses or range(5))
        ]

    @rule(choices=st.lists(st.integers(0, 50), max_size=3))
    def add(self, choices: list[int]) -> None:
        known = self.known()
        depend_on = list(dict.fromkeys(known[choice % len(known)] for choice in choices)) if known else []
        task = Expected(depend_on)
        task_id = self.manager.add(name=f"task {len(self.tasks)}", function=task, depend_on=depend_on)
        self.tasks[task_id] = task
        self.settle()

    @precondition(lambda self: self.tasks)
    @rule(choice=st.integers(0, 50))
    def add_behind_something_gone(self, choice: int) -> None:
        task_id = list(self.tasks)[choice % len(self.tasks)]
        if self.tasks[task_id].gone:
            with pytest.raises(UnknownTask):
                self.manager.add(name="refused", function=print, depend_on=task_id)

    @precondition(lambda self: self.known(RUNNING))
    @rule(choice=st.integers(0, 50), status=st.sampled_from([COMPLETED, ERROR]))
    def finish(self, choice: int, status: int) -> None:
        running = self.known(RUNNING)
        self.tasks[running[choice % len(running)]].end(status)
        self.settle()

    @precondition(lambda self: self.known())
    @rule(choice=st.integers(0, 50))
    def cancel(self, choice: int) -> None:
        known = self.known()
        task_id = known[choice % len(known)]
        unfinished = self.tasks[task_id].status in (SUSPENDED, RUNNING)
        assert self.manager.cancel(task_id) is unfinished
        if unfinished:
            self.tasks[task_id].end(CANCELED)
        self.settle()

    @precondition(lambda self: self.known(SUSPENDED, RUNNING))
    @rule(choice=st.integers(0, 50), status=st.sampled_from([COMPLETED, ERROR, CANCELED]))
    def write_an_end(self, choice: int, status: int) -> None:
        unfinished = self.known(SUSPENDED, RUNNING)
        task_id = unfinished[choice % len(unfinished)]
        self.manager.db.update({"status": status}, self.manager.dbQuery.id == task_id)
        self.tasks[task_id].end(status)
        self.settle()

    @precondition(lambda self: self.known())
    @rule(choice=st.integers(0, 50))
    def remove_through_db(self, choice: int) -> None:
        known = self.known()
        self.manager.db.remove(self.manager.dbQuery.id == known[choice % len(known)])
        self.go([known[choice % len(known)]])

    @rule()
    def purge_what_has_ended(self) -> None:
        ended = self.known(COMPLETED, ERROR, CANCELED)
        assert self.manager.purge(days=0) == len(ended)
        self.go(ended)

    @rule(failed_only=st.booleans())
    def purge_everything_or_what_failed(self, failed_only: bool) -> None:
        going = self.known(ERROR) if failed_only else self.known()
        assert self.manager.purge(statuses=[ERROR] if failed_only else None) == len(going)
        self.go(going)

    def go(self, task_ids: list[str]) -> None:
        for task_id in task_ids:
            task = self.tasks[task_id]
            task.gone = True
            if task.status in (SUSPENDED, RUNNING):
                task.end(CANCELED)
        self.settle()

    @invariant()
    def every_status_is_as_expected(self) -> None:
        expected = {task_id: self.tasks[task_id].status for task_id in self.known()}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            records = self.manager.get_all()
            found = {record["id"]: record["status"] for record in records}
            if found == expected or time.monotonic() > deadline:
                break
            time.sleep(0.001)
        assert found == expected
        assert list(found) == list(expected), "the records are not in the order of adding"
        assert self.manager.counts() == tuple(list(expected.values()).count(status) for status in range(5))

    @invariant()
    def nothing_runs_twice_or_too_early(self) -> None:
        for task in self.tasks.values():
            assert task.calls <= task.ran


TestRandomPrograms = pytest.mark.guarantee("S9")(Programs.TestCase)
TestRandomPrograms.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
