"""S3: what a task's function is called with, for every kind of callable."""

from __future__ import annotations

import functools

import pytest

from engine import TaskControl, TaskHandle

pytestmark = pytest.mark.guarantee("S3")


def takes_one(argument):
    return argument


def takes_one_by_position_only(argument, /):
    return argument


def takes_one_and_an_optional(argument, more="default"):
    return argument if more == "default" else "the option was filled"


def takes_one_and_an_optional_keyword(argument, *, more="default"):
    return argument if more == "default" else "the option was filled"


def takes_any(*arguments):
    return arguments[0] if len(arguments) == 1 else arguments


def takes_anything(*arguments, **options):
    return arguments[0] if len(arguments) == 1 and not options else (arguments, options)


def takes_two(first, second):
    return second if first == "bound" else "the wrong parameter was filled"


def takes_none():
    return "no argument"


def takes_only_an_optional(argument="no argument"):
    return argument


def takes_only_keywords(**options):
    return options or "no argument"


def takes_an_optional_keyword(*, option="no argument"):
    return option


def requires_a_keyword(*, option):
    return option


def requires_one_and_a_keyword(argument, *, option):
    return argument, option


@functools.wraps(takes_none)
def wrapped_takes_none(*arguments, **options):
    return takes_none(*arguments, **options)


@functools.wraps(takes_one)
def wrapped_takes_one(*arguments, **options):
    return takes_one(*arguments, **options)


class TakesOneWhenCalled:
    def __call__(self, argument):
        return argument


class TakesNoneWhenCalled:
    def __call__(self):
        return "no argument"


class Methods:
    def one(self, argument):
        return argument

    def none(self):
        return "no argument"

    def two(self, first, second):
        return first, second

    @classmethod
    def class_one(cls, argument):
        return argument

    @staticmethod
    def static_one(argument):
        return argument

    @staticmethod
    def static_none():
        return "no argument"


class MadeWithOne:
    def __init__(self, argument):
        self.argument = argument


class MadeWithNone:
    argument = "no argument"


class MadeWithTwo:
    def __init__(self, first, second):
        self.argument = (first, second)


WITH_THE_HANDLE = {
    "lambda": lambda f: f,
    "function": takes_one,
    "positional only": takes_one_by_position_only,
    "and an optional": takes_one_and_an_optional,
    "and an optional keyword": takes_one_and_an_optional_keyword,
    "star arguments": takes_any,
    "star arguments and keywords": takes_anything,
    "callable object": TakesOneWhenCalled(),
    "bound method": Methods().one,
    "class method": Methods.class_one,
    "static method": Methods.static_one,
    "partial that leaves one": functools.partial(takes_two, "bound"),
    "partial of an option": functools.partial(takes_one_and_an_optional, more="default"),
    "decorated function": wrapped_takes_one,
}

WITHOUT_ARGUMENT = {
    "lambda": lambda: "no argument",
    "function": takes_none,
    "only an optional": takes_only_an_optional,
    "only keywords": takes_only_keywords,
    "an optional keyword": takes_an_optional_keyword,
    "callable object": TakesNoneWhenCalled(),
    "bound method": Methods().none,
    "static method": Methods.static_none,
    "partial that leaves none": functools.partial(takes_one, "no argument"),
    "partial that fills the keyword": functools.partial(requires_a_keyword, option="no argument"),
    "decorated function": wrapped_takes_none,
}

REFUSED = {
    "two parameters": takes_two,
    "lambda with two": lambda a, b: None,
    "a required keyword": requires_a_keyword,
    "one and a required keyword": requires_one_and_a_keyword,
    "bound method with two": Methods().two,
    "unbound method with one": Methods.one,
    "class made with two": MadeWithTwo,
    "partial that leaves two": functools.partial(lambda a, b, c: None, 1),
    "partial that turns one into a keyword": functools.partial(takes_two, first="bound"),
}


@pytest.mark.parametrize("function", WITH_THE_HANDLE.values(), ids=WITH_THE_HANDLE.keys())
def test_a_function_that_takes_an_argument_gets_its_tasks_handle(taskman, ended, function):
    """The one argument is the handle of the task itself."""
    task_id = taskman.add(name="handle", function=function, get_result=True)
    handle = ended(task_id)["result"]

    assert (type(handle), handle.id) == (TaskHandle, task_id)


@pytest.mark.parametrize("function", WITHOUT_ARGUMENT.values(), ids=WITHOUT_ARGUMENT.keys())
def test_a_function_that_requires_no_argument_is_called_with_none(taskman, ended, function):
    """A callable without a required positional parameter and without *args is called with nothing."""
    record = ended(taskman.add(name="none", function=function, get_result=True))

    assert (record["error"], record["result"]) == (None, "no argument")


@pytest.mark.parametrize("function", REFUSED.values(), ids=REFUSED.keys())
def test_a_function_that_requires_more_is_refused_by_add(taskman, function):
    """What one argument can't satisfy is refused at once, and leaves no record."""
    with pytest.raises(TypeError):
        taskman.add(name="too much", function=function)

    assert taskman.get_all() == []


@pytest.mark.parametrize(("made", "argument"), [(MadeWithOne, TaskHandle), (MadeWithNone, str)])
def test_a_class_is_called_as_its_constructor_asks(taskman, ended, made, argument):
    """A class may be the function: it is made with the handle if its constructor takes one."""
    result = ended(taskman.add(name="class", function=made, get_result=True))["result"]

    assert (type(result), type(result.argument)) == (made, argument)


def test_a_builtin_with_star_arguments_gets_the_handle(taskman, ended, capsys):
    """print is given one argument, the handle."""
    record = ended(taskman.add(name="print", function=print))

    assert (record["error"], len(capsys.readouterr().out.splitlines())) == (None, 1)


def test_where_no_signature_can_be_read_one_argument_is_passed(taskman, ended):
    """A builtin that tells nothing about its parameters is given the handle."""
    record = ended(taskman.add(name="type", function=type, get_result=True))

    assert (record["error"], record["result"]) == (None, TaskHandle)


def test_a_builtin_that_cannot_use_the_handle_ends_in_error(taskman, ended):
    """int is given the handle, can't make a number of it, and the record says so."""
    record = ended(taskman.add(name="int", function=int))

    assert (record["status"], record["error"].partition(":")[0]) == (1, "TypeError")


def test_an_unreadable_signature_is_no_reason_to_refuse(taskman, ended):
    """An object whose signature raises is called with the handle all the same."""

    class Unreadable:
        @property
        def __signature__(self):
            raise ValueError("not told")

        def __call__(self, *arguments):
            return len(arguments)

    record = ended(taskman.add(name="unreadable", function=Unreadable(), get_result=True))

    assert record["result"] == 1


def test_the_decision_is_made_in_add(managers, gates):
    """A function is refused when it is added, though it could not have started yet."""
    manager: TaskControl = managers(max_workers=1)
    busy = gates()
    first = manager.add(name="busy", function=busy)

    with pytest.raises(TypeError):
        manager.add(name="too much", function=takes_two, depend_on=first)
    assert [record["name"] for record in manager.get_all()] == ["busy"]


def test_the_refusal_says_which_function_and_what_to_do(taskman):
    """The message of the refusal names the function."""
    with pytest.raises(TypeError, match="takes_two"):
        taskman.add(name="too much", function=takes_two)


def test_a_type_error_inside_the_function_is_the_tasks_own(taskman, ended):
    """A TypeError raised by the function's body is an error of the task, and nothing is called again."""
    calls = []

    def body(handle):
        calls.append(handle)
        raise TypeError("takes 0 positional arguments but 1 was given")

    record = ended(taskman.add(name="own error", function=body))

    assert (record["status"], len(calls)) == (1, 1)
