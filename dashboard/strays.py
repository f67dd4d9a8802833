"""Requests under the panel's prefix that none of its routes takes: answered by the panel, in its own words."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from .panel import Panel
from .problems import Problem

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the route that takes what all others leave."""

    def stray(**_address: str) -> Response:
        if _is_for(panel, websocket=True):
            raise Problem(400, "This address speaks websocket only.", "Read the same messages from api/changes.")
        if allowed := [method for method in _METHODS if _is_for(panel, method=method)]:
            raise Problem(
                405,
                f"{request.method} isn't possible here.",
                f"This address takes {' and '.join(allowed)}.",
                {"Allow": ", ".join(allowed)},
            )
        raise Problem(404, "There is no such address in this panel.", "The start page lists the tasks.")

    blueprint.add_url_rule("/", "stray", stray, methods=[method for method in _METHODS if method != "GET"])
    blueprint.add_url_rule("/<path:path>", "stray", stray, methods=_METHODS)
    blueprint.add_url_rule("/<path:path>", "stray", stray, websocket=True)


def _is_for(panel: Panel, *, method: str | None = None, websocket: bool = False) -> bool:
    """Whether another route takes this very address when asked in this way."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint = adapter.match(method=method, websocket=websocket)[0] if adapter else None
    except (HTTPException, RequestRedirect):
        return False
    return endpoint is not None and endpoint != f"{panel.name}.stray"
