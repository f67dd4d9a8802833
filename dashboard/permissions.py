"""What a request may do: what the authorize hook answers, or without a hook whether it comes from this machine."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING

from flask import Request
from werkzeug.exceptions import HTTPException

from .problems import Hidden, Problem
from .text import clean

if TYPE_CHECKING:
    from .panel import Panel

#: The words of a set that the hook may answer with.
ACTIONS = ("view", "export", "cancel", "purge", "run")
ROLES = {"operator": frozenset(ACTIONS), "viewer": frozenset({"view", "export"})}

_PROXY_HEADERS = ("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP")
_ANSWERS = (
    f'It must answer True or "operator", "viewer", a set of {", ".join(ACTIONS)} (with view in it), or something false.'
)

_log = logging.getLogger("task_control.access")


def permissions_of(panel: Panel, asked: Request) -> frozenset[str]:
    """The actions that this request is allowed, "view" always among them. Raises the Problem of a refusal."""
    if panel.authorize is None:
        _check_loopback(asked)
        return ROLES["operator"]
    answer: object = None
    try:
        answer = panel.authorize(asked)
        refused = not answer
    except HTTPException:  # the hook's own way to say no
        refused = True
    except Problem:  # the panel's own login, which hides nothing
        raise
    except Exception as error:
        _log.exception("the authorize hook raised %s: the request was refused", type(error).__name__)
        raise Problem(500, "Refused: the check of your permission failed.", "The server's log says how.") from error
    if refused:
        _log.info("the authorize hook refused %s %r: answered as an unknown address", asked.method, asked.path)
        raise Hidden
    return _read(answer)


def role_of(permissions: frozenset[str]) -> str:
    """A word for logs: the name of a role, or the actions themselves."""
    known = (name for name, actions in ROLES.items() if actions == permissions)
    return next(known, " ".join(action for action in ACTIONS if action in permissions)) or "no role"


def is_loopback(address: str) -> bool:
    """Whether this is an address of this very machine."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return ip.is_loopback or bool(mapped and mapped.is_loopback)


def _read(answer: object) -> frozenset[str]:
    # Taken strictly: a coroutine or a response would count as true, and a word that is misspelt as a permission less.
    if answer is True:
        return ROLES["operator"]
    if isinstance(answer, str) and answer in ROLES:
        return ROLES[answer]
    if not isinstance(answer, set | frozenset):
        raise _mistake(type(answer).__name__)
    if unknown := sorted(repr(word) for word in answer if word not in ACTIONS):
        raise _mistake(f"a set with {unknown[0]} in it")
    if "view" not in answer:
        raise _mistake("a set without view")
    return frozenset(answer)


def _mistake(found: str) -> Problem:
    found = clean(found, 60)
    _log.error("the authorize hook answered with %s: the request was refused. %s", found, _ANSWERS)
    return Problem(500, f"Refused: the authorize hook answered with {found}.", _ANSWERS)


def _check_loopback(asked: Request) -> None:
    passed_on = [name for name in _PROXY_HEADERS if name in asked.headers]
    passed_on += [name for name, _ in asked.headers if name.lower().startswith(("x-forwarded", "cf-connecting"))]
    if passed_on:
        why = f"it came through a proxy ({clean(passed_on[0], 40)})"
    elif not is_loopback(asked.environ.get("REMOTE_ADDR") or ""):
        why = f"it came from {clean(asked.environ.get('REMOTE_ADDR') or 'an unknown peer', 60)}"
    else:
        return
    raise Problem(
        403,
        f"Refused: without a login the panel answers this machine alone, and {why}.",
        "Give the panel an authorize hook that knows who may see it: Dashboard(..., authorize=...).",
    )
