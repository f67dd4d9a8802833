"""How a request is answered: as JSON, as a page, and with the headers that go with both."""

from __future__ import annotations

import gzip
import logging
import time
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request
from jinja2 import Environment, FileSystemLoader
from werkzeug.exceptions import NotFound

from . import audit, processes, wire
from .access import permissions
from .panel import ANY_TASK, Panel
from .permissions import ACTIONS
from .problems import BadSetting, Hidden, Problem, problem_of

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors "
)

_LEAST_ZIPPED = 600  # bytes; smaller ones fit into one packet as they are
_ZIPPED_TYPES = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"})

_log = logging.getLogger("task_control.dashboard")


@cache
def _templates() -> Environment:
    # Not the host app's environment: its templates of the same names, filters and processors are its own.
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=False)


def json_answer(payload: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(wire.encode(payload), status, mimetype="application/json")


def page_answer(panel: Panel, template: str, context: dict[str, Any], status: int = 200) -> Response:
    """Answer with a page of the panel; `context` comes on top of what every page gets."""
    version = panel.assets.version()  # once: it looks at every file
    standing = {"boot_id": "", "revision": 0, "counts": [0] * 5, "total": 0} | context
    page = panel.links() | {
        "inbox": panel.url("inbox"),
        "activity": panel.url("activity"),
        "failures": panel.url("failing"),
        "dependencies": panel.url("dependencies"),
        "graph": panel.url("graph"),
        "stack": panel.url("stack", task_id=ANY_TASK),
        "neighbourhood": panel.url("neighbours", task_id=ANY_TASK),
        "plans": panel.url("plans"),
        "cancellations": panel.url("cancellations"),
        "reruns": panel.url("reruns"),
        "exports": panel.url("export", kind="KIND"),
        "boot_id": standing["boot_id"],
        "revision": standing["revision"],
        "may": {action: action in permissions() for action in ACTIONS},
        "max_rows": panel.settings.max_rows,
        "server_time": time.time(),
    }
    text = (
        _templates()
        .get_template(template)
        .render(
            standing,
            title=panel.title,
            color=panel.color,
            statuses=wire.statuses(),
            page=page,
            links=page,
            asset=lambda path: panel.url("static", version=version, name=path),
            trouble=processes.trouble_of(panel, request.environ),
        )
    )
    return Response(text, status, mimetype="text/html")


def problem_answer(panel: Panel, error: Exception) -> Response:
    """Answer that the request could not be served as asked; never with anything of the inside."""
    problem = problem_of(error)
    if problem.status in (501, 503):  # no websocket to be had: the page polls, and tries again from time to time
        _log.info("%s %r: %s", request.method, request.path, problem)
    elif problem.status >= 500:
        _log.error("%s %r: %s", request.method, request.path, problem, exc_info=_worth_a_trace(error))
    audit.refused(problem)
    if isinstance(problem, Hidden):
        g.task_control_is_hidden = True
        return _unknown_page(current_app)
    said = {"error": problem.error, "hint": problem.hint}
    if panel.is_page():
        response = _error_page(panel, said | {"code": problem.status}, problem.status)
    else:
        response = json_answer(said, problem.status)
    response.headers.update(problem.headers)
    return response


def add_headers(panel: Panel, response: Response) -> Response:
    """Add what protects an answer of ours; the host app's own answers don't come by here, or stay as they are."""
    if g.get("task_control_is_hidden"):
        return response
    try:
        ancestors = panel.settings.frame_ancestors
    except BadSetting:
        ancestors = "'none'"  # the page itself has said or will say what is wrong
    headers = response.headers
    headers["Content-Security-Policy"] = _POLICY + ancestors
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != f"{panel.name}.static" or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    return _zipped(response)


def _zipped(response: Response) -> Response:
    """Compress an answer for who accepts that; one that is made while it is sent stays as it is."""
    if response.mimetype not in _ZIPPED_TYPES or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    # A browser weighs gzip like the others that it takes; who doesn't name it gets none.
    if request.accept_encodings["gzip"] and (response.content_length or 0) >= _LEAST_ZIPPED:
        response.set_data(gzip.compress(response.get_data(), compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _unknown_page(app: Flask) -> Response:
    """What the host app answers for an address that it doesn't know: by its own handler, found as Flask finds it."""
    unknown = NotFound()
    for handlers in (app.error_handler_spec[None][404], app.error_handler_spec[None][None]):
        for kind in NotFound.__mro__:
            if handler := handlers.get(kind):
                return app.make_response(app.ensure_sync(handler)(unknown))
    return app.make_response(unknown)


def _error_page(panel: Panel, context: dict[str, Any], status: int) -> Response:
    try:
        return page_answer(panel, "error.html", context, status)
    except Exception:  # such as a setting that can't be used: what happened must be said all the same
        _log.exception("the error page could not be made")
        return Response(f"{context['error']}\n{context['hint']}\n", status, mimetype="text/plain")


def _worth_a_trace(error: Exception) -> Exception | None:
    return None if isinstance(error, Problem) and error.__cause__ is None else error
