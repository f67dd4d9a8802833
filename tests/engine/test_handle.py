"""S3: what a running function can ask and tell through its handle."""

from __future__ import annotations

import logging
import time

import pytest

from engine import TaskInterrupt, current_task

pytestmark = pytest.mark.guarantee("S3")


@pytest.fixture
def run(taskman, ended):
    """Run a function as a task and return its record."""

    def run_to_end(function, **options):
        return ended(taskman.add(name="asked", function=function, get_result=True, **options))

    return run_to_end


def test_the_handle_knows_its_task(taskman, ended):
    """id and name are those of the task."""
    task_id = taskman.add(name="known", function=lambda f: (f.id, f.name), get_result=True)

    assert ended(task_id)["result"] == (task_id, "known")


def test_progress_is_seen_while_the_task_runs(taskman, gate):
    """What a function tells about its progress is on the record at once."""

    def work(handle):
        handle.progress(3, 10, "third of ten")
        gate(handle)

    task_id = taskman.add(name="tells", function=work)
    gate.wait_until_started()

    assert taskman.get_task(task_id)[0]["progress"] == {"done": 3, "total": 10, "message": "third of ten"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((5,), {"done": 5, "total": None, "message": None}),
        ((2.5, 7.5), {"done": 2.5, "total": 7.5, "message": None}),
        ((0, 0), {"done": 0, "total": 0, "message": None}),
        ((12, 10), {"done": 12, "total": 10, "message": None}),
    ],
)
def test_total_and_message_may_be_left_out(run, arguments, expected):
    """Progress may be a bare number; it may even be more than was expected."""
    assert run(lambda f: f.progress(*arguments))["progress"] == expected


def test_the_last_progress_stays_on_the_record(run):
    """After the end the record shows the last progress that was told."""
    assert run(lambda f: [f.progress(n, 4) for n in range(1, 5)])["progress"]["done"] == 4


def test_without_progress_the_record_has_none(run):
    """A function that tells nothing has no progress."""
    assert run(lambda f: None)["progress"] is None


@pytest.mark.parametrize("arguments", [("3",), (None,), (3, "10"), (True,), (float("nan"),), (3, float("nan"))])
def test_progress_that_is_no_number_is_refused(run, arguments):
    """progress takes numbers and a text; otherwise it raises in the function, and the record keeps what it had."""

    def work(handle):
        handle.progress(1, 2, "before")
        try:
            handle.progress(*arguments)
        except (TypeError, ValueError):
            return "refused"

    record = run(work)

    assert (record["result"], record["progress"]) == ("refused", {"done": 1, "total": 2, "message": "before"})


def test_sleep_sleeps(run):
    """sleep lasts as long as it was told."""
    assert run(lambda f: f.sleep(0.1))["perf"] >= 0.09


def test_log_lines_are_kept_on_the_record(run):
    """log keeps message, level and time, in order."""
    before = time.time()

    def work(handle):
        handle.log("first")
        handle.log("second", level="WARNING")

    lines = run(work)["log"]
    times = [before - 0.1, *(line["at"] for line in lines), time.time() + 0.1]

    assert ([(line["level"], line["message"]) for line in lines], times) == (
        [("INFO", "first"), ("WARNING", "second")],
        sorted(times),
    )


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_log_knows_the_usual_levels(run, level):
    """The five levels of Python's logging are accepted by name."""
    assert run(lambda f: f.log("said", level=level))["log"][0]["level"] == level


@pytest.mark.parametrize("level", ["LOUD", 3, None])
def test_log_refuses_an_unknown_level(run, level):
    """Another level is an error in the function."""
    assert run(lambda f: f.log("said", level=level))["error"].partition(":")[0] in ("ValueError", "TypeError")


def test_the_log_keeps_the_last_two_hundred_lines(run):
    """A function that logs without end costs no endless memory."""
    lines = run(lambda f: [f.log(f"line {n}") for n in range(500)])["log"]

    assert [line["message"] for line in lines] == [f"line {n}" for n in range(300, 500)]


def test_a_task_that_logs_nothing_has_an_empty_log(run):
    """The log is there even when it is empty."""
    assert list(run(lambda f: None)["log"]) == []


def test_shields_may_be_nested(run):
    """A shield inside a shield is allowed."""

    def work(handle):
        with handle.shield(), handle.shield():
            return "inside"

    assert run(work)["result"] == "inside"


def test_current_task_is_the_handle_in_deeper_code(run):
    """Code that was given no handle finds it all the same."""

    def deeper():
        return current_task()

    def work(handle):
        return deeper() is handle or deeper().id == handle.id

    assert run(work)["result"] is True


def test_current_task_is_none_outside_of_tasks(taskman, ended):
    """In a thread that runs no task there is no current task."""
    ended(taskman.add(name="elsewhere", function=lambda f: None))

    assert current_task() is None


def test_current_task_is_each_tasks_own(managers, ended):
    """Tasks that follow each other on the same thread never see another's handle."""
    manager = managers(max_workers=1)
    ids = [manager.add(name="own", function=lambda: current_task().id, get_result=True) for _ in range(20)]

    assert [ended(task_id, manager)["result"] for task_id in ids] == ids


def test_a_handle_kept_after_the_end_changes_nothing(taskman, run):
    """What a forgotten thread tells through an old handle doesn't change the ended record."""
    kept = []
    record = run(kept.append)
    try:
        kept[0].progress(5, 5)
    except (RuntimeError, TaskInterrupt):
        pass
    after = taskman.get_task(record["id"])[0]

    assert (after["status"], after["progress"]) == (0, None)


def test_logging_to_the_record_needs_no_logging_setup(run, caplog):
    """A task's log lines are about the task; they are no warnings of the engine."""
    with caplog.at_level(logging.WARNING):
        run(lambda f: f.log("said"))

    assert caplog.records == []


@pytest.mark.parametrize(
    ("seconds", "error"), [("1", TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError)]
)
def test_a_senseless_sleep_is_refused(taskman, ended, seconds, error):
    """The task that asks for it gets the error."""
    task_id = taskman.add(name="sleeps", function=lambda handle: handle.sleep(seconds))

    assert ended(task_id)["error"].startswith(f"{error.__name__}: sleep takes")
