"""Everything that a server sends to a browser, counted by what was asked for, on its way through a port of our own."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PAGE, SCRIPTS, STYLES, MESSAGES, REST = "page", "scripts", "styles", "live messages", "other"

_CHUNK = 1 << 16


def kind_of(path: str) -> str:
    """What lies at a path of the panel."""
    if path.endswith(".js"):
        return SCRIPTS
    if path.endswith(".css"):
        return STYLES
    if path.endswith(("/live", "/api/changes")):
        return MESSAGES
    return REST if path.startswith(("/s/", "/api/")) or "." in path else PAGE


@contextmanager
def counted(address: str) -> Iterator[tuple[str, Counter[str]]]:
    """Another address of the same server while the block runs, and all bytes that came by it, by kind."""
    target = urlsplit(address)
    server = _Server((target.hostname or "", target.port or 80))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="benchmark-wire")
    thread.start()
    try:
        yield target._replace(netloc=f"127.0.0.1:{server.server_address[1]}").geturl(), server.received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = target
        self.received: Counter[str] = Counter()
        self.counting = threading.Lock()  # guards what was received


class _Connection(socketserver.BaseRequestHandler):
    server: _Server
    request: socket.socket
    kind = REST

    def handle(self) -> None:
        """Pass on what the browser asks, one thing after the other, and meanwhile what it is answered."""
        with socket.create_connection(self.server.target) as server:
            back = threading.Thread(target=self._answer, args=(server,), name="benchmark-wire-back")
            back.start()
            with contextlib.suppress(OSError):  # either side has gone
                while data := self.request.recv(_CHUNK):
                    if data.startswith(b"GET "):
                        self.kind = kind_of(urlsplit(data.split(b" ", 2)[1].decode()).path)
                    server.sendall(data)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                with self.server.counting:
                    self.server.received[self.kind] += len(data)
                self.request.sendall(data)
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)
