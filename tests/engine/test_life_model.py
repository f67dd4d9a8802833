"""S6, S14: the life of each task on few seats is as a simple model says, from adding to its one end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine import TaskControl
from tests.engine.following import Follower, course, illegal

PATIENCE_S = 30.0
SEATS = 2
LIMIT_S = 0.02
COMPLETED, ERROR, SUSPENDED, RUNNING, CANCELED = range(5)
CHOICES = st.integers(0, 100)

#: What a user may write to the status of an unfinished task, and what its error says then.
BY_HAND = {
    COMPLETED: None,
    ERROR: "Ended with Error through the database",
    CANCELED: "Canceled through the database",
}


@dataclass
class Life:
    """The model of one task, and its function, which runs until it is told how to end or is stopped."""

    kept: bool
    limited: bool
    status: int = SUSPENDED
    ran: bool = False
    gone: bool = False
    error: str | None = None
    fails: bool = False
    calls: int = 0
    told: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handle: Any) -> Life:
        self.calls += 1
        while not self.told.is_set():
            handle.sleep(0.002)
        if self.fails:
            raise ValueError("told to fail")
        return self

    @property
    def result(self) -> Life | None:
        return self if self.kept and self.status == COMPLETED and self.error is None else None


class Lives(RuleBasedStateMachine):
    """One manager of two seats: tasks start in the order of adding, as seats become free."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = TaskControl(max_workers=SEATS)
        self.follower = Follower(self.manager)
        self.lives: dict[str, Life] = {}

    def teardown(self) -> None:
        for life in self.lives.values():
            life.told.set()
        assert self.manager.shutdown(cancel_futures=True, timeout=PATIENCE_S)

    # -- the model

    def known(self, *statuses: int) -> list[str]:
        return [one for one, life in self.lives.items() if not life.gone and life.status in (statuses or range(5))]

    def pick(self, choice: int, *statuses: int) -> tuple[str, Life]:
        known = self.known(*statuses)
        task_id = known[choice % len(known)]
        return task_id, self.lives[task_id]

    def settle(self) -> None:
        """Free seats go to those that have waited longest; one with a limit runs into it and is gone at once."""
        for life in self.lives.values():
            if len(self.known(RUNNING)) >= SEATS:
                return
            if life.status == SUSPENDED and not life.gone:
                life.status, life.ran = RUNNING, True
                if life.limited:
                    life.status, life.error = ERROR, "Killed by timeout"

    def end(self, life: Life, status: int, error: str | None = None) -> None:
        life.status, life.error = status, error
        self.settle()

    # -- what is done

    @rule(kept=st.booleans(), limited=st.sampled_from([False, False, False, True]))
    def add(self, kept: bool, limited: bool) -> None:
        life = Life(kept, limited)
        limit = LIMIT_S if limited else None
        task_id = self.manager.add(name="life", function=life, get_result=kept, thread_timeout=limit)
        self.lives[task_id] = life
        self.settle()

    @precondition(lambda self: self.known(RUNNING))
    @rule(choice=CHOICES)
    def finish(self, choice: int) -> None:
        _, life = self.pick(choice, RUNNING)
        life.told.set()
        self.end(life, COMPLETED)

    @precondition(lambda self: self.known(RUNNING))
    @rule(choice=CHOICES)
    def fail(self, choice: int) -> None:
        _, life = self.pick(choice, RUNNING)
        life.fails = True
        life.told.set()
        self.end(life, ERROR, "ValueError: told to fail")

    @precondition(lambda self: self.known())
    @rule(choice=CHOICES)
    def cancel(self, choice: int) -> None:
        task_id, life = self.pick(choice)
        unfinished = life.status in (SUSPENDED, RUNNING)
        assert self.manager.cancel(task_id) is unfinished
        if unfinished:
            self.end(life, CANCELED, "Canceled on request")

    @precondition(lambda self: self.known(SUSPENDED, RUNNING))
    @rule(choice=CHOICES, status=st.sampled_from(list(BY_HAND)), error=st.sampled_from([None, "by hand"]))
    def write_an_end(self, choice: int, status: int, error: str | None) -> None:
        task_id, life = self.pick(choice, SUSPENDED, RUNNING)
        change = {"status": status} if error is None else {"status": status, "error": error}
        self.manager.db.update(change, self.manager.dbQuery.id == task_id)
        self.end(life, status, error or BY_HAND[status])
        life.kept = False

    @precondition(lambda self: self.known(COMPLETED, ERROR, CANCELED))
    @rule(choice=CHOICES, status=st.integers(0, 4))
    def write_over_an_end(self, choice: int, status: int) -> None:
        """Undone: an end is for good."""
        task_id, _ = self.pick(choice, COMPLETED, ERROR, CANCELED)
        self.manager.db.update({"status": status}, self.manager.dbQuery.id == task_id)

    @precondition(lambda self: self.known())
    @rule(choice=CHOICES, how=st.sampled_from(["db", "remove"]))
    def remove(self, choice: int, how: str) -> None:
        task_id, life = self.pick(choice)
        unfinished = life.status in (SUSPENDED, RUNNING)
        if how == "remove":
            assert self.manager.remove([task_id]) == (not unfinished)
            life.gone = not unfinished
        else:
            self.manager.db.remove(self.manager.dbQuery.id == task_id)
            life.gone = True
            if unfinished:
                self.end(life, CANCELED)

    @rule(statuses=st.sampled_from([None, [0], [1, 4], []]))
    def purge_what_has_ended(self, statuses: list[int] | None) -> None:
        going = self.known(*(statuses or (COMPLETED, ERROR, CANCELED))) if statuses != [] else []
        assert self.manager.purge_preview(minutes=0, statuses=statuses) == going
        assert self.manager.purge(minutes=0, statuses=statuses) == len(going)
        for task_id in going:
            self.lives[task_id].gone = True

    @precondition(lambda self: len(self.known()) > 5)
    @rule()
    def purge_everything(self) -> None:
        going = self.known()
        assert self.manager.purge() == len(going)
        for task_id in going:
            self.lives[task_id].gone = True
        for task_id in going:
            if self.lives[task_id].status in (SUSPENDED, RUNNING):
                self.end(self.lives[task_id], CANCELED)

    # -- what holds after every step

    @invariant()
    def every_task_is_as_expected(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.found()) != (expected := self.expected()) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert found == expected
        assert self.manager.counts() == tuple(len(self.known(status)) for status in range(5))
        self.every_history_is_legal_and_ends_once()

    def found(self) -> list[tuple[Any, ...]]:
        return [(one["id"], one["status"], one["error"], one["result"]) for one in self.manager.get_all()]

    def expected(self) -> list[tuple[Any, ...]]:
        lives = [(task_id, self.lives[task_id]) for task_id in self.known()]
        return [(task_id, life.status, life.error, life.result) for task_id, life in lives]

    def every_history_is_legal_and_ends_once(self) -> None:
        calls = {task_id: life.calls for task_id, life in self.lives.items()}
        self.follower.catch_up()
        for task_id, history in self.follower.histories.items():
            life = self.lives[task_id]
            assert illegal(history) is None
            assert (history[-1].kind == "removed") is life.gone
            assert calls[task_id] <= life.ran
            assert RUNNING in course(history) or not calls[task_id]


TestLives = pytest.mark.guarantee("S6")(pytest.mark.guarantee("S14")(Lives.TestCase))
TestLives.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
