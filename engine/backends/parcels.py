"""What travels between this process and a task's own: the messages, and functions, results and errors as bytes."""

from __future__ import annotations

import inspect
import io
import os
import pickle
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator
from functools import cache, partial
from types import CodeType
from typing import Any, ClassVar, NamedTuple

from .. import records
from ..errors import NotSendable, RemoteTraceback


class Call(NamedTuple):
    """To the process: what to call, and for which task. ``path`` is where modules are looked for."""

    task_id: str
    name: str
    takes_handle: bool
    keeps_result: bool
    path: list[str]
    function: bytes


class Ready(NamedTuple):
    """From the process: it takes calls."""

    task_id: str = ""


class Progress(NamedTuple):
    """From the process: how far a task says that it is."""

    task_id: str
    told: dict[str, Any]


class Line(NamedTuple):
    """From the process: a line for a task's log."""

    task_id: str
    line: records.Line


class Returned(NamedTuple):
    """From the process: what the function returned."""

    task_id: str
    value: bytes


class Raised(NamedTuple):
    """From the process: what the function raised, as one line and with its traceback; ``error`` if it can be sent."""

    task_id: str
    error: bytes
    line: str
    trace: str


Message = Ready | Progress | Line | Returned | Raised


class _Here:
    """What is known of this process: whether it runs tasks of another one."""

    is_inside = False


here = _Here()


def pack(function: Callable[..., Any]) -> bytes:
    """A task's function as bytes. Raises NotSendable for what can't be sent, and says which part of it."""
    label = getattr(function, "__qualname__", None) or type(function).__name__
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise NotSendable(
            f'function {label} is a coroutine function, which isolation="process" can\'t run. '
            "Wrap it: function=lambda f: asyncio.run(work())"
        )
    try:
        return dumps(function)
    except Exception as error:  # whatever the pickling code of other people's objects raises
        raise NotSendable(
            f"function {label} can't be sent to another process{_culprit(function)}. Let it take plain data, such as "
            "paths, ids and numbers, and make locks, connections and files itself; or leave out isolation. "
            f"({_said(error)})"
        ) from error


def check_surroundings() -> None:
    """Raises if functions can't be sent to processes from here, and says what to do about it."""
    if here.is_inside:
        raise RuntimeError(
            'add(isolation="process") was called within a process that runs a task. Most often a module adds tasks '
            'when it is imported: put that under if __name__ == "__main__", or into a function.'
        )
    if not hasattr(os, "killpg") or getattr(sys, "frozen", False):
        raise RuntimeError(
            'isolation="process" needs a POSIX system and a Python interpreter that can be started again '
            '(sys.executable). Use isolation="thread" here.'
        )
    _pickler()


def dumps(value: object) -> bytes:
    """Any picklable value as bytes; what belongs to ``__main__`` and lambdas by value."""
    buffer = io.BytesIO()
    _pickler()(buffer).dump(value)
    return buffer.getvalue()


def unpack_value(answer: Returned) -> Any:
    """What a function returned. Raises NotSendable if it can't be made here."""
    try:
        return pickle.loads(answer.value)
    except Exception as error:
        raise not_sent_back("returned", error) from error


def unpack_error(answer: Raised) -> BaseException:
    """What a function raised, its traceback as the cause; if it can't be made here, NotSendable with its line."""
    error: object = None
    if answer.error:
        try:
            error = pickle.loads(answer.error)
        except Exception:
            pass  # such as a class whose arguments aren't those of its __init__
    if not isinstance(error, BaseException):
        error = NotSendable(f"{answer.line} (raised in the task's process; the exception itself can't be sent back)")
    error.__cause__ = RemoteTraceback(answer.trace)
    return error


def not_sent_back(did: str, error: Exception) -> NotSendable:
    """The error of a function whose outcome can't be sent."""
    return NotSendable(
        f"what the function {did} can't be sent back from its process. Return plain data, or add the task without "
        f"get_result. ({_said(error)})"
    )


@cache
def _pickler() -> Any:
    """Cloudpickle's, but that code keeps the name of its file, for the lines of tracebacks."""
    try:
        import cloudpickle
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'isolation="process" needs the package cloudpickle: install Task Control with its extra, '
            "task-control[process], or run pip install cloudpickle.",
            name="cloudpickle",
        ) from None
    table = cloudpickle.Pickler.dispatch_table
    reduce_code = table[CodeType]

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle brings no types
        dispatch_table: ClassVar = ChainMap(
            {CodeType: lambda code: (_code, (code.co_filename, *reduce_code(code)))}, table
        )

    return Pickler


def _code(filename: str, make: Callable[..., CodeType], arguments: tuple[Any, ...]) -> CodeType:
    return make(*arguments).replace(co_filename=filename)


def _culprit(function: Callable[..., Any]) -> str:
    """Which part of a function it is that can't be sent, in words, if that can be told."""
    for what, value in _parts(function):
        try:
            dumps(value)
        except Exception:
            return f" because of its {what}, a {type(value).__name__}"
    return ""


def _parts(function: Callable[..., Any]) -> Iterator[tuple[str, object]]:
    if isinstance(function, partial):
        for argument in (*function.args, *function.keywords.values()):
            yield f"argument {argument!r:.60}", argument
        function = function.func
    bound_to = getattr(function, "__self__", None)
    if bound_to is not None:
        yield "object", bound_to
    try:
        used = inspect.getclosurevars(function)
    except (TypeError, ValueError):
        return  # not a function written in Python
    for name, value in {**used.globals, **used.nonlocals}.items():
        yield f"variable {name!r}", value


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
