"""What goes wrong in a request, said so that the reader knows what to do."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.exceptions import HTTPException

from .text import clean

_HINTS = {
    400: "Check the address, the parameters and the body of the request.",
    404: "Check the address; the panel's start page lists the tasks.",
    405: "Use another method: reading is GET, acting is POST.",
    413: "Send a smaller body.",
    500: "The server's log says more.",
}
_OTHER_HINT = "The status code says what the server made of this request."


class Problem(Exception):
    """A request that can't be answered as asked.

    Attributes:
        status: the HTTP status of the answer.
        error: what happened, to which thing.
        hint: what to do about it.
        headers: what the answer's head must say besides.
    """

    def __init__(self, status: int, error: str, hint: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.error = error
        self.hint = hint
        self.headers = dict(headers or {})
        super().__init__(f"{error} {hint}")


class Hidden(Problem):
    """A request of somebody who may not know that the panel is there: answered as any unknown address of the app."""

    def __init__(self) -> None:
        super().__init__(404, "Refused: no permission for this panel.", "Answered as an unknown address.")


class BadSetting(Problem, ValueError):
    """A TASK_CONTROL_ setting of the host app can't be used."""

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(500, f"The setting {name} can't be used: it is {value!r}.", f"Set it to {expected}.")


def no_such_task(task_id: str) -> Problem:
    """Say that nothing is known of a task."""
    return Problem(
        404,
        f"There is no task {clean(task_id, 60)}.",
        "It was never added, or its record has been purged. The start page lists the tasks that there are.",
    )


def problem_of(error: Exception) -> Problem:
    """Any exception of a request as a Problem; what nobody foresaw says nothing of its inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException) and error.code is not None:
        said = (error.description or error.name).split("\n")[0]
        return Problem(error.code, f"{error.name}. {said}", _HINTS.get(error.code, _OTHER_HINT))
    return Problem(500, "The panel failed on this request.", _HINTS[500])


class CannotServe(OSError):
    """An address can't be served, or mustn't be; the message says which to choose instead."""
