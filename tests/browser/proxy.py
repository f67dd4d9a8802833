"""A small TCP proxy between browser and server whose connections can be cut or go silent."""

from __future__ import annotations

import selectors
import socket
import threading
from typing import Literal, Self

Mode = Literal["pass", "cut", "silent"]


class Proxy:
    """Passes bytes on ("pass"), refuses all connections ("cut"), or takes everything and says nothing ("silent")."""

    def __init__(self, server_port: int) -> None:
        self._server = ("127.0.0.1", server_port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peers: dict[socket.socket, socket.socket | None] = {}
        self._selector = selectors.DefaultSelector()
        self._mode: Mode = "pass"
        self._wanted: Mode | None = "pass"  # None: end
        self._wake_in, self._wake_out = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="browser-test-proxy")

    @property
    def url(self) -> str:
        """The address under which the server is reached through the proxy."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def become(self, mode: Mode) -> None:
        """Change what happens to connections. Those that were open stay so only if the proxy falls silent."""
        self._wanted = mode
        self._wake_in.send(b".")

    def __enter__(self) -> Self:
        for sock in (self._listener, self._wake_out):
            self._selector.register(sock, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._wanted = None
        self._wake_in.send(b".")
        self._thread.join()

    def _run(self) -> None:
        while self._wanted is not None:
            for key, _ in self._selector.select():
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if sock is self._wake_out:
                    self._turn()
                elif sock is self._listener:
                    self._accept()
                elif sock in self._peers:
                    self._pass_on(sock)
        self._close_all()
        for sock in (self._listener, self._wake_in, self._wake_out):
            sock.close()
        self._selector.close()

    def _turn(self) -> None:
        self._wake_out.recv(100)
        if self._wanted is not None and self._wanted != self._mode:
            if self._wanted != "silent":
                self._close_all()
            self._mode = self._wanted

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._mode == "cut":
            client.close()
            return
        peer = socket.create_connection(self._server) if self._mode == "pass" else None
        self._peers[client] = peer
        self._selector.register(client, selectors.EVENT_READ)
        if peer is not None:
            self._peers[peer] = client
            self._selector.register(peer, selectors.EVENT_READ)

    def _pass_on(self, sock: socket.socket) -> None:
        peer = self._peers[sock]
        try:
            data = sock.recv(65536)
            if data and self._mode == "silent":
                return
            if data and peer is not None:
                peer.sendall(data)
                return
        except OSError:
            pass  # either side has gone: so goes the other
        self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        for one in (sock, self._peers.get(sock)):
            if one is not None and one in self._peers:
                del self._peers[one]
                self._selector.unregister(one)
                one.close()

    def _close_all(self) -> None:
        for sock in list(self._peers):
            if sock in self._peers:
                self._close(sock)
