"""What callers may pass: each check returns the value in the engine's form or says what is wrong with it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FunctionType
from typing import Any, TypeVar

from .status import FINAL

T = TypeVar("T")

_VARARGS, _ASYNC_GENERATOR = inspect.CO_VARARGS, inspect.CO_ASYNC_GENERATOR
_UNUSUAL = _VARARGS | _ASYNC_GENERATOR

#: The code of the last function that was as most are: the next task's is often the same.
_usual: list[CodeType | None] = [None]
_SECONDS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0}

#: The greatest age that a purge understands: a thousand years. More is a slip of the pen.
_MAX_AGE_S = 1000 * 366 * 86400.0


def no_name(name: object) -> TypeError:
    """What ``add`` raises for a name that is no string."""
    return TypeError(f"name must be a string, not {_kind(name)}: add(name='import', function=...)")


def takes_handle(function: object) -> bool:
    """Whether ``function`` is to be called with the task's handle: it needs one positional argument or has ``*args``.

    Raises TypeError for what can't be called with one positional argument or none.
    """
    if type(function) is FunctionType:
        code = function.__code__
        if code is _usual[0] and not function.__defaults__:
            return True
        if code.co_argcount == 1 and not (function.__defaults__ or code.co_kwonlyargcount or code.co_flags & _UNUSUAL):
            _usual[0] = code
            return True  # most of them; no other argument would do, whatever signature a decorator shows
        if not function.__dict__:
            return _plain_function_takes_handle(function)
    if not callable(function):
        raise TypeError(f"function must be callable, not {_kind(function)}: add(..., function=lambda f: work())")
    if inspect.isasyncgenfunction(function) or inspect.isasyncgenfunction(type(function).__call__):
        raise _is_async_generator(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True  # no signature can be read
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.default is p.empty]
    return _decide(
        function,
        required=sum(p.kind in positional for p in needed),
        required_by_name=[p.name for p in needed if p.kind is p.KEYWORD_ONLY],
        has_varargs=any(p.kind is p.VAR_POSITIONAL for p in parameters),
    )


def _plain_function_takes_handle(function: FunctionType) -> bool:
    """The same for a plain function from its code object; reading a signature takes 20 us, this half of one."""
    code = function.__code__
    needed = code.co_argcount - len(function.__defaults__ or ())
    if needed <= 1 and not code.co_kwonlyargcount and not code.co_flags & _UNUSUAL:
        return needed == 1
    if code.co_flags & _ASYNC_GENERATOR:
        raise _is_async_generator(function)
    by_name: list[str] = []
    if code.co_kwonlyargcount:
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        by_name = [name for name in names if name not in (function.__kwdefaults__ or {})]
    return _decide(function, needed, by_name, bool(code.co_flags & _VARARGS))


def _decide(function: object, required: int, required_by_name: list[str], has_varargs: bool) -> bool:
    if required > 1 or required_by_name:
        missing = f"{required} arguments" if required > 1 else f"the argument {required_by_name[0]!r}"
        raise TypeError(
            f"function {_label(function)} requires {missing}, but a task's function is called with one, its handle. "
            "Bind the others: function=lambda f: work(a, b)"
        )
    return required == 1 or has_varargs


def check_hook(function: object) -> None:
    """A function that can be called at transitions."""
    if not callable(function) or inspect.iscoroutinefunction(function):
        kind = _kind(function) if not callable(function) else "a coroutine function"
        raise TypeError(f"function must be callable with a transition, not {kind}: on_transition(print)")


def _is_async_generator(function: object) -> TypeError:
    return TypeError(
        f"function {_label(function)} is an async generator function, which has no one result. "
        "Use it in a coroutine function: async for item in work(): ..."
    )


def check_limit(seconds: object, argument: str = "thread_timeout") -> float | None:
    """A time limit: None, or a positive number of seconds, infinity included."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{argument} must be a number of seconds or None, not {_kind(seconds)}")
    limit = _to_float(seconds)
    if math.isnan(limit) or limit <= 0:
        raise ValueError(f'{argument} must be more than 0 seconds, not {seconds!r}; float("inf") means no limit')
    return limit


def check_dependencies(
    depend_on: object, known: Callable[[Any], T | None]
) -> tuple[str | tuple[str, ...], Sequence[T] | None]:
    """The id that a task waits for, or several, each once, in their order; and what is ``known`` by each of them.

    That is None unless something is known by all, which says that each is an id, or equals one; else all are looked at.
    """
    if isinstance(depend_on, str):
        one = known(depend_on)
        return depend_on, None if one is None else [one]
    if type(depend_on) is not list and not isinstance(depend_on, (list, tuple, set, frozenset)):
        raise TypeError(f"depend_on must be a task id, a list of them or None, not {_kind(depend_on)}")
    named = tuple(depend_on)
    try:
        found: list[Any] = [*map(known, named)]
        if None not in found and len({*named}) == len(named):
            return named, found
    except TypeError:
        pass  # one can't be hashed, so it's no id
    for task_id in named:
        if not isinstance(task_id, str):
            raise TypeError(f"depend_on must hold task ids, which are strings, not {_kind(task_id)}")
    return tuple(dict.fromkeys(named)), None


def check_ids(ids: object) -> list[str]:
    """The task ids that a caller means: one, or several."""
    if isinstance(ids, str):
        return [ids]
    if isinstance(ids, Iterable):
        named = list(ids)
        wrong = [one for one in named if not isinstance(one, str)]
        if not wrong:
            return named
        ids = wrong[0]
    hint = "; a future's is its task_id" if hasattr(ids, "task_id") else ""
    raise TypeError(f"ids must be a task id or several, which are strings, not {_kind(ids)}{hint}")


def check_age(days: object, hours: object, minutes: object) -> float | None:
    """The age in seconds that days, hours and minutes add up to; None if none of them is given."""
    given = {"days": days, "hours": hours, "minutes": minutes}
    if all(value is None for value in given.values()):
        return None
    age = 0.0
    for unit, value in given.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{unit} must be a number, not {_kind(value)}")
        number = _to_float(value)
        if math.isnan(number) or number < 0:
            raise ValueError(f"{unit} must be zero or more, not {number!r}")
        age += number * _SECONDS[unit]
    if age > _MAX_AGE_S:
        raise ValueError(f"an age of {age / 86400.0:g} days is beyond reason; purge() without ages removes all")
    return age


def check_statuses(statuses: Iterable[int] | None) -> frozenset[int]:
    """The final status codes that a purge is about; all three if None."""
    if statuses is None:
        return FINAL
    if isinstance(statuses, (str, bytes)) or not isinstance(statuses, Iterable):
        raise TypeError(f"statuses must be a list of status codes such as [0, 1, 4], not {_kind(statuses)}")
    codes = list(statuses)
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, int):
            raise TypeError(f"statuses must hold status codes, which are integers, not {_kind(code)}")
        if code not in FINAL:
            raise ValueError(f"only ended tasks can be purged by status: 0, 1 or 4, not {code}")
    return frozenset(int(code) for code in codes)


def check_isolation(isolation: object) -> bool:
    """Where a function runs: True if in a process of its own."""
    if isolation not in ("thread", "process"):
        raise ValueError(f'isolation must be "thread" or "process", not {isolation!r}')
    return isolation == "process"


def check_on_failure(on_failure: object) -> bool:
    """What becomes of a task if one that it depends on doesn't complete: True if it runs all the same."""
    if on_failure not in ("cancel", "run"):
        raise ValueError(f'on_failure must be "cancel" or "run", not {on_failure!r}')
    return on_failure == "run"


def check_whole(value: object, argument: str) -> int:
    """A whole number of at least one."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{argument} must be a whole number, not {_kind(value)}")
    if value < 1:
        raise ValueError(f"{argument} must be at least 1, not {value}")
    return value


def check_revision(since: object) -> int:
    """The number of a change; which ones are held is the feed's to say."""
    if isinstance(since, bool) or not isinstance(since, int):
        raise TypeError(f"since must be a revision, a whole number as in Change.revision, not {_kind(since)}")
    return since


def check_timeout(seconds: object) -> float | None:
    """How long a caller wants to wait: None (for ever), or seconds; zero and less mean not at all."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"timeout must be a number of seconds or None, not {_kind(seconds)}")
    limit = _to_float(seconds)
    if math.isnan(limit):
        raise ValueError("timeout must be a number of seconds or None, not NaN")
    return None if limit == math.inf else max(0.0, limit)


def _to_float(number: int | float) -> float:
    try:
        return float(number)
    except OverflowError:  # an integer beyond all floats
        return math.inf if number > 0 else -math.inf


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _label(function: object) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__name__)


#: What a task calls: with its handle or without an argument.
TaskFunction = Callable[..., Any]
