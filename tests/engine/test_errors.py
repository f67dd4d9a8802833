"""S13: unknown ids and wrong arguments are refused at the door, with an error that says what to do."""

from __future__ import annotations

import pytest

from engine import TaskControlError, UnknownTask

pytestmark = pytest.mark.guarantee("S13")

UNKNOWN = "0123456789"

BY_ID = {
    "get_status": lambda manager, task_id: manager.get_status(task_id),
    "get_status_str": lambda manager, task_id: manager.get_status_str(task_id),
    "get_result": lambda manager, task_id: manager.get_result(task_id),
    "cancel": lambda manager, task_id: manager.cancel(task_id),
    "depend_on": lambda manager, task_id: manager.add(name="n", function=lambda f: None, depend_on=task_id),
    "depend_on a list": lambda manager, task_id: manager.add(name="n", function=lambda f: None, depend_on=[task_id]),
}


@pytest.mark.parametrize("call", BY_ID.values(), ids=BY_ID.keys())
def test_an_unknown_id_is_an_error_of_its_own_class(taskman, call):
    """Whoever asks for an unknown id gets UnknownTask, which keeps the id."""
    with pytest.raises(UnknownTask) as refusal:
        call(taskman, UNKNOWN)

    assert refusal.value.task_id == UNKNOWN


@pytest.mark.parametrize("call", BY_ID.values(), ids=BY_ID.keys())
def test_an_unknown_id_is_a_lookup_error_that_names_the_id(taskman, call):
    """The error can be caught as a LookupError or as the engine's own, and its text names the id."""
    with pytest.raises(LookupError, match=UNKNOWN) as refusal:
        call(taskman, UNKNOWN)

    assert isinstance(refusal.value, TaskControlError)


@pytest.mark.parametrize("call", BY_ID.values(), ids=BY_ID.keys())
def test_the_id_of_a_removed_task_is_unknown(taskman, ended, call):
    """After its record is gone, an id is as unknown as any other."""
    task_id = taskman.add(name="goes", function=lambda f: None)
    ended(task_id)
    taskman.purge()

    with pytest.raises(UnknownTask):
        call(taskman, task_id)


@pytest.mark.parametrize("wrong", [None, 7, b"0123456789", ["0123456789"]])
@pytest.mark.parametrize("method", ["get_status", "get_status_str", "get_result", "cancel"])
def test_an_id_of_another_type_is_refused(taskman, method, wrong):
    """What isn't even a string is no known id."""
    with pytest.raises((LookupError, TypeError)):
        getattr(taskman, method)(wrong)


@pytest.mark.parametrize("name", [None, 7, b"bytes", ["list"], object()])
def test_a_name_that_is_no_string_is_refused(taskman, name):
    """add takes a string as the name; otherwise nothing is added."""
    with pytest.raises(TypeError, match="name"):
        taskman.add(name=name, function=lambda f: None)

    assert taskman.get_all() == []


@pytest.mark.parametrize("function", [None, 7, "print", (n for n in ()), object()])
def test_a_function_that_cannot_be_called_is_refused(taskman, function):
    """add takes something callable as the function; otherwise nothing is added."""
    with pytest.raises(TypeError, match="function"):
        taskman.add(name="bad", function=function)

    assert taskman.get_all() == []


@pytest.mark.parametrize("arguments", [{}, {"name": "n"}, {"function": print}])
def test_name_and_function_are_required(taskman, arguments):
    """Leaving out the name or the function is a TypeError."""
    with pytest.raises(TypeError):
        taskman.add(**arguments)

    assert taskman.get_all() == []


def test_a_refused_task_is_never_run(taskman, gate, ended):
    """Whatever else was right about it, a refused task's function isn't called."""
    with pytest.raises(ValueError, match="thread_timeout"):
        taskman.add(name="refused", function=gate, thread_timeout=-1)
    ended(taskman.add(name="next", function=lambda f: None))

    assert gate.calls == 0


def test_a_refusal_publishes_nothing(taskman):
    """A refused add leaves no trace in the changes."""
    with pytest.raises(TypeError):
        taskman.add(name=7, function=lambda f: None)

    assert (taskman.revision, taskman.counts()) == (0, (0, 0, 0, 0, 0))


@pytest.mark.parametrize("max_workers", [0, -1, 1.5, "4", None, True])
def test_a_bad_number_of_workers_is_refused(managers, max_workers):
    """max_workers takes a whole number of at least one."""
    with pytest.raises((TypeError, ValueError), match="max_workers"):
        managers(max_workers=max_workers)
