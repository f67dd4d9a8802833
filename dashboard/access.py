"""Who gets in: host names, authorisation, the permission that a route needs, and origins, in this order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import g, request

from .permissions import ROLES, is_loopback, permissions_of
from .problems import Problem
from .text import clean

if TYPE_CHECKING:
    from .panel import Panel

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a script without a browser sends with an action; no form of another site can.
ACTION_HEADER = "X-Task-Control"

#: Routes that need more than "view", with the actions of which one must be allowed; `plans` looks at its body as well.
_NEEDS = {
    "export": {"export"},
    "cancellation": {"cancel"},
    "cancellations": {"cancel"},
    "purges": {"purge"},
    "plans": {"cancel", "purge", "run"},
    "runs": {"run"},
    "reruns": {"run"},
}
_PORTS = {"http": 80, "https": 443}


def guard(panel: Panel) -> None:
    """Let the current request pass, or raise the Problem that says why not and what to set."""
    g.task_control_permissions = frozenset()
    check_host(panel)
    g.task_control_permissions = permissions_of(panel, request)
    acts = request.method not in SAFE_METHODS
    needed = _NEEDS.get((request.endpoint or "").removeprefix(f"{panel.name}."))
    if needed is not None:
        check_permission(*needed)
    elif acts and permissions() != ROLES["operator"]:
        raise _may_not("act")
    if acts or request.endpoint == f"{panel.name}.live":
        check_origin(panel, needs_origin=not acts)
    if acts:
        _check_rate(panel)


def permissions() -> frozenset[str]:
    """The actions that the guard found to be allowed to this request; none if it was refused before."""
    found: frozenset[str] = g.get("task_control_permissions", frozenset())
    return found


def check_permission(*actions: str) -> None:
    """Raise the Problem of a request that may do none of these."""
    if permissions().isdisjoint(actions):
        raise _may_not(" or ".join(sorted(actions)))


def _may_not(what: str) -> Problem:
    return Problem(
        403, f"Refused: you may look, but not {what}.", "Ask for the permission; the authorize hook gives it."
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
