"""The live channel over flask-sock, and the same messages over plain HTTP for where no websocket can be had."""

from __future__ import annotations

import base64
import binascii
import socket
import time
from typing import Any

from flask import Blueprint, Request, Response, g, request
from flask_sock import Sock
from simple_websocket import ConnectionError as HandshakeFailed
from wsproto.utilities import ProtocolError

from . import wire
from .capacity import server_threads
from .channel import Channel
from .panel import Panel
from .permissions import permissions_of
from .problems import Problem
from .query import BadQuery, read_count

INBOUND_LIMIT = 4096
POLICY_VIOLATION = 1008

#: What the websocket library raises for a handshake that it can't read, or that was overtaken by the end.
HANDSHAKE_ERRORS = (ProtocolError, HandshakeFailed, BrokenPipeError)

_SOCKET_KEYS = ("werkzeug.socket", "gunicorn.socket")
_NEWEST_REVISION = 2**62


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the websocket and its twin over HTTP to the panel's blueprint."""

    def live(ws: Any) -> None:
        # The library's options are the host's (SOCK_SERVER_OPTIONS); the limit on what comes in is ours.
        ws.max_message_size = INBOUND_LIMIT
        channel: Channel = g.task_control_channel
        channel.when_ending(ws.event.set)
        try:
            panel.hub.join(channel, request.args.get("boot_id"), _since_or_none())
            _sit(panel, ws, channel)
        finally:
            # Before the server regains the socket: it writes an answer of its own on it when we return.
            panel.hub.release(channel)
            ws.thread.join(timeout=panel.hub.pace.farewell_s)

    def changes() -> Response:
        since = _since_or_none()
        if since is None and request.args.get("since"):
            raise Problem(400, "since can't be read.", "since is the revision of the last message, or left out.")
        message = panel.hub.messages.first(request.args.get("boot_id"), since)
        return Response(message.body, mimetype="application/json")

    Sock().route("/live", bp=blueprint)(live)
    blueprint.add_url_rule("/api/changes", "changes", changes)
    blueprint.before_request(lambda: _open_channel(panel))
    blueprint.teardown_request(lambda _error: _release_channel(panel))


def handshake_problem(error: Exception | None = None) -> Problem:
    """Say why a handshake came to nothing."""
    if isinstance(error, BrokenPipeError):
        return Problem(503, "The connection was ended before the websocket was open.", "Connect again in a moment.")
    return Problem(400, "This websocket handshake can't be read.", "Connect with a client that follows RFC 6455.")


def _sit(panel: Panel, ws: Any, channel: Channel) -> None:
    """Stay until the connection is over; what clients send means nothing. Ask for permission from time to time."""
    period_s = panel.hub.pace.permission_s
    ask_at = time.monotonic() + period_s
    while True:
        ws.receive(timeout=None if panel.authorize is None else max(0.0, ask_at - time.monotonic()))
        if panel.authorize is not None and time.monotonic() >= ask_at:
            if not _is_still_allowed(panel, request.environ):
                channel.finish(wire.closing("Your permission has ended."), POLICY_VIOLATION)
                return
            ask_at = time.monotonic() + period_s


def _is_still_allowed(panel: Panel, environ: dict[str, Any]) -> bool:
    # Contexts of their own: sessions, logins and what else hosts keep per request are looked up anew.
    with panel.app.app_context(), panel.app.request_context(environ):
        try:
            permissions_of(panel, request)
        except Problem:
            return False
    return True


def _open_channel(panel: Panel) -> None:
    """Stand our channel where the websocket library will look for the socket."""
    if request.endpoint != f"{panel.name}.live":
        return
    _check_handshake(request)
    environ = request.environ
    key = next((key for key in _SOCKET_KEYS if isinstance(environ.get(key), socket.socket)), None)
    if key is None or not environ.get("wsgi.multithread") or _is_cooperative(environ[key]):
        raise Problem(
            501,
            "This server can't hold websockets for the panel.",
            "The same messages come from GET api/changes. Websockets need Werkzeug or gunicorn with threads.",
        )
    # Compressing costs more than it saves here, and a memory of its own for each socket.
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    environ[key] = g.task_control_channel = panel.hub.open(environ[key], server_threads(environ))


def _release_channel(panel: Panel) -> None:
    channel: Channel | None = g.pop("task_control_channel", None)
    if channel is not None:
        panel.hub.release(channel)


def _check_handshake(asked: Request) -> None:
    try:
        nonce = base64.b64decode(asked.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if asked.method != "GET" or len(nonce) != 16 or asked.headers.get("Sec-WebSocket-Version") != "13":
        raise handshake_problem()


def _is_cooperative(sock: socket.socket) -> bool:
    return type(sock).__module__.partition(".")[0] in ("gevent", "eventlet")


def _since_or_none() -> int | None:
    try:
        since = read_count(request.args, "since", -1, _NEWEST_REVISION)
    except BadQuery:
        return None
    return None if since < 0 else since
