"""S4: what get_task and get_all return, and what each of a record's ten keys means."""

from __future__ import annotations

import threading
import time

import pytest
from tinydb.table import Document

pytestmark = pytest.mark.guarantee("S4")

TEN_KEYS = ["id", "timestamp", "name", "depend_on", "status", "get_result", "perf", "error", "result", "thread"]


def test_get_task_returns_a_list_with_one_record(taskman, gate):
    """A known id gives a list of exactly one record."""
    task_id = taskman.add(name="known", function=gate)

    assert [record["id"] for record in taskman.get_task(task_id)] == [task_id]


@pytest.mark.parametrize("unknown", ["0123456789", "", "not an id", None, 7])
def test_get_task_of_an_unknown_id_returns_an_empty_list(taskman, gate, unknown):
    """An id that nobody knows gives an empty list, not an error."""
    taskman.add(name="another", function=gate)

    assert taskman.get_task(unknown) == []


def test_get_all_returns_every_record_oldest_first(taskman, gate):
    """All tasks are listed in the order in which they were added, whatever their status."""
    first = taskman.add(name="first", function=gate)
    others = [taskman.add(name="waits", function=lambda f: None, depend_on=first)]
    others += [taskman.add(name="quick", function=lambda f: None) for _ in range(30)]

    assert [record["id"] for record in taskman.get_all()] == [first, *others]


def test_a_record_begins_with_the_ten_keys(taskman, ended):
    """The ten documented keys come first and in their documented order."""
    record = ended(taskman.add(name="keys", function=lambda f: None))

    assert list(record)[:10] == TEN_KEYS


def test_a_record_is_a_tinydb_document(taskman, gate):
    """Records are TinyDB documents, which are dicts with a doc_id."""
    record = taskman.get_task(taskman.add(name="document", function=gate))[0]

    assert (isinstance(record, Document), isinstance(record, dict), type(record.doc_id)) == (True, True, int)


def test_a_fresh_record_has_the_documented_values(taskman, gate):
    """A task that waits has no time, error, result or thread yet."""
    first = taskman.add(name="first", function=gate)
    record = taskman.get_task(taskman.add(name="fresh", function=lambda f: None, depend_on=first))[0]
    without_id_and_time = {key: record[key] for key in TEN_KEYS[2:]}

    assert without_id_and_time == {
        "name": "fresh",
        "depend_on": first,
        "status": 2,
        "get_result": False,
        "perf": 0,
        "error": None,
        "result": None,
        "thread": None,
    }


def test_timestamp_is_the_local_time_of_adding(taskman, gate):
    """timestamp says when the task was added, in local time, as day.month.year hours:minutes:seconds."""
    before = int(time.time())
    stamp = taskman.get_task(taskman.add(name="stamped", function=gate))[0]["timestamp"]
    after = time.time()

    assert before <= time.mktime(time.strptime(stamp, "%d.%m.%Y %H:%M:%S")) <= after


def test_timestamp_has_two_digits_everywhere(taskman, gate):
    """timestamp is always nineteen characters long."""
    stamp = taskman.get_task(taskman.add(name="stamped", function=gate))[0]["timestamp"]

    assert time.strftime("%d.%m.%Y %H:%M:%S", time.strptime(stamp, "%d.%m.%Y %H:%M:%S")) == stamp


def test_perf_stays_zero_until_the_end(taskman, gate):
    """While a task runs its perf is 0."""
    task_id = taskman.add(name="running", function=gate)
    gate.wait_until_started()

    assert taskman.get_task(task_id)[0]["perf"] == 0


def test_perf_is_the_run_time_in_seconds(taskman, ended):
    """After the end perf is a float: how long the function ran."""
    perf = ended(taskman.add(name="timed", function=lambda f: time.sleep(0.1)))["perf"]

    assert (type(perf), 0.09 < perf < 5) == (float, True)


def test_perf_counts_no_waiting(taskman, gate, ended):
    """The time that a task waited for another is no part of its perf."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    time.sleep(0.5)
    gate.open()

    assert ended(second)["perf"] < 0.4


def test_a_failed_task_has_a_perf_too(taskman, ended):
    """An error doesn't cost the run time."""

    def fail(handle) -> None:
        time.sleep(0.02)
        raise ValueError("late")

    perf = ended(taskman.add(name="fails", function=fail))["perf"]

    assert (type(perf), perf > 0.01) == (float, True)


def test_thread_is_none_before_the_task_runs(taskman, gate):
    """A task that waits has no thread."""
    first = taskman.add(name="first", function=gate)
    waiting = taskman.add(name="waits", function=lambda f: None, depend_on=first)

    assert taskman.get_task(waiting)[0]["thread"] is None


def test_thread_identifies_the_thread_that_runs_the_function(taskman, gate):
    """While a task runs, its record names the running thread."""
    task_id = taskman.add(name="running", function=gate)
    gate.wait_until_started()

    assert taskman.get_task(task_id)[0]["thread"] in {thread.ident for thread in threading.enumerate()}


def test_thread_stays_on_the_record_after_the_end(taskman, ended):
    """After the end the record still names the thread that ran the function."""
    record = ended(taskman.add(name="ran", function=lambda f: threading.get_ident(), get_result=True))

    assert record["thread"] == record["result"]


def test_the_function_runs_in_a_thread_of_its_own(taskman, ended):
    """A task never runs in the thread that added it."""
    record = ended(taskman.add(name="elsewhere", function=lambda f: threading.get_ident(), get_result=True))

    assert record["result"] != threading.get_ident()


@pytest.mark.parametrize("kept", [True, False])
def test_get_result_on_the_record_is_what_was_asked_for(taskman, gate, kept):
    """The record says whether the return value was asked for."""
    record = taskman.get_task(taskman.add(name="asks", function=gate, get_result=kept))[0]

    assert record["get_result"] is kept


def test_times_are_given_as_epoch_seconds_too(taskman, ended):
    """A record's added_at, started_at and finished_at are epoch seconds, in this order."""
    before = time.time()
    record = ended(taskman.add(name="timed", function=lambda f: None))
    times = [before - 0.1, record["added_at"], record["started_at"], record["finished_at"], time.time() + 0.1]

    assert times == sorted(times)


def test_a_suspended_task_says_what_it_waits_for(taskman, gate):
    """A task that waits for another says so on its record."""
    first = taskman.add(name="first", function=gate)
    record = taskman.get_task(taskman.add(name="waits", function=lambda f: None, depend_on=first))[0]

    assert record["waiting_for"] == "dependencies"


def test_changing_a_returned_record_changes_nothing(taskman, ended):
    """Records are copies: what a reader does to one is not seen by others."""
    task_id = taskman.add(name="original", function=lambda f: None)
    ended(task_id)["name"] = "changed"
    taskman.get_all()[0]["name"] = "changed"

    assert taskman.get_task(task_id)[0]["name"] == "original"
