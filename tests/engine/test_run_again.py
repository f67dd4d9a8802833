"""S20: failed tasks that are run again, and tasks that run though one that they depend on has failed."""

from __future__ import annotations

import gc
import weakref

import pytest

from engine import Retry, UnknownTask

pytestmark = pytest.mark.guarantee("S20")


class FailsFirst:
    """A function that fails the first time."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls == 1:
            raise ConnectionError("no")
        return self.calls


def test_a_failed_task_is_run_again_as_a_new_one(taskman, ended):
    """It does the same, under a new id; both records name each other, and nothing else of the old one changes."""
    old = taskman.add("import", FailsFirst(), get_result=True, thread_timeout=9)
    before = dict(ended(old))
    (new,) = taskman.run_again(old)
    record = ended(new)

    assert new != old
    assert (record["name"], record["status"], record["result"], record["thread_timeout"]) == ("import", 0, 2, 9)
    assert record["retry_of"] == old
    assert taskman.get_task(old)[0] == before | {"reruns": (new,)}


def test_its_canceled_dependants_are_run_again_on_request(taskman, ended):
    """The whole chain, linked as before; the old ones stay Canceled."""
    first = taskman.add("first", FailsFirst())
    second = taskman.add("second", lambda: None, depend_on=first)
    third = taskman.add("third", lambda: None, depend_on=[first, second])
    ended(third)
    ids = taskman.run_again(first, failed_dependants=True)
    records = [ended(one) for one in ids]

    assert [record["status"] for record in records] == [0, 0, 0]
    assert [record["retry_of"] for record in records] == [first, second, third]
    assert [record["depend_on"] for record in records] == [None, ids[0], [ids[0], ids[1]]]
    assert [taskman.get_status(one) for one in (first, second, third)] == [1, 4, 4]


def test_without_being_asked_only_the_task_itself(taskman, ended):
    """Its dependants stay Canceled."""
    first = taskman.add("first", FailsFirst())
    ended(taskman.add("second", lambda: None, depend_on=first))

    assert len(taskman.run_again(first)) == 1
    assert taskman.wait(timeout=10)
    assert taskman.counts()[4] == 1


def test_a_dependant_that_somebody_has_canceled_stays_canceled(taskman, gates, ended):
    """It wasn't canceled because of the task that is run again."""
    gate = gates(outcome=ValueError("no"))
    first = taskman.add("first", gate)
    second = taskman.add("second", lambda: None, depend_on=first)
    taskman.cancel(second)
    gate.open()
    ended(first)

    assert len(taskman.run_again(first, failed_dependants=True)) == 1


def test_a_dependant_of_two_failures_is_left_out(taskman, ended):
    """It would be canceled at once, because of the other one."""
    first, other = taskman.add("first", FailsFirst()), taskman.add("other", FailsFirst())
    ended(first), ended(other)
    both = taskman.add("both", lambda: None, depend_on=[first, other])
    ended(both)

    assert len(taskman.run_again(first, failed_dependants=True)) == 1


def test_a_canceled_task_is_run_again(taskman, gate, ended):
    """Also one that ran when it was canceled, and one that had completed dependencies, even if those are purged."""
    done = taskman.add("done", lambda: None)
    ended(done)
    task = taskman.add("task", gate, depend_on=done)
    gate.wait_until_started()
    taskman.cancel(task)
    taskman.remove(done)
    gate.open()
    (new,) = taskman.run_again(task)

    assert ended(new)["status"] == 0


def test_what_cannot_be_run_again_is_refused(taskman, gate, ended):
    """Tasks that have not failed, those that would be canceled at once, and unknown ones; each error says why."""
    completed = taskman.add("completed", lambda: None)
    failed = taskman.add("failed", FailsFirst())
    canceled = taskman.add("canceled", lambda: None, depend_on=failed)
    running = taskman.add("running", gate)
    ended(completed), ended(canceled), gate.wait_until_started()

    for task in (completed, running):
        with pytest.raises(ValueError, match="hasn't failed"):
            taskman.run_again(task)
    with pytest.raises(ValueError, match="failed_dependants=True"):
        taskman.run_again(canceled)
    with pytest.raises(UnknownTask):
        taskman.run_again("0123456789")
    gate.open()


@pytest.mark.parametrize("with_dependants", [False, True])
def test_several_are_run_again_each_once(taskman, ended, with_dependants):
    """Chosen together with those that were canceled because of them, they are linked as before; none comes twice."""
    first, other = taskman.add("first", FailsFirst()), taskman.add("other", FailsFirst())
    both = taskman.add("both", lambda: None, depend_on=[first, other])
    last = taskman.add("last", lambda: None, depend_on=both)
    ended(first), ended(other), ended(last)
    chosen = [both, other, first, first]
    preview = taskman.run_again_preview(chosen, with_dependants)
    ids = taskman.run_again(chosen, with_dependants)
    records = [ended(one) for one in ids]

    assert preview == [first, other, both, last][: 4 if with_dependants else 3]
    assert [record["retry_of"] for record in records] == preview
    assert [record["status"] for record in records] == [0] * len(preview)
    assert records[2]["depend_on"] == ids[:2]


def test_of_several_those_that_cannot_be_run_again_are_passed_over(taskman, gate, ended):
    """What hasn't failed, what is unknown or gone, and what would be canceled at once or lacks what it waited for."""
    completed = taskman.add("completed", lambda: None)
    failed, removed = taskman.add("failed", FailsFirst()), taskman.add("removed", FailsFirst())
    behind = taskman.add("behind", lambda: None, depend_on=failed)
    behind_removed = taskman.add("behind removed", lambda: None, depend_on=removed)
    alone = taskman.add("alone", FailsFirst())
    running = taskman.add("running", gate)
    ended(behind), ended(behind_removed), ended(alone), ended(completed), gate.wait_until_started()
    taskman.remove(removed)
    chosen = [completed, behind, removed, behind_removed, alone, running, "0123456789"]
    preview = taskman.run_again_preview(chosen)
    (new,) = taskman.run_again(chosen)
    gate.open()

    assert preview == [alone]
    assert ended(new)["retry_of"] == alone
    assert taskman.run_again([]) == taskman.run_again([completed]) == taskman.run_again_preview(completed) == []


def test_what_had_completed_may_be_removed_meanwhile(taskman, gate, ended, monkeypatch):
    """While many are added; the new task then depends on what is left."""
    done = taskman.add("done", lambda: None)
    ended(done)
    task = taskman.add("task", gate, depend_on=done)
    gate.wait_until_started()
    taskman.cancel(task)
    gate.open()
    found = taskman._by_id()
    monkeypatch.setattr(taskman, "_by_id", lambda: taskman.remove(done) and found)
    (new,) = taskman.run_again(task)

    assert (ended(new)["status"], ended(new)["depend_on"]) == (0, None)


def test_a_task_knows_what_runs_it_again(taskman, ended):
    """The last hundred of them, the oldest first; each is a change of its record, and none a transition."""
    task = taskman.add("task", FailsFirst())
    ended(task)
    since = taskman.revision
    runs = [taskman.run_again(task)[0] for _ in range(102)]
    assert taskman.wait(runs, timeout=10)
    changes = [change.record for change in taskman.changes(since) if change.id == task]

    assert taskman.get_task(task)[0]["reruns"] == tuple(runs[-100:])
    assert [(record["status"], record["reruns"][-1]) for record in changes] == [(1, one) for one in runs]


def test_a_task_that_is_gone_by_then_is_run_again(taskman, ended, monkeypatch):
    """Its record is removed in the instant after the new task was added: there is nothing to note it on."""
    task = taskman.add("task", FailsFirst())
    ended(task)
    admit = taskman._admit
    monkeypatch.setattr(taskman, "_admit", lambda *args: (admit(*args), taskman.remove(task)))
    (new,) = taskman.run_again(task)

    assert ended(new)["status"] == 0
    assert taskman.get_task(task) == []


def test_the_new_task_has_the_retries_of_the_old(taskman, ended):
    """All of them, though the old one has used its own up."""
    calls = []

    def always():
        calls.append(1)
        raise ConnectionError("no")

    task = taskman.add("task", always, retries=Retry(2, delay=0, jitter=0))
    ended(task)
    ended(*taskman.run_again(task))

    assert len(calls) == 6


@pytest.mark.parametrize("clear", ["purge", "remove", "db"])
def test_what_a_failed_task_holds_goes_with_its_record(taskman, gate, clear):
    """Its function is kept for being run again, and no longer than that is possible."""

    class Big:
        def __call__(self):
            pass

    function = Big()
    task = taskman.add("task", function, depend_on=taskman.add("first", gate))
    taskman.cancel(task)
    gate.open()
    taskman.wait()
    gone = weakref.ref(function)
    del function
    gc.collect()
    held = gone() is not None
    if clear == "purge":
        taskman.purge()
    elif clear == "remove":
        taskman.remove(task)
    else:
        taskman.db.remove(taskman.dbQuery.id == task)
    gc.collect()

    assert held
    assert gone() is None


def test_a_failure_whose_record_is_removed_meanwhile_is_not_kept(taskman):
    """The removal, and the failure in the instant before that is followed up: nothing could be run again."""

    def remove_then_fail(handle):
        with handle.shield():
            taskman._runtime._lock.acquire()
            try:
                taskman._keeper.settle()
                record = taskman._keeper.find(handle.id)
                taskman.db.rows_storage.review(record, None)  # as the removal does before it is followed up
            finally:
                taskman._runtime._lock.release()
            raise ValueError("no")

    task = taskman.add("task", remove_then_fail)
    taskman.wait(task)

    assert taskman._runtime.calls.get(task) is None


@pytest.mark.parametrize("ending", ["fails", "canceled", "removed", "failed before"])
def test_on_failure_run(taskman, gates, ended, ending):
    """The task starts when all it depends on have ended, however they have."""
    gate = gates(outcome=ValueError("no") if ending in ("fails", "failed before") else None)
    first = taskman.add("first", gate)
    gate.wait_until_started()
    if ending == "failed before":
        gate.open()
        ended(first)
    other = taskman.add("other", lambda: None)
    task = taskman.add("clean up", lambda: "clean", depend_on=[first, other], get_result=True, on_failure="run")
    behind = taskman.add("behind", lambda: None, depend_on=task)
    if ending == "canceled":
        taskman.cancel(first)
    elif ending == "removed":
        taskman.db.remove(taskman.dbQuery.id == first)
    gate.open()

    assert (ended(task)["status"], taskman.get_result(task)) == (0, "clean")
    assert ended(behind)["status"] == 0


def test_on_failure_run_waits_for_all(taskman, gates, ended):
    """One failure doesn't start it before the others have ended."""
    bad, slow = gates(outcome=ValueError("no")), gates()
    first, second = taskman.add("bad", bad), taskman.add("slow", slow)
    task = taskman.add("clean up", lambda: None, depend_on=[first, second], on_failure="run")
    bad.open()
    ended(first)
    before = taskman.get_status(task)
    slow.open()

    assert before == 2
    assert ended(task)["status"] == 0


@pytest.mark.parametrize("is_over", [False, True], ids=["fails later", "has failed"])
def test_a_chain_in_which_only_the_last_runs_anyway(taskman, gates, ended, is_over):
    """What lies between is canceled, and then it's the last one's turn."""
    gate = gates(outcome=ValueError("no"))
    first = taskman.add("first", gate)
    if is_over:
        gate.open()
        ended(first)
    second = taskman.add("second", lambda: None, depend_on=first)
    third = taskman.add("third", lambda: None, depend_on=second, on_failure="run")
    gate.open()

    assert ended(third)["status"] == 0
    assert taskman.get_status(second) == 4


@pytest.mark.parametrize("on_failure", ["continue", None, True, 1])
def test_a_bad_on_failure_is_refused(taskman, on_failure):
    """With an error that names both words."""
    with pytest.raises(ValueError, match='"cancel" or "run"'):
        taskman.add("task", lambda: None, on_failure=on_failure)
