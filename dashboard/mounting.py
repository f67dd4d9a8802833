"""One panel as a Flask blueprint: its routes, its guard, its answers to errors, its headers."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import default_exceptions

from . import actions, export, live, pages, plans, processes, reading, strays
from .access import guard
from .answers import add_headers, problem_answer
from .panel import Panel


def blueprint_of(panel: Panel, *, takes_strays: bool) -> Blueprint:
    """Make the blueprint of a panel. With `takes_strays` it answers every address under its prefix."""
    blueprint = Blueprint(panel.name, __name__, url_prefix=panel.prefix or None)
    blueprint.before_request(lambda: guard(panel))  # first of all, and so before any socket is opened
    blueprint.before_request(lambda: processes.check(panel, request.endpoint or "", request.environ))
    blueprint.after_request(lambda response: add_headers(panel, response))
    _answer_errors(blueprint, panel)
    for room in (pages, reading, export, actions, plans, live):
        room.register(blueprint, panel)
    blueprint.add_url_rule("/s/<version>/<path:name>", "static", panel.assets.serve)
    if panel.prefix:  # the router's own redirect would tell anybody that there is something here
        blueprint.add_url_rule("", "door", lambda: _to_home(panel), methods=strays.METHODS)
    if takes_strays:
        strays.register(blueprint, panel)
    return blueprint


def _to_home(panel: Panel) -> Response:
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return cast(Response, redirect(panel.url("home") + query, 308))


def _answer_errors(blueprint: Blueprint, panel: Panel) -> None:
    def answer(error: Exception) -> Response:
        has_failed = isinstance(error, live.HANDSHAKE_ERRORS)
        return problem_answer(panel, live.handshake_problem(error) if has_failed else error)

    # For each code by itself: a host's handler of a code goes before a blueprint's for all codes.
    for code in default_exceptions:
        blueprint.register_error_handler(code, answer)
    blueprint.register_error_handler(Exception, answer)
