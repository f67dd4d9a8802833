"""Who did what, when, from where, and how it came out: one line on the logger `task_control.audit` for each action."""

from __future__ import annotations

import logging
from typing import Any

from flask import g, request

from .access import SAFE_METHODS, permissions
from .permissions import role_of
from .problems import Hidden, Problem
from .text import clean

UNNAMED = "unnamed"

_log = logging.getLogger("task_control.audit")


def acted(outcome: str) -> None:
    """Log that the current request did what it asked for."""
    _tell(logging.INFO, "done", 200, outcome)


def refused(problem: Problem) -> None:
    """Log that the current request was refused, if it was one that wanted to act or to listen."""
    listens = (problem.status == 403 or isinstance(problem, Hidden)) and "Upgrade" in request.headers
    if request.method not in SAFE_METHODS or listens:
        _tell(logging.WARNING, "refused", problem.status, f"refused with {problem.status}, {problem.error}")


def _tell(level: int, outcome: str, status: int, words: str) -> None:
    fields = _fields() | {"outcome": outcome, "status": status}
    who = f"{fields['who']}, {fields['role']}" if fields["who"] != UNNAMED else fields["role"]
    _log.log(level, "%s (%s) %s %s: %s", fields["peer"], who, fields["method"], fields["path"], words, extra=fields)


def _fields() -> dict[str, Any]:
    """What a log record has as attributes besides its time; a JSON formatter finds them there."""
    given = request.authorization
    who = g.get("task_control_user") or request.remote_user or (given.username if given else None) or UNNAMED
    return {
        "who": _on_one_line(who),
        "role": role_of(permissions()),
        "peer": request.remote_addr or "unknown peer",
        "method": request.method,
        "path": _on_one_line(request.path),
    }


def _on_one_line(text: object) -> str:
    # It comes from outside: escaped, so that it can't begin a line of its own in the log.
    return clean(text, 200).encode("unicode_escape").decode("ascii")
