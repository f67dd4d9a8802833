"""S5, S11, S14: a task may end itself, what depends on it, its dependency, or the records of all of them."""

from __future__ import annotations

import threading

import pytest

PATIENCE_S = 30.0


@pytest.mark.guarantee("S14")
def test_a_task_that_cancels_itself_goes_no_further_than_its_next_checkpoint(taskman, ended):
    """The cancel inside the task answers True; what it still returns is dropped."""
    answers = []

    def work(handle) -> str:
        answers.append(taskman.cancel(handle.id))
        answers.append(taskman.cancel(handle.id))
        answers.append(handle.cancelled)
        handle.checkpoint()
        answers.append("went on")
        return "dropped"

    task_id = taskman.add(name="cancels itself", function=work, get_result=True)
    record = ended(task_id)

    assert (record["status"], record["error"], record["result"]) == (4, "Canceled on request", None)
    assert taskman.wait(task_id, timeout=PATIENCE_S)
    assert taskman.shutdown(timeout=PATIENCE_S)
    assert answers == [True, False, True]


@pytest.mark.guarantee("S14")
def test_a_task_that_cancels_its_dependant_is_none_the_worse(taskman, ended):
    """The dependant never runs, and the task completes."""
    ids, ran, added = {}, [], threading.Event()

    def work(handle) -> bool:
        assert added.wait(PATIENCE_S)
        return taskman.cancel(ids["behind"])

    first = taskman.add(name="first", function=work, get_result=True)
    ids["behind"] = taskman.add(name="behind", function=lambda f: ran.append(1), depend_on=first)
    last = taskman.add(name="last", function=lambda f: ran.append(2), depend_on=ids["behind"])
    added.set()

    assert (ended(first)["status"], taskman.get_result(first)) == (0, True)
    assert (ended(ids["behind"])["error"], ended(last)["status"], ran) == ("Canceled on request", 4, [])


@pytest.mark.guarantee("S14")
def test_two_tasks_that_cancel_each_other_end_once_each(taskman, ended):
    """Whoever is first, each ends as exactly one of the two calls, or itself, has decided."""
    for _ in range(50):
        ids, answers, ready = {}, {}, threading.Barrier(2)

        def work(handle, me, other, ids=ids, answers=answers, ready=ready) -> None:
            ready.wait(PATIENCE_S)
            answers[other] = taskman.cancel(ids[other])

        added = threading.Event()
        for me, other in (("a", "b"), ("b", "a")):
            ids[me] = taskman.add(
                name=me,
                function=lambda f, me=me, other=other, added=added: (added.wait(PATIENCE_S), work(f, me, other)),
            )
        added.set()
        records = {me: ended(ids[me]) for me in "ab"}

        assert {records[me]["status"] for me in "ab"} <= {0, 4}
        assert all(records[me]["status"] == 4 for me in answers if answers[me])
        assert any(records[me]["status"] == 4 for me in "ab")


REMOVALS = {
    "purge": lambda taskman, task_id: taskman.purge(),
    "db.remove": lambda taskman, task_id: taskman.db.remove(taskman.dbQuery.id == task_id),
    "db.truncate": lambda taskman, task_id: taskman.db.truncate(),
    "db.drop_tables": lambda taskman, task_id: taskman.db.drop_tables(),
}


@pytest.mark.guarantee("S11")
@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS.keys())
def test_a_task_may_remove_its_own_record(taskman, until, remove):
    """It is canceled by that; the record doesn't come back, whatever the function still tells."""
    told, went_on, over = [], [], threading.Event()

    def work(handle) -> None:
        try:
            with handle.shield():
                remove(taskman, handle.id)
                handle.log("after the removal")
                handle.progress(1, 2)
                told.append(handle.cancelled)
            handle.checkpoint()
            went_on.append(1)
        finally:
            over.set()

    task_id = taskman.add(name="removes itself", function=work, get_result=True)
    assert over.wait(PATIENCE_S)

    assert taskman.wait(task_id, timeout=PATIENCE_S)
    assert (told, went_on, taskman.get_task(task_id), taskman.counts()) == ([True], [], [], (0,) * 5)


@pytest.mark.guarantee("S5")
def test_a_stuck_task_never_writes_to_the_record_that_took_its_place(taskman, gate, ended):
    """After all tables are dropped, numbers start anew; a late task's log and end don't land on another's record."""
    late = []

    def work(handle) -> str:
        gate(handle)
        for tell in (lambda: handle.log("late"), lambda: handle.progress(1)):
            try:
                tell()
            except BaseException as error:
                late.append(type(error).__name__)
        return "late"

    taskman.add(name="stuck", function=work, get_result=True)
    gate.wait_until_started()
    taskman.db.drop_tables()
    other_gate_opened = threading.Event()
    other = taskman.add(name="other", function=lambda f: other_gate_opened.wait(PATIENCE_S), get_result=True)
    gate.open()
    assert taskman.wait(timeout=0.3) is False
    (record,) = taskman.get_task(other)
    other_gate_opened.set()

    assert (record["log"], record["progress"], record["status"], record["stopping"]) == ((), None, 3, None)
    assert (ended(other)["result"], len(taskman.get_all())) == (True, 1)


@pytest.mark.guarantee("S5")
@pytest.mark.parametrize("status", [0, 1, 4])
def test_a_task_may_write_its_own_end(taskman, ended, status):
    """Its record says so at once, and what it returns afterwards is dropped."""

    def work(handle) -> str:
        with handle.shield():
            taskman.db.update({"status": status}, taskman.dbQuery.id == handle.id)
        return "late"

    record = ended(taskman.add(name="ends itself", function=work, get_result=True))

    assert (record["status"], record["result"]) == (status, None)


@pytest.mark.guarantee("S11")
def test_a_task_may_purge_while_it_runs(taskman, ended):
    """With an age, a purge from inside a task leaves the task itself alone."""
    done = taskman.add(name="done", function=lambda f: None)
    ended(done)
    record = ended(taskman.add(name="cleans", function=lambda f: taskman.purge(minutes=0), get_result=True))

    assert (record["status"], record["result"], taskman.get_task(done)) == (0, 1, [])


@pytest.mark.guarantee("S14")
@pytest.mark.parametrize("limit_s", [None, 0.002], ids=["cancel", "cancel or limit"])
def test_an_end_in_the_same_instant_is_one_end(taskman, ended, limit_s):
    """Function, cancel and limit all end the task about now: one of them does, and the record says which."""
    outcomes = set()
    for number in range(150):
        ready = threading.Event()

        def work(handle, ready=ready, number=number) -> str:
            ready.set()
            for _ in range(number * 100):
                pass
            return "done"

        task_id = taskman.add(name="ends", function=work, get_result=True, thread_timeout=limit_s)
        assert ready.wait(PATIENCE_S)
        answer = taskman.cancel(task_id)
        record = ended(task_id)
        outcomes.add(record["status"])
        finals = [c for c in taskman.changes(0) if c.id == task_id and c.record["finished_at"] is not None]

        assert answer is (record["status"] == 4)
        assert (record["status"] == 0) is (record["result"] == "done")
        assert (record["status"] == 1) is (record["error"] == "Killed by timeout")
        assert len({(c.record["status"], c.record["finished_at"]) for c in finals}) == 1
    assert outcomes <= ({0, 4} if limit_s is None else {0, 1, 4})
