"""Websocket clients of a panel, all in one other process, that read whatever comes."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import NamedTuple

import simple_websocket

PATIENCE_S = 60.0


class Heard(NamedTuple):
    """What a client was sent."""

    messages: int
    characters: int


class Clients:
    """So many connected clients of the panel at an address, for a `with` block.

    Raises TimeoutError or EOFError if they don't come to hear what they should.
    """

    def __init__(self, address: str, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=_watch, args=(address, count, theirs), name="benchmark-clients")
        self._process.start()
        theirs.close()  # so that the end of the process, however it comes, is seen

    def __enter__(self) -> Clients:
        try:
            self._received()  # all have had their first message
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._end()

    def heard_until(self, revision: int) -> Sequence[Heard]:
        """Wait until all have heard of a revision; answers what each was sent since its first message. Once."""
        self._link.send(revision)
        return self._received()

    def _received(self) -> Sequence[Heard]:
        if not self._link.poll(PATIENCE_S):
            raise TimeoutError(f"the clients have not caught up within {PATIENCE_S:g} s")
        received: Sequence[Heard] = self._link.recv()
        return received

    def _end(self) -> None:
        self._link.close()
        self._process.join()


def _watch(address: str, count: int, link: Connection) -> None:
    """The process of the clients."""
    listeners = [_Listener(address) for _ in range(count)]
    begun = [listener.heard_until(0) for listener in listeners]
    link.send([])
    try:
        revision = link.recv()
    except EOFError:  # nothing came of it
        return
    heard = [listener.heard_until(revision) for listener in listeners]
    link.send(
        [Heard(*(now - then for now, then in zip(*pair, strict=True))) for pair in zip(heard, begun, strict=True)]
    )
    for listener in listeners:
        listener.close()


class _Socket(simple_websocket.Client):
    """The library's client, which by itself leaves lying what arrives in one piece with the handshake's answer."""

    def handshake(self) -> None:
        super().handshake()
        self.connected = self._handle_events()


class _Listener:
    """A client with a thread of its own."""

    def __init__(self, address: str) -> None:
        # The library's client leaves the port out of Host, so the panel's own origin is without one as well.
        origin = address.rstrip("/").rpartition(":")[0]
        self._socket = _Socket(address.replace("http", "ws", 1) + "live", headers={"Origin": origin})
        self._moved = threading.Condition()  # guards the two below
        self._revision = -1
        self._heard = Heard(0, 0)
        self._thread = threading.Thread(target=self._read, name="benchmark-client", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                text = self._socket.receive()
            except simple_websocket.ConnectionClosed:
                return
            with self._moved:
                self._revision = json.loads(text)["revision"]
                self._heard = Heard(self._heard.messages + 1, self._heard.characters + len(text))
                self._moved.notify_all()

    def heard_until(self, revision: int) -> Heard:
        """Wait until this client has heard of a revision; answers all that it was sent until then."""
        with self._moved:
            if not self._moved.wait_for(lambda: self._revision >= revision, PATIENCE_S):
                raise TimeoutError(f"a client has heard up to {self._revision}, and not up to {revision}")
            return self._heard

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
        self._thread.join()
