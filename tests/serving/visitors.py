"""Clients of a server: one that behaves and watches, and those that do wrong or vanish."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.dashboard.raw_client import PATIENCE_S, RawClient

ROOT = Path(__file__).resolve().parents[2]

#: A client that behaves, says when it is there, and ends when it is cut.
CLIENT = """
import sys
from tests.serving.visitors import Good
good = Good(int(sys.argv[1]))
print("there", flush=True)
good.join()
"""
#: It lives: an answer to a ping, asked for or not.
PONG = b"\x8a\x80\0\0\0\0"
#: What breaks the protocol, or is too large.
GARBAGE = {
    "noise": b"\xff" * 400,
    "not masked": b"\x81\x05hello",
    "unknown kind": b"\x83\x80\0\0\0\0",
    "announced as huge": b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
    "too large": b"\x82\xfe\x40\x00\0\0\0\0" + b"x" * 0x4000,
    "not text": b"\x81\x82\0\0\0\0\xc3\x28",
    "half a code": b"\x88\x81\0\0\0\0\x01",
}


class Good(threading.Thread):
    """A client that reads and answers pings, and notes how long it had to wait for each message."""

    def __init__(self, port: int) -> None:
        super().__init__(name="good client", daemon=True)
        self.client = RawClient(port)
        assert self.client.answer()[0] == 101
        self.client.socket.settimeout(6 * PATIENCE_S)
        self.gaps_s: list[float] = []
        self.ended: str | None = None
        self._is_closing = False
        self.start()

    def run(self) -> None:
        heard_at = time.monotonic()
        try:
            while True:
                opcode, payload = self.client.frame()
                if opcode == 9:
                    self.client.socket.sendall(struct.pack("!BBI", 0x8A, 0x80 | len(payload), 0) + payload)
                elif opcode == 1:
                    self.gaps_s.append(time.monotonic() - heard_at)
                    heard_at = time.monotonic()
                elif opcode == 8:
                    raise EOFError("closed by the server")
        except (OSError, EOFError, ValueError) as error:
            self.ended = None if self._is_closing else repr(error)

    def close(self) -> None:
        self._is_closing = True
        try:
            self.client.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is over already
        self.join(PATIENCE_S)
        self.client.close()


def vanish(sock: socket.socket) -> Any:
    """Let the system drop whatever comes for this socket, unanswered: the peer of a cut cable. Linux only."""
    code = struct.pack("HBBI", 0x06, 0, 0, 0)  # a packet filter of one instruction: keep nothing
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", 1, ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER
    return buffer


@contextlib.contextmanager
def clients(port: int, number: int = 1, **options: object) -> Iterator[list[RawClient]]:
    """As many bare clients as wanted, closed at the end; options go to each."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(contextlib.closing(RawClient(port, **options)))  # type: ignore[arg-type]
            for _ in range(number)
        ]


@contextlib.contextmanager
def stopped_client(port: int) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that follows, and is stopped in the midst of it."""
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert client.stdout
        assert client.stdout.readline() == "there\n"
        client.send_signal(signal.SIGSTOP)
        yield client
    finally:
        client.kill()
        client.communicate()
