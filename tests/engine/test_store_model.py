"""S5, S16: whatever is done through `db`, the records are as a plain dict says, and followers see exactly that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tinydb.operations import add, delete, increment
from tinydb.table import Document

from engine import TaskControl
from tests.engine.following import Follower, illegal

PATIENCE_S = 30.0
NUMBERS = st.integers(0, 3)
#: What tests write; the rest of a task's record is the engine's.
OWN_KEYS = ("id", "name", "depend_on", "status", "n", "note")


def shown(document: Any) -> dict[str, Any]:
    """A document without what only the engine writes."""
    return {key: document[key] for key in OWN_KEYS if key in document}


class Records(RuleBasedStateMachine):
    """One manager's database beside a dict of documents by number; tasks in it have ended or never will."""

    def __init__(self) -> None:
        super().__init__()
        self.manager = TaskControl()
        self.db, self.n = self.manager.db, self.manager.dbQuery.n
        self.follower = Follower(self.manager)
        self.model: dict[int, dict[str, Any]] = {}
        self.door = self.add_task(lambda handle: handle.sleep(PATIENCE_S * 6), depend_on=None, status=3)

    def teardown(self) -> None:
        assert self.manager.shutdown(cancel_futures=True, timeout=PATIENCE_S)

    def add_task(self, function: Any, depend_on: str | None, status: int) -> str:
        task_id = self.manager.add(name="task", function=function, depend_on=depend_on)
        if status == 3:
            while self.manager.get_status(task_id) == 2:
                pass
        elif status != 2:
            assert self.manager.wait(task_id, timeout=PATIENCE_S)
        (document,) = self.db.search(self.manager.dbQuery.id == task_id)
        record = {"id": task_id, "name": "task", "depend_on": depend_on, "status": status}
        self.model[document.doc_id] = record
        return task_id

    def matching(self, number: int) -> list[int]:
        return [doc_id for doc_id, document in self.model.items() if document.get("n") == number]

    def unfinished(self) -> bool:
        """Whether the door and what waits behind it are still there."""
        return any(document.get("id") == self.door and document["status"] == 3 for document in self.model.values())

    def end(self, doc_id: int, status: int | None) -> None:
        """A status written or a record removed: what waits behind it ends as well."""
        document = self.model[doc_id] if status is not None else self.model.pop(doc_id)
        was, task_id = document.get("status"), document.get("id")
        if status is not None:
            document["status"] = status
        if was not in (2, 3) or task_id is None:
            return
        for other in self.model.values():
            if other.get("depend_on") == task_id and other["status"] == 2:
                other["status"] = 0 if status == 0 else 4

    # -- ways in

    @rule(n=NUMBERS)
    def add_a_task_that_completes(self, n: int) -> None:
        task_id = self.add_task(lambda: None, None, 0)
        self.write(task_id, n)

    @precondition(unfinished)
    @rule(n=NUMBERS)
    def add_a_task_that_waits(self, n: int) -> None:
        task_id = self.add_task(lambda: None, self.door, 2)
        self.write(task_id, n)

    def write(self, task_id: str, n: int) -> None:
        (doc_id,) = self.db.update({"n": n}, self.manager.dbQuery.id == task_id)
        self.model[doc_id]["n"] = n

    @rule(ns=st.lists(NUMBERS, max_size=3))
    def insert_documents(self, ns: list[int]) -> None:
        for doc_id, n in zip(self.db.insert_multiple([{"n": n} for n in ns]), ns, strict=True):
            assert doc_id > max(self.model, default=0)
            self.model[doc_id] = {"n": n}

    @rule(n=NUMBERS, note=st.text(max_size=2))
    def upsert(self, n: int, note: str) -> None:
        found = self.db.upsert({"n": n, "note": note}, self.n == n)
        if expected := self.matching(n):
            assert found == expected
            for doc_id in expected:
                self.model[doc_id]["note"] = note
        else:
            self.model[found[0]] = {"n": n, "note": note}

    # -- changes

    @rule(n=NUMBERS, step=st.integers(1, 3))
    def count_up(self, n: int, step: int) -> None:
        expected = self.matching(n)
        assert self.db.update(add("n", step), self.n == n) == expected
        for doc_id in expected:
            self.model[doc_id]["n"] += step

    @rule(n=NUMBERS)
    def delete_a_key(self, n: int) -> None:
        expected = self.matching(n)
        assert self.db.update(delete("n"), self.n == n) == expected
        for doc_id in expected:
            del self.model[doc_id]["n"]

    @rule(n=NUMBERS, m=NUMBERS)
    def update_several(self, n: int, m: int) -> None:
        """Conditions are looked at once for each document and in order, as TinyDB does."""
        self.db.update_multiple([({"note": "first"}, self.n == n), (increment("n"), self.n == m)])
        for document in self.model.values():
            if document.get("n") == n:
                document["note"] = "first"
            if document.get("n") == m:
                document["n"] += 1

    @rule(n=NUMBERS)
    def fail_in_the_middle(self, n: int) -> None:
        """An update function that raises for the second document changes neither."""
        seen: list[int] = []

        def change(document: Any) -> None:
            document["n"] = 99
            seen.append(1)
            if len(seen) == 2:
                raise ZeroDivisionError

        expected = self.matching(n)
        if len(expected) < 2:
            return
        with pytest.raises(ZeroDivisionError):
            self.db.update(change, self.n == n)

    @rule(n=NUMBERS, wrong=st.sampled_from([{"id": "mine"}, {"depend_on": "x"}, {"status": 7}, {"status": True}]))
    def write_what_cannot_be_written(self, n: int, wrong: dict[str, Any]) -> None:
        """In tasks it is undone, in documents of the user's own it is nobody's business: left out here."""
        tasks = [doc_id for doc_id in self.matching(n) if "id" in self.model[doc_id]]
        self.db.update({**wrong, "note": "kept"}, doc_ids=tasks)
        for doc_id in tasks:
            self.model[doc_id]["note"] = "kept"

    @rule(n=NUMBERS, status=st.sampled_from([0, 1, 4]))
    def write_an_end(self, n: int, status: int) -> None:
        """Only what hasn't ended takes it."""
        tasks = [doc_id for doc_id in self.matching(n) if "id" in self.model[doc_id]]
        self.db.update({"status": status}, doc_ids=tasks)
        for doc_id in tasks:
            if self.model[doc_id]["status"] == 2:
                self.end(doc_id, status)

    # -- ways out

    @rule(n=NUMBERS)
    def remove(self, n: int) -> None:
        expected = self.matching(n)
        assert self.db.remove(self.n == n) == expected
        for doc_id in expected:
            self.end(doc_id, None)

    @rule()
    def purge_what_has_ended(self) -> None:
        ended = [doc_id for doc_id, document in self.model.items() if document.get("status") in (0, 1, 4)]
        assert self.manager.purge(minutes=0) == len(ended)
        for doc_id in ended:
            del self.model[doc_id]

    @precondition(lambda self: len(self.model) > 6)
    @rule()
    def truncate(self) -> None:
        self.db.truncate()
        self.model.clear()

    @precondition(lambda self: not self.unfinished())
    @rule()
    def open_another_door(self) -> None:
        self.door = self.add_task(lambda handle: handle.sleep(PATIENCE_S * 6), depend_on=None, status=3)

    # -- what holds after every step

    @invariant()
    def the_documents_are_those_of_the_model(self) -> None:
        freed = [document["id"] for document in self.model.values() if document.get("status") == 0]
        assert self.manager.wait(freed, timeout=PATIENCE_S)
        found = {document.doc_id: shown(document) for document in self.db.all()}
        assert found == self.model
        assert list(found) == list(self.model)
        assert len(self.db) == len(self.model)

    @invariant()
    def questions_are_answered_from_them(self) -> None:
        for n in range(4):
            expected = self.matching(n)
            assert [document.doc_id for document in self.db.search(self.n == n)] == expected
            assert self.db.count(self.n == n) == len(expected)
            assert self.db.contains(self.n == n) is bool(expected)
        tasks = [document["id"] for document in self.model.values() if "id" in document]
        assert [record["id"] for record in self.manager.get_all()] == tasks
        assert all(isinstance(record, Document) for record in self.manager.get_all())

    @invariant()
    def a_follower_sees_the_same(self) -> None:
        self.follower.compare()
        wrong = {task_id: illegal(history) for task_id, history in self.follower.histories.items() if illegal(history)}
        assert wrong == {}


TestRecords = pytest.mark.guarantee("S5")(pytest.mark.guarantee("S16")(Records.TestCase))
TestRecords.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
