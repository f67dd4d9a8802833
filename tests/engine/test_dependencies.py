"""S9: chains and lists of dependencies, how failure goes down a chain, and removed records."""

from __future__ import annotations

import pytest

from engine import UnknownTask

pytestmark = pytest.mark.guarantee("S9")


def fail(handle):
    raise ValueError("no")


def test_a_task_waits_until_its_dependency_is_completed(taskman, gates, ended):
    """While the first runs, the second stays Suspended and its function isn't called."""
    first_gate, second_gate = gates(), gates()
    first = taskman.add(name="first", function=first_gate)
    second = taskman.add(name="second", function=second_gate, depend_on=first)
    first_gate.wait_until_started()
    before = (taskman.get_status(second), second_gate.calls)
    first_gate.open()
    second_gate.wait_until_started()

    assert before == (2, 0)


def test_a_dependency_has_completed_before_the_next_one_starts(taskman, ended):
    """The second function finds the first one's status 0 and its result."""
    first = taskman.add(name="first", function=lambda f: 20, get_result=True)
    look = lambda f: (taskman.get_status(first), taskman.get_result(first))  # noqa: E731
    second = taskman.add(name="second", function=look, depend_on=first, get_result=True)

    assert ended(second)["result"] == (0, 20)


def test_a_task_whose_dependency_is_already_completed_starts_at_once(taskman, ended):
    """Depending on what has completed is no reason to wait."""
    first = taskman.add(name="first", function=lambda f: None)
    ended(first)

    assert ended(taskman.add(name="second", function=lambda f: None, depend_on=first))["status"] == 0


@pytest.mark.parametrize("stop", ["error", "cancel"])
def test_a_task_whose_dependency_has_already_failed_is_canceled(taskman, gate, ended, stop):
    """Depending on what has failed or was cancelled gives Canceled at once."""
    first = taskman.add(name="first", function=gate if stop == "cancel" else fail)
    if stop == "cancel":
        taskman.cancel(first)
    ended(first)

    assert ended(taskman.add(name="second", function=lambda f: None, depend_on=first))["status"] == 4


def test_failure_goes_down_the_whole_chain(taskman, gates, ended):
    """If the first task fails, all that come after it are Canceled and none is called."""
    first_gate, later = gates(outcome=ValueError("no")), gates()
    ids = [taskman.add(name="first", function=first_gate)]
    for n in range(5):
        ids.append(taskman.add(name=f"link {n}", function=later, depend_on=ids[-1]))
    first_gate.open()

    assert ([ended(task_id)["status"] for task_id in ids], later.calls) == ([1, 4, 4, 4, 4, 4], 0)


def test_each_canceled_link_names_the_link_before_it(taskman, gates, ended):
    """Down a chain each record says which of its dependencies ended how."""
    gate = gates(outcome=ValueError("no"))
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    third = taskman.add(name="third", function=lambda f: None, depend_on=second)
    gate.open()
    errors = (ended(second)["error"], ended(third)["error"])

    assert (first in errors[0], second in errors[1]) == (True, True)


def test_cancelling_a_waiting_task_cancels_what_depends_on_it(taskman, gate, ended):
    """A link cancelled while it waits takes the rest of the chain with it, but not what came before."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    third = taskman.add(name="third", function=lambda f: None, depend_on=second)
    taskman.cancel(second)
    gate.open()

    assert [ended(task_id)["status"] for task_id in (first, second, third)] == [0, 4, 4]


def test_a_list_waits_for_all(taskman, gates, ended):
    """A task with a list of dependencies starts only when the last of them has completed."""
    first_gate, second_gate = gates(), gates()
    ids = [taskman.add(name="first", function=first_gate), taskman.add(name="second", function=second_gate)]
    both = taskman.add(name="both", function=lambda f: None, depend_on=ids)
    first_gate.open()
    ended(ids[0])
    before = taskman.get_status(both)
    second_gate.open()

    assert (before, ended(both)["status"]) == (2, 0)


def test_one_failure_in_a_list_cancels_at_once(taskman, gates, ended):
    """A task with a list is Canceled as soon as one of them fails, though another still runs."""
    running, failing = gates(), gates(outcome=ValueError("no"))
    ids = [taskman.add(name="runs", function=running), taskman.add(name="fails", function=failing)]
    both = taskman.add(name="both", function=lambda f: None, depend_on=ids)
    failing.open()

    assert ended(both)["status"] == 4


def test_the_same_id_twice_in_a_list_counts_once(taskman, ended):
    """Naming a dependency twice changes nothing."""
    first = taskman.add(name="first", function=lambda f: None)

    assert ended(taskman.add(name="second", function=lambda f: None, depend_on=[first, first]))["status"] == 0


def test_the_record_shows_the_dependencies_as_they_were_given(taskman, gate):
    """depend_on on the record is the id, or the list of ids, that was given."""
    first = taskman.add(name="first", function=gate)
    one = taskman.get_task(taskman.add(name="one", function=lambda f: None, depend_on=first))[0]
    several = taskman.get_task(taskman.add(name="several", function=lambda f: None, depend_on=[first, one["id"]]))[0]

    assert (one["depend_on"], several["depend_on"]) == (first, [first, one["id"]])


def test_an_empty_list_is_no_dependency(taskman, ended):
    """depend_on=[] is the same as None, on the record too."""
    record = ended(taskman.add(name="free", function=lambda f: None, depend_on=[]))

    assert (record["status"], record["depend_on"]) == (0, None)


def test_changing_the_given_list_afterwards_changes_nothing(taskman, gate, ended):
    """The task keeps the dependencies that it was added with."""
    first = taskman.add(name="first", function=gate)
    given = [first]
    second = taskman.add(name="second", function=lambda f: None, depend_on=given)
    given.clear()
    before = (taskman.get_status(second), taskman.get_task(second)[0]["depend_on"])
    gate.open()

    assert (before, ended(second)["status"]) == ((2, [first]), 0)


@pytest.mark.parametrize("with_known", [False, True])
def test_an_unknown_dependency_is_refused(taskman, gate, with_known):
    """An id that isn't known is refused by add, alone or in a list, and nothing is added."""
    known = taskman.add(name="known", function=gate)
    with pytest.raises(UnknownTask) as refusal:
        taskman.add(
            name="refused", function=lambda f: None, depend_on=[known, "ffffffffff"] if with_known else "ffffffffff"
        )

    assert (refusal.value.task_id, [record["name"] for record in taskman.get_all()]) == ("ffffffffff", ["known"])


@pytest.mark.parametrize("wrong", [7, 0, True, b"ffffffffff", {"a": 1}, [7], [None], [[]], object()])
def test_a_dependency_of_another_type_is_refused(taskman, wrong):
    """depend_on takes an id or a list of ids, and nothing else."""
    with pytest.raises((TypeError, LookupError)):
        taskman.add(name="refused", function=lambda f: None, depend_on=wrong)

    assert taskman.get_all() == []


def test_removing_a_running_dependency_cancels_what_waits(taskman, gate, ended):
    """If the record that a task waits for is removed, the task becomes Canceled and says why."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.wait_until_started()
    taskman.db.remove(taskman.dbQuery.id == first)
    record = ended(second)

    assert (record["status"], first in record["error"]) == (4, True)


def test_removing_a_waiting_dependency_cancels_what_waits(taskman, gate, ended):
    """The same holds when the removed one was itself waiting."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    third = taskman.add(name="third", function=lambda f: None, depend_on=second)
    taskman.db.remove(taskman.dbQuery.id == second)

    assert ended(third)["status"] == 4


@pytest.mark.parametrize("remove", ["purge", "db"])
def test_a_completed_dependency_stays_satisfied_when_its_record_goes(taskman, gates, ended, remove):
    """Of a list, those that had completed may be removed; the task still starts when the rest has completed."""
    gate = gates()
    done = taskman.add(name="done", function=lambda f: None)
    running = taskman.add(name="runs", function=gate)
    both = taskman.add(name="both", function=lambda f: None, depend_on=[done, running])
    ended(done)
    if remove == "purge":
        taskman.purge(days=0)
    else:
        taskman.db.remove(taskman.dbQuery.id == done)
    gate.open()

    assert (taskman.get_task(done), ended(both)["status"]) == ([], 0)


def test_get_dependants_names_those_that_depend(taskman, gate):
    """get_dependants lists the tasks that name an id in depend_on, oldest first."""
    first = taskman.add(name="first", function=gate)
    one = taskman.add(name="one", function=lambda f: None, depend_on=first)
    taskman.add(name="indirect", function=lambda f: None, depend_on=one)
    two = taskman.add(name="two", function=lambda f: None, depend_on=[first, one])

    assert taskman.get_dependants(first) == [one, two]


def test_many_tasks_may_wait_for_one(taskman, gate, ended):
    """Five hundred tasks that wait for the same one all run when it completes."""
    first = taskman.add(name="first", function=gate)
    ids = [taskman.add(name="fan", function=lambda f: None, depend_on=first) for _ in range(500)]
    gate.open()

    assert {ended(task_id)["status"] for task_id in ids} == {0}


def test_tasks_that_wait_hold_no_seat(managers, gates, ended):
    """With one seat, tasks that wait for a dependency don't keep others from running."""
    manager = managers(max_workers=1)
    gate = gates()
    first = manager.add(name="first", function=gate)
    last = manager.add(name="waits", function=lambda f: None, depend_on=first)
    gate.open()

    assert ended(last, manager)["status"] == 0


def chain(taskman, first, length):
    """The last id of a chain of many tasks behind the first."""
    last = first
    for _ in range(length):
        last = taskman.add(name="link", function=lambda f: None, depend_on=last)
    return last


def test_a_very_long_chain_runs_to_its_end(taskman, gate, until):
    """A chain of a hundred thousand tasks completes, link after link."""
    last = chain(taskman, taskman.add(name="first", function=gate), 100_000)
    gate.open()
    until(lambda: taskman.get_status(last) == 0, "a long chain to complete", 60)

    assert taskman.counts() == (100_001, 0, 0, 0, 0)


def test_a_very_long_chain_is_canceled_to_its_end(taskman, gates, until):
    """A failure reaches the last link of a chain far longer than Python's recursion limit."""
    gate = gates(outcome=ValueError("no"))
    last = chain(taskman, taskman.add(name="first", function=gate), 20_000)
    gate.open()
    until(lambda: taskman.get_status(last) == 4, "a long chain to be cancelled", 60)

    assert taskman.counts() == (0, 1, 0, 0, 20_000)


@pytest.mark.guarantee("S9")
def test_a_task_whose_record_is_removed_in_the_instant_of_its_end_sets_nobody_free(taskman, gate, monkeypatch):
    """Its function has returned, but the removal is first on the record: what depends on it is canceled."""
    first = taskman.add(name="first", function=gate)
    ran: list[str] = []
    second = taskman.add(name="second", function=lambda: ran.append("second"), depend_on=first)
    keeper = taskman._runtime._keeper
    post = keeper.post

    def remove_and_post(task):
        if task.own_status is not None and task.id == first:
            taskman.db.remove(taskman.dbQuery.id == first)
        post(task)

    monkeypatch.setattr(keeper, "post", remove_and_post)
    gate.open()

    assert taskman.wait(second, timeout=10)
    assert (taskman.get_status(second), ran) == (4, [])
