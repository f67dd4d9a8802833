"""S6: the five states, their words, the usual course, and what an error says."""

from __future__ import annotations

import pytest

from engine import Status

pytestmark = pytest.mark.guarantee("S6")

WORDS = ["Completed", "Error", "Suspended", "Running", "Canceled"]


class BadlyBehaved(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no message for you")


def raising(error: BaseException):
    def function(handle):
        raise error

    return function


def statuses_of(subscription, task_id):
    """The different statuses that the task went through, in order, up to its end."""
    seen: list[int] = []
    for change in subscription:
        if change.id == task_id and change.record["status"] not in seen[-1:]:
            seen.append(change.record["status"])
        if seen and seen[-1] in (0, 1, 4):
            return seen
    return seen


def test_status_code_lists_the_five_words(taskman):
    """status_code holds the descriptions, indexed by code."""
    assert list(taskman.status_code) == WORDS


def test_the_status_enum_has_the_same_codes_and_words():
    """Status gives the five codes names, and each its word."""
    assert [(int(status), status.word) for status in sorted(Status)] == list(enumerate(WORDS))


def test_get_status_gives_a_plain_int(taskman, ended):
    """The status of a completed task is the int 0."""
    task_id = taskman.add(name="completes", function=lambda f: None)
    ended(task_id)

    assert (taskman.get_status(task_id), f"{taskman.get_status(task_id)}") == (0, "0")


def test_get_status_of_a_waiting_task(taskman, gate):
    """A task that waits for another is 2, Suspended."""
    first = taskman.add(name="first", function=gate)
    waiting = taskman.add(name="waits", function=lambda f: None, depend_on=first)

    assert (taskman.get_status(waiting), taskman.get_status_str(waiting)) == (2, "Suspended")


def test_get_status_of_a_running_task(taskman, gate):
    """A task whose function runs is 3, Running."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()

    assert (taskman.get_status(task_id), taskman.get_status_str(task_id)) == (3, "Running")


@pytest.mark.parametrize(
    ("function", "code", "word"), [(lambda f: None, 0, "Completed"), (raising(ValueError("no")), 1, "Error")]
)
def test_get_status_of_an_ended_task(taskman, ended, function, code, word):
    """A function that returned gives 0, Completed; one that raised gives 1, Error."""
    task_id = taskman.add(name="ends", function=function)
    ended(task_id)

    assert (taskman.get_status(task_id), taskman.get_status_str(task_id)) == (code, word)


def test_get_status_of_a_canceled_task(taskman, gate):
    """A cancelled task is 4, Canceled."""
    task_id = taskman.add(name="cancelled", function=gate)
    taskman.cancel(task_id)

    assert (taskman.get_status(task_id), taskman.get_status_str(task_id)) == (4, "Canceled")


def test_the_usual_course_is_suspended_running_completed(taskman):
    """A task goes from 2 over 3 to 0."""
    with taskman.subscribe() as subscription:
        task_id = taskman.add(name="usual", function=lambda f: None)
        seen = statuses_of(subscription, task_id)

    assert seen == [2, 3, 0]


def test_the_course_of_a_failing_task(taskman):
    """A task whose function raises goes from 2 over 3 to 1."""
    with taskman.subscribe() as subscription:
        task_id = taskman.add(name="fails", function=raising(ValueError("no")))
        seen = statuses_of(subscription, task_id)

    assert seen == [2, 3, 1]


def test_a_completed_task_has_no_error(taskman, ended):
    """error stays None when nothing went wrong."""
    assert ended(taskman.add(name="fine", function=lambda f: None))["error"] is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no such thing"), "ValueError: no such thing"),
        (KeyError("key"), "KeyError: 'key'"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt("pressed"), "KeyboardInterrupt: pressed"),
        (GeneratorExit("over"), "GeneratorExit: over"),
        (StopIteration("done"), "StopIteration: done"),
    ],
)
def test_an_exception_gives_status_1_and_says_what_was_raised(taskman, ended, error, message):
    """Whatever a function raises ends its task with Error, with the type and the message."""
    record = ended(taskman.add(name="raises", function=raising(error)))

    assert (record["status"], record["error"]) == (1, message)


def test_an_exception_without_a_message_names_its_type(taskman, ended):
    """An exception with no text still says its type."""
    record = ended(taskman.add(name="raises", function=raising(ValueError())))

    assert record["error"].startswith("ValueError")


def test_an_exception_that_cannot_be_printed_is_still_an_error(taskman, ended):
    """Even if asking for its message raises, the exception is recorded by its type."""
    record = ended(taskman.add(name="raises", function=raising(BadlyBehaved())))

    assert (record["status"], "BadlyBehaved" in record["error"]) == (1, True)


def test_error_is_a_single_line(taskman, ended):
    """However long a message is, the record's error is one line."""
    record = ended(taskman.add(name="raises", function=raising(ValueError("first\nsecond\r\nthird"))))

    assert (record["error"].splitlines(), "first" in record["error"]) == ([record["error"]], True)


def test_the_traceback_is_kept(taskman, ended):
    """The record keeps the traceback, down to the line that raised."""
    record = ended(taskman.add(name="raises", function=raising(ValueError("no such thing"))))

    assert "raise error" in record["traceback"]


def test_an_error_costs_only_its_own_task(taskman, ended):
    """After any exception the manager runs the next task."""
    ended(taskman.add(name="raises", function=raising(SystemExit(1))))

    assert ended(taskman.add(name="next", function=lambda f: None))["status"] == 0


def test_a_canceled_task_says_that_it_was_asked_for(taskman, gate):
    """A task that was cancelled by a call says so in its error."""
    task_id = taskman.add(name="cancelled", function=gate)
    taskman.cancel(task_id)

    assert taskman.get_task(task_id)[0]["error"] == "Canceled on request"


def test_a_task_canceled_by_a_failed_dependency_names_it_and_its_end(taskman, ended):
    """A task that lost its dependency says which one it was and that it ended with Error."""
    first = taskman.add(name="first", function=raising(ValueError("no")))
    error = ended(taskman.add(name="second", function=lambda f: None, depend_on=first))["error"]

    assert (first in error, "Error" in error) == (True, True)


def test_a_task_canceled_by_a_canceled_dependency_names_it_and_its_end(taskman, gate, ended):
    """A task whose dependency was cancelled says which one it was and that it was Canceled."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    taskman.cancel(first)
    error = ended(second)["error"]

    assert (first in error, error.count("Canceled")) == (True, 2)


def test_a_task_that_raises_a_cancellation_by_itself_ends_in_error(taskman, ended):
    """Only a decided stop counts: a function that raises TaskCancelled unasked is an Error."""
    from engine import TaskCancelled

    record = ended(taskman.add(name="pretends", function=raising(TaskCancelled("by itself"))))

    assert record["status"] == 1
