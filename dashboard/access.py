"""Who may see and who may act: host names, authorisation, roles and origins, in this order."""

from __future__ import annotations

import ipaddress
import logging
import math
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from flask import Request, g, request
from werkzeug.exceptions import HTTPException

from .problems import Problem
from .text import clean

if TYPE_CHECKING:
    from .panel import Panel

Role = Literal["operator", "viewer"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a script without a browser sends with an action; no form of another site can.
ACTION_HEADER = "X-Task-Control"

_PROXY_HEADERS = ("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP")
_PORTS = {"http": 80, "https": 443}

_log = logging.getLogger("task_control.access")


def guard(panel: Panel) -> None:
    """Let the current request pass, or raise the Problem that says why not and what to set."""
    g.task_control_role = None
    check_host(panel)
    g.task_control_role = role = role_of(panel, request)
    acts = request.method not in SAFE_METHODS
    if acts and role != "operator":
        raise Problem(403, "Refused: you may look, but not act.", "Ask for the role of an operator.")
    if acts or request.endpoint == f"{panel.name}.live":
        check_origin(panel, needs_origin=not acts)
    if acts:
        _check_rate(panel)


def current_role() -> Role | None:
    """The role that the guard found for this request; None if it was refused before."""
    role: Role | None = g.get("task_control_role")
    return role


def role_of(panel: Panel, asked: Request) -> Role:
    """Ask the hook, or without one let in loopback alone. Raises the Problem of a refusal."""
    if panel.authorize is None:
        _check_loopback(asked)
        return "operator"
    answer: object = None
    try:
        answer = panel.authorize(asked)
        refused = not answer
    except HTTPException:  # the hook's own way to say no
        refused = True
    except Exception as error:
        _log.exception("the authorize hook raised %s: the request was refused", type(error).__name__)
        raise Problem(500, "Refused: the check of your permission failed.", "The server's log says how.") from error
    if refused:
        raise Problem(403, "Refused: you have no permission for this panel.", "Log in, or ask for permission.")
    if answer is True or (isinstance(answer, str) and answer == "operator"):
        return "operator"
    if isinstance(answer, str) and answer == "viewer":
        return "viewer"
    # Anything else is taken for a mistake, such as a coroutine or a response, which would count as true.
    _log.error("the authorize hook answered with %s: the request was refused", type(answer).__name__)
    raise Problem(
        500,
        f"Refused: the authorize hook answered with {clean(type(answer).__name__, 40)}.",
        'It must answer True or "operator", "viewer", or something false.',
    )


def origin_of(text: str) -> tuple[str, str, int] | None:
    """An origin as scheme, host name and port, or None if it isn't one."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.path or parts.query or parts.fragment or parts.username:
        return None
    return parts.scheme, parts.hostname, port


def is_loopback(address: str) -> bool:
    """Whether this is an address of this very machine."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return ip.is_loopback or bool(mapped and mapped.is_loopback)


def check_host(panel: Panel) -> None:
    """Let names through that are known: a foreign one may be made to point here, and then passes as the same origin."""
    given = request.environ.get("HTTP_HOST", "").lower()
    try:
        parts = urlsplit(f"//{given}")
        name, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        name, port = "", None
    plain = f"[{name}]" if ":" in name else name
    if name and given in (plain, f"{plain}.", f"{plain}:{port}", f"{plain}.:{port}", f"{plain}:"):
        if name == "localhost" or is_loopback(name):
            return
        if panel.settings.hosts & {name, plain, f"{plain}:{port}"}:
            return
    raise Problem(
        403,
        f"Refused: the panel isn't known under the host name {clean(given, 100) or '(none)'}.",
        'If the name is yours, add it to app.config["TASK_CONTROL_HOSTS"]. Loopback names are always allowed.',
    )


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


def check_origin(panel: Panel, *, needs_origin: bool) -> None:
    """Let requests through that come from a page of the panel or of an allowed origin, or from a script."""
    given = request.headers.get("Origin")
    if given is not None:
        allowed = {origin_of(f"{request.scheme}://{request.host}"), *map(origin_of, panel.settings.origins)}
        origin = origin_of(given)
        if origin is not None and origin in allowed:
            return
        raise Problem(
            403,
            f"Refused: the request comes from a page of {clean(given, 100)}, not of this panel.",
            'If that page may act here, add its origin to app.config["TASK_CONTROL_ORIGINS"]. '
            "Behind a proxy, let ProxyFix restore scheme and host.",
        )
    site = request.headers.get("Sec-Fetch-Site")
    if needs_origin:
        raise Problem(
            403,
            "Refused: a websocket must say its origin.",
            f"Send the header Origin: {request.scheme}://{request.host}",
        )
    if site == "same-origin" or (site is None and request.headers.get(ACTION_HEADER)):
        return
    raise Problem(
        403,
        "Refused: the request doesn't say that it comes from a page of this panel.",
        f"Scripts send the header {ACTION_HEADER}: 1 with each action.",
    )


def _check_rate(panel: Panel) -> None:
    # After the other checks: pages of others must not use up what a user may do.
    allowed = panel.settings.actions_per_minute
    wait_s = panel.actions.wait_s(request.remote_addr or "", allowed)
    if wait_s:
        raise Problem(
            429,
            f"Refused: more than {allowed} actions a minute came from {clean(request.remote_addr or '', 60)}.",
            "Wait, or raise TASK_CONTROL_ACTIONS_PER_MINUTE.",
            {"Retry-After": str(math.ceil(wait_s))},
        )
