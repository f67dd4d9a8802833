"""S9: graphs of any shape, started all at once, end as a simple model says: each task runs once, or never."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from engine import TaskControl, UnknownTask
from tests.engine.following import Follower, illegal

PATIENCE_S = 30.0
COMPLETED, ERROR, SUSPENDED, RUNNING, CANCELED = range(5)
OUTCOMES = st.sampled_from([COMPLETED] * 6 + [ERROR])
NODES = st.lists(st.tuples(OUTCOMES, st.lists(st.integers(0, 200), max_size=4)), min_size=1, max_size=25)
CHOICES = st.integers(0, 200)


@dataclass
class Node:
    """What the model knows of one task: what it waits for, how its function ends, how it has ended."""

    depend_on: list[str]
    outcome: int
    status: int = SUSPENDED
    gone: bool = False
    may_run: bool = False


class Graphs(RuleBasedStateMachine):
    """Graphs grow behind a task that runs; when that ends, everything runs on four seats, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = TaskControl(max_workers=4)
        self.follower = Follower(self.manager)
        self.nodes: dict[str, Node] = {}
        self.calls: Counter[str] = Counter()
        self.gate: str | None = None
        #: Written in C: a task that is interrupted within an event could leave the event's lock taken.
        self.told: SimpleQueue[None] = SimpleQueue()
        self.close_the_gate()

    def teardown(self) -> None:
        self.told.put(None)
        assert self.manager.shutdown(cancel_futures=True, timeout=PATIENCE_S)

    # -- the model

    def settle(self) -> None:
        """What follows from the statuses that have changed, down the graph. Those behind are always younger."""
        for node in self.nodes.values():
            if node.status != SUSPENDED:
                continue
            states = {self.nodes[one].status for one in node.depend_on}
            if states & {ERROR, CANCELED}:
                node.status = CANCELED
            elif states <= {COMPLETED}:
                node.status, node.may_run = node.outcome, True

    def known(self, *statuses: int) -> list[str]:
        return [one for one, node in self.nodes.items() if not node.gone and node.status in (statuses or range(5))]

    def pick(self, choice: int, *statuses: int) -> str | None:
        known = [task_id for task_id in self.known(*statuses) if task_id != self.gate]
        return known[choice % len(known)] if known else None

    def go(self, task_ids: list[str]) -> None:
        for task_id in task_ids:
            node = self.nodes[task_id]
            node.gone = True
            if node.status in (SUSPENDED, RUNNING):
                node.status = CANCELED
        self.settle()
        self.compare()

    # -- what is done

    def close_the_gate(self) -> None:
        self.told, started = SimpleQueue(), threading.Event()
        outcome: list[int] = []

        def gate(handle: Any, told: SimpleQueue[None] = self.told) -> None:
            started.set()
            told.get(timeout=PATIENCE_S * 3)
            if outcome[0] == ERROR:
                raise ValueError("told to fail")

        self.gate, self.gate_outcome = self.manager.add(name="gate", function=gate), outcome
        assert started.wait(PATIENCE_S)
        self.nodes[self.gate] = Node([], COMPLETED, RUNNING)

    @rule(nodes=NODES)
    def add_some(self, nodes: list[tuple[int, list[int]]]) -> None:
        """Each behind the gate if there is one, or behind up to four of the tasks known by then, ended ones too."""
        for outcome, choices in nodes:
            known = self.known()
            chosen = [known[choice % len(known)] for choice in choices] if known else []
            depend_on = list(dict.fromkeys(chosen)) or ([self.gate] if self.gate else [])
            name = f"task {len(self.nodes)}"

            def function(handle: Any, outcome: int = outcome) -> None:
                self.calls[handle.id] += 1
                if outcome == ERROR:
                    raise ValueError("as planned")

            task_id = self.manager.add(name=name, function=function, depend_on=depend_on)
            self.nodes[task_id] = Node(depend_on, outcome)
            self.settle()
        self.compare()

    @rule(choice=CHOICES)
    def add_behind_a_removed_one(self, choice: int) -> None:
        gone = [task_id for task_id, node in self.nodes.items() if node.gone]
        if gone:
            with pytest.raises(UnknownTask):
                self.manager.add(name="refused", function=print, depend_on=[*self.known(), gone[choice % len(gone)]])

    @rule(choices=st.lists(CHOICES, min_size=1, max_size=3))
    def cancel(self, choices: list[int]) -> None:
        for choice in choices:
            if (task_id := self.pick(choice)) is not None:
                assert self.manager.cancel(task_id) is (self.nodes[task_id].status == SUSPENDED)
                if self.nodes[task_id].status == SUSPENDED:
                    self.nodes[task_id].status = CANCELED
                self.settle()
        self.compare()

    @rule(choice=CHOICES, status=st.sampled_from([COMPLETED, ERROR, CANCELED]))
    def write_an_end(self, choice: int, status: int) -> None:
        if (task_id := self.pick(choice, SUSPENDED)) is not None:
            self.manager.db.update({"status": status}, self.manager.dbQuery.id == task_id)
            self.nodes[task_id].status = status
            self.settle()
            self.compare()

    @rule(choices=st.lists(CHOICES, min_size=1, max_size=3))
    def remove_through_db(self, choices: list[int]) -> None:
        going = {self.pick(choice) for choice in choices} - {None}
        self.manager.db.remove(self.manager.dbQuery.id.one_of(list(going)))
        self.go([task_id for task_id in self.nodes if task_id in going])

    @rule()
    def purge_what_has_ended(self) -> None:
        ended = self.known(COMPLETED, ERROR, CANCELED)
        assert self.manager.purge(minutes=0) == len(ended)
        self.go(ended)

    @precondition(lambda self: self.gate is not None)
    @rule(outcome=OUTCOMES)
    def open_the_gate(self, outcome: int) -> None:
        """Everything behind it that can runs now, all at once."""
        self.gate_outcome.append(outcome)
        self.told.put(None)
        self.nodes[self.gate].status, self.gate = outcome, None
        self.settle()
        self.compare()

    @precondition(lambda self: self.gate is None)
    @rule()
    def put_up_another_gate(self) -> None:
        self.close_the_gate()

    # -- what must come of it

    def compare(self) -> None:
        """After all that can end has ended: statuses, order, calls, errors and histories are as the model says."""
        final = self.known(COMPLETED, ERROR, CANCELED)
        assert self.manager.wait(final, timeout=PATIENCE_S), "what should have ended has not"
        found = {record["id"]: record for record in self.manager.get_all()}
        assert {one: record["status"] for one, record in found.items()} == {
            one: self.nodes[one].status for one in self.known()
        }
        assert list(found) == self.known()
        for task_id, record in found.items():
            self.compare_error(task_id, record)
        self.follower.compare()
        for task_id, node in self.nodes.items():
            assert illegal(self.follower.histories[task_id]) is None
            assert self.calls[task_id] <= node.may_run
            if node.may_run and node.status in (COMPLETED, ERROR):
                assert self.calls[task_id] == 1

    def compare_error(self, task_id: str, record: Any) -> None:
        """A task that a dependency has doomed names one that did: one that ended in 1 or 4, or is gone."""
        if record["status"] != CANCELED or not record["error"].startswith("Canceled: "):
            return
        named = [one for one in self.nodes[task_id].depend_on if one in record["error"]]
        assert named, record["error"]
        assert self.nodes[named[0]].status in (ERROR, CANCELED)


TestGraphs = pytest.mark.guarantee("S9")(Graphs.TestCase)
TestGraphs.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
