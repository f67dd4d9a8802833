"""Websocket clients in one other process: they drain all they are sent and look at as little of it as they can."""

from __future__ import annotations

import multiprocessing
import re
import selectors
import socket
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE_S = 60.0

_PIECE = 1 << 16
_TEXT, _PING = 0x1, 0x9
_PONG = b"\x8a\x80\0\0\0\0"
_KNOWN = 200  # so many bytes of a message tell its revision
_REVISION = re.compile(rb'"revision":(\d+)')


class Heard(NamedTuple):
    """What a client was sent, the last revision it heard of, and whether its connection still stands."""

    messages: int
    sent_bytes: int
    revision: int
    is_open: bool


class Clients:
    """So many clients of the websocket at an address, connected for a `with` block.

    Raises TimeoutError or EOFError if they don't come to hear what they should.
    """

    def __init__(self, address: str, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_drain, args=(address, count, theirs), name="benchmark-clients")
        self._process.start()
        theirs.close()  # so that the end of the process, however it comes, is seen

    def __enter__(self) -> Clients:
        try:
            self._received("connected")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    def heard_until(self, revision: int) -> Sequence[Heard]:
        """Wait until all whose connection stands have heard of a revision; what each was sent since it was asked last.

        The first time: since it connected.
        """
        self._link.send(revision)
        return self._received(f"heard of revision {revision}")

    def _received(self, what: str) -> Sequence[Heard]:
        if not self._link.poll(PATIENCE_S):
            raise TimeoutError(f"the clients have not all {what} within {PATIENCE_S:g} s")
        received: Sequence[Heard] = self._link.recv()
        return received

    def _end(self) -> None:
        self._link.close()
        self._process.join()


def _drain(address: str, count: int, link: Connection) -> None:
    """The process of the clients."""
    selector = selectors.DefaultSelector()
    clients = [_Client(address) for _ in range(count)]
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    selector.register(link, selectors.EVENT_READ)
    link.send([])
    wanted: int | None = None
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                if not key.data.take():
                    selector.unregister(key.fileobj)
                continue
            try:
                wanted = link.recv()
            except EOFError:  # nobody asks any more
                return
        if wanted is not None and all(client.revision >= wanted for client in clients if client.is_open):
            link.send([client.heard() for client in clients])
            wanted = None


class _Client:
    """One client, its handshake done; nobody waits for it afterwards."""

    def __init__(self, address: str) -> None:
        url = urlsplit(address)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=PATIENCE_S)
        self.is_open = True
        self.revision = -1
        self._messages = self._bytes = 0
        self._skipped = 0  # so many bytes of the current message are still to come, and of no interest
        self._begun = b""  # a message whose head isn't complete
        self._shake_hands(url.netloc, url.path)
        self.socket.setblocking(False)

    def _shake_hands(self, host: str, path: str) -> None:
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = self.socket.recv(_PIECE)
            if not piece:
                break
            answer += piece
        head, _, rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise ConnectionError(f"no websocket was opened: {answer.decode(errors='replace')}")
        self._read(rest)

    def take(self) -> bool:
        """Take what has come; whether more may come."""
        try:
            data = self.socket.recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.is_open = bool(data)
        self._bytes += len(data)
        self._read(data)
        return self.is_open

    def _read(self, data: bytes) -> None:
        if self._skipped >= len(data):
            self._skipped -= len(data)
            return
        data, self._skipped = self._begun + data[self._skipped :], 0
        while len(data) >= 2:
            opcode, size = data[0] & 0x0F, data[1]
            begin = 2 + {126: 2, 127: 8}.get(size, 0)
            if begin > 2:
                size = int.from_bytes(data[2:begin], "big")
            known = data[begin : begin + min(size, _KNOWN)]
            if len(data) < begin or len(known) < min(size, _KNOWN):
                break
            self._note(opcode, known)
            self._skipped = max(0, begin + size - len(data))
            data = data[begin + size :]
        self._begun = data

    def _note(self, opcode: int, known: bytes) -> None:
        if opcode == _PING:
            self.socket.send(_PONG)
        elif opcode == _TEXT:
            self._messages += 1
            if found := _REVISION.search(known):
                self.revision = int(found[1])

    def heard(self) -> Heard:
        """What it was sent since it was asked last."""
        heard = Heard(self._messages, self._bytes, self.revision, self.is_open)
        self._messages = self._bytes = 0
        return heard
