"""One websocket's outgoing side: a stand-in for the server's socket, whose frames leave whole and in order."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from .frames import closing_frame, frame

#: How many pieces may wait: a peer that makes the library reply (to pings) but never reads is cut beyond it.
MOST_QUEUED = 256
#: How much one turn of the writer sends to one client before the next has its turn.
_TURN_BYTES = 1 << 20

#: How much the system may hold that it couldn't send yet.
_UNSENT_BYTES = 1 << 17

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_Poll = getattr(selectors, "PollSelector", selectors.SelectSelector)  # neither costs a descriptor of its own


def _tune(sock: socket.socket) -> None:
    """Let small frames leave at once, and keep what a slow client hasn't taken here, where newer data replaces it."""
    for name, value in (("TCP_NODELAY", 1), ("TCP_NOTSENT_LOWAT", _UNSENT_BYTES)):
        with contextlib.suppress(AttributeError, OSError):  # not every system, not every kind of socket has it
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class SendsFor(Protocol):
    """Who is told that a channel has something to send."""

    def nudge(self, channel: Channel) -> None:
        """Look at this channel soon; from any thread, without waiting."""


class Channel:
    """Stands in for the socket of one websocket.

    The websocket library reads through it as it would from the socket; what anybody sends is queued whole, so that
    frames of several threads never mix and nobody waits for a client that doesn't read.

    Attributes:
        cursor: the revision of the last message queued; None until the first. Belongs to the broadcaster.
        heard_at: when the client last sent anything (monotonic seconds).
        pinged_at, queued_at: when it was last pinged, and last sent anything (monotonic seconds).
        released: set when the writer has let go of the socket for good.
    """

    def __init__(self, sock: socket.socket, writer: SendsFor) -> None:
        self._sock = sock
        self._writer = writer
        self._lock = threading.Lock()  # guards the outbox, the moment of progress and the flags below
        self._outbox: deque[memoryview] = deque()
        self._progress_at = time.monotonic()
        self._ending = False
        self._over = False
        self._is_used = False
        self._io = threading.Lock()  # one sender at a time, in order; and TLS sockets can't take two calls at once
        self.cursor: int | None = None
        self.heard_at = self.pinged_at = self.queued_at = self._progress_at
        self.released = threading.Event()
        self._when_ending: Callable[[], None] = lambda: None
        sock.setblocking(False)
        _tune(sock)

    # -- as the websocket library uses a socket

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._sock.fileno()

    def recv(self, size: int) -> bytes:
        """Wait for what the client sends; empty once the connection is over."""
        while True:
            try:
                with self._io:
                    received = self._sock.recv(size)
                self.heard_at = time.monotonic()
                return received
            except _NOT_NOW:
                if not self._wait_readable():
                    return b""

    def send(self, data: bytes) -> int:
        """Queue what the library sends by itself: the handshake's answer, pongs, closing frames."""
        with self._lock:
            if self._over:
                raise BrokenPipeError("this websocket is over")
            if not self._ending:
                self._queue(data)
            flooded = len(self._outbox) > MOST_QUEUED
        if flooded:
            self.cut()
        self._writer.nudge(self)
        return len(data)

    def close(self) -> None:
        """Take nothing more, send what is queued, then end the connection. The descriptor is the server's to close."""
        with self._lock:
            self._ending = True
        self._when_ending()
        self._writer.nudge(self)

    def _wait_readable(self) -> bool:
        try:
            with _Poll() as poll:
                poll.register(self._sock, selectors.EVENT_READ)
                poll.select()
        except ValueError:  # the server closed the descriptor
            return False
        return True

    # -- as the route and the broadcaster use it

    def when_ending(self, call: Callable[[], None]) -> None:
        """Call this when the library is done with the socket: it doesn't wake its own readers in every such case."""
        self._when_ending = call

    @property
    def is_idle(self) -> bool:
        """Whether everything queued has left and more may come."""
        return not (self._outbox or self._ending or self._over)

    @property
    def is_over(self) -> bool:
        """Whether the connection was ended."""
        return self._over

    def enqueue(self, data: bytes) -> None:
        """Send a frame behind whatever is waiting, the handshake's answer at first."""
        with self._lock:
            if self._ending or self._over:
                return
            self._queue(data)
            self.queued_at = time.monotonic()
        self._writer.nudge(self)

    def offer(self, data: bytes) -> bool:
        """Send a frame if nothing else is waiting: so a slow client holds one message at most. Whether it was taken.

        What the socket takes at once leaves in the caller's thread: to wake the writer for each client costs more.
        """
        with self._io:
            if not self.is_idle:
                return False
            try:
                sent = self._sock.send(data)
            except _NOT_NOW:
                sent = 0
            except (OSError, ValueError):  # the connection is gone, by the peer or by the server
                self.cut()
                return False
            self._is_used = True
            self._progress_at = self.queued_at = time.monotonic()
            if sent < len(data):
                with self._lock:
                    if not self._over:
                        self._outbox.appendleft(memoryview(data)[sent:])  # before what was queued meanwhile
        if self._outbox:
            self._writer.nudge(self)
        return True

    def finish(self, farewell: bytes, code: int) -> None:
        """Send a last message and the closing frame after what is queued, then end the connection."""
        with self._lock:
            if not (self._ending or self._over):
                self._queue(frame(farewell))
                self._queue(closing_frame(code))
                self._ending = True
        self._writer.nudge(self)

    def cut(self) -> None:
        """End the connection now, whatever is queued; whoever waits in `recv` comes back."""
        with self._lock:
            if self._over:
                return
            self._over = True
            self._outbox.clear()
        if self._is_used:  # else the handshake has failed, and the server still has to say so
            with contextlib.suppress(OSError):  # the peer or the server was faster
                self._sock.shutdown(socket.SHUT_RDWR)
        self._writer.nudge(self)

    # -- as the writer uses it

    def pump(self) -> bool:
        """Send what the socket takes without waiting. Whether something is left for later. The writer's thread only."""
        is_ending = self._ending  # asked before: with the end comes a farewell, and another turn for it
        try:
            with self._io:  # the head is looked at within it, or a frame could be split by what comes behind it
                if self._send_queued():
                    return True
        except OSError:  # the connection is gone, by the peer or by the server
            self.cut()
        if is_ending:
            self.cut()
        return False

    def stalled_s(self, now: float) -> float:
        """For how many seconds the client has taken nothing of what waits for it."""
        with self._lock:
            return now - self._progress_at if self._outbox else 0.0

    def give_back(self) -> None:
        """Leave the socket as the server knew it, for the case that the server still answers on it."""
        with self._io, contextlib.suppress(OSError):  # it is closed already
            self._sock.setblocking(True)

    def _queue(self, data: bytes) -> None:
        if not self._outbox:
            self._progress_at = time.monotonic()
        self._outbox.append(memoryview(data))
        self._is_used = True

    def _send_queued(self) -> bool:
        budget = _TURN_BYTES
        while budget > 0:
            with self._lock:
                if not self._outbox:
                    return False
                head = self._outbox[0]
            try:
                sent = self._sock.send(head)
            except _NOT_NOW:
                return True
            budget -= sent
            with self._lock:
                self._progress_at = time.monotonic()
                # Others append, and only this thread takes away, but for a cut, which clears all.
                if self._outbox and sent < len(head):
                    self._outbox[0] = head[sent:]
                elif self._outbox:
                    self._outbox.popleft()
        return True
