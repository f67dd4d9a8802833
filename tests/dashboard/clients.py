"""A real server, and a websocket client that behaves."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from typing import Any

import simple_websocket
from flask import Flask
from werkzeug.serving import make_server

from tests.dashboard.raw_client import PATIENCE_S


class Server:
    """A threaded Werkzeug server on a port of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop_dashboards(self) -> None:
        for board in self.app.extensions.get("task_control", {}).values():
            board.close()

    def stop(self) -> None:
        self.stop_dashboards()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Client(simple_websocket.Client):
    """The library's client, which leaves lying what arrives in one piece with the handshake's answer."""

    def handshake(self) -> None:
        super().handshake()
        self.connected = self._handle_events()


class Listener:
    """A websocket client that reads JSON messages."""

    def __init__(self, port: int, path: str = "/live", origin: str = "http://127.0.0.1") -> None:
        # The library's client leaves the port out of Host, so the panel's own origin is without one too.
        self.socket = _Client(f"ws://127.0.0.1:{port}{path}", headers={"Origin": origin})

    def next(self, timeout: float = PATIENCE_S) -> dict[str, Any]:
        text = self.socket.receive(timeout=timeout)
        assert text is not None, f"no message within {timeout:g} s"
        return json.loads(text)

    def until_delta(self, claim: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        for _ in range(200):
            message = self.next()
            if message["type"] == "delta" and claim(message):
                return message
        raise AssertionError(f"200 messages, but none with {what}")

    def closed_with(self, timeout: float = PATIENCE_S) -> tuple[list[dict[str, Any]], int]:
        """The messages until the server closes the connection, and the code it closes it with."""
        messages = []
        while True:
            try:
                messages.append(self.next(timeout))
            except simple_websocket.ConnectionClosed as closed:
                return messages, int(closed.reason)

    def close(self) -> None:
        with contextlib.suppress(simple_websocket.ConnectionClosed, OSError):
            self.socket.close()
        self.socket.thread.join(PATIENCE_S)
        self.socket.sock.close()
