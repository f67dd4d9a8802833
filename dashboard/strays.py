"""Requests under the panel's prefix that none of its routes takes: answered by the panel, in its own words."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException
from werkzeug.routing import PathConverter, RequestRedirect, Rule

from .panel import Panel
from .problems import Problem

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


_REST = "task_control_rest"


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the route that takes what all others leave."""

    def stray(**_address: str) -> Response:
        if _is_for(panel, websocket=True):
            raise Problem(400, "This address speaks websocket only.", "Read the same messages from api/changes.")
        if allowed := [method for method in METHODS if _is_for(panel, method=method)]:
            raise Problem(
                405,
                f"{request.method} isn't possible here.",
                f"This address takes {' and '.join(allowed)}.",
                {"Allow": ", ".join(allowed)},
            )
        raise Problem(404, "There is no such address in this panel.", "The start page lists the tasks.")

    def take_websockets(state: BlueprintSetupState) -> None:
        state.app.url_map.converters.setdefault(_REST, _Rest)
        # By the map itself, with every method: Flask lets websockets have GET only, and the router would refuse others.
        rule = Rule(f"{panel.prefix}/<{_REST}:path>", endpoint=f"{panel.name}.stray", websocket=True)
        state.app.url_map.add(rule)

    blueprint.record(take_websockets)
    blueprint.add_url_rule("/", "stray", stray, methods=[method for method in METHODS if method != "GET"])
    blueprint.add_url_rule(f"/<{_REST}:path>", "stray", stray, methods=METHODS)


class _Rest(PathConverter):
    """What is left of a path, slashes at its beginning included: the router would redirect those, whoever asks."""

    regex = ".*?"
    part_isolating = False


def _is_for(panel: Panel, *, method: str | None = None, websocket: bool = False) -> bool:
    """Whether another route takes this very address when asked in this way."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint = adapter.match(method=method, websocket=websocket)[0] if adapter else None
    except (HTTPException, RequestRedirect):
        return False
    return endpoint is not None and endpoint != f"{panel.name}.stray"
