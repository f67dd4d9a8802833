"""A real server, and websocket clients that behave or don't."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

import simple_websocket
from flask import Flask
from werkzeug.serving import make_server

PATIENCE_S = 10.0


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


class RawClient:
    """A websocket client made of a bare socket, for what no well-behaved client does: not reading, not answering."""

    def __init__(
        self,
        port: int,
        path: str = "/live",
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
        **headers: str,
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket)
        key = base64.b64encode(b"0123456789abcdef").decode()
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Origin": f"http://127.0.0.1:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.file = self.socket.makefile("rb")

    def answer(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the handshake's answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; EOFError when the connection is over."""
        return read_frame(self.file)

    def message(self) -> dict[str, Any]:
        """The next text frame's message."""
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def read_frame(stream: BinaryIO) -> tuple[int, bytes]:
    """Opcode and payload of the next frame that a server sent; EOFError when there is none."""

    def read(size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise EOFError("the connection is over")
        return data

    head = read(2)
    size = head[1] & 0x7F
    if size >= 126:
        size = int.from_bytes(read(2 if size == 126 else 8), "big")
    return head[0] & 0x0F, read(size)
