"""Who did what, when, and how it came out: one line on the logger `task_control.audit` for each action."""

from __future__ import annotations

import logging

from flask import request

from .access import SAFE_METHODS, current_role
from .problems import Problem
from .text import clean

_log = logging.getLogger("task_control.audit")


def acted(outcome: str) -> None:
    """Log that the current request did what it asked for."""
    _log.info("%s: %s", _who_and_what(), outcome)


def refused(problem: Problem) -> None:
    """Log that the current request was refused, if it was one that wanted to act."""
    if request.method not in SAFE_METHODS:
        _log.warning("%s: refused with %d, %s", _who_and_what(), problem.status, problem.error)


def _who_and_what() -> str:
    # Paths come from outside: escaped, so that none can begin a line of its own in the log.
    path = clean(request.path, 200).encode("unicode_escape").decode("ascii")
    return f"{request.remote_addr or 'unknown peer'} ({current_role() or 'no role'}) {request.method} {path}"
