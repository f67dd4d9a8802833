"""The thread that sends what sockets don't take at once, and the library's own frames; no client makes it wait."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque

from .channel import Channel

_log = logging.getLogger("task_control.dashboard")


class Writer:
    """Sends what channels have queued, whole and in order, and cuts clients that take nothing for `stall_s` seconds."""

    def __init__(self, stall_s: float) -> None:
        self._stall_s = stall_s
        self._nudged: deque[Channel] = deque()  # appended by any thread, taken by the writer: each step is atomic
        self._blocked: set[Channel] = set()  # registered for writing; the writer's own
        self._selector = selectors.DefaultSelector()  # the writer's own, but for this first registration
        self._bell, self._clapper = socket.socketpair()
        self._bell.setblocking(False)
        self._clapper.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="task-control-writer", daemon=True)
        self._thread.start()

    def nudge(self, channel: Channel) -> None:
        """Look at this channel soon; from any thread, without waiting."""
        self._nudged.append(channel)
        self._ring()

    def stop(self) -> None:
        """End the thread; what is still queued is lost. Waits for the thread's last turn."""
        self._stopping = True
        self._ring()
        self._thread.join()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake anyway; closed: it has ended
            self._clapper.send(b"\0")

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._selector.close()
            self._bell.close()
            self._clapper.close()
            for channel in [*self._blocked, *self._nudged]:
                channel.cut()
                channel.released.set()

    def _turn(self) -> None:
        ready: list[Channel] = []
        for key, _ in self._selector.select(self._patience_s()):
            if key.data is None:
                with contextlib.suppress(OSError):
                    self._bell.recv(4096)
            else:
                ready.append(key.data)
        while self._nudged:
            ready.append(self._nudged.popleft())
        for channel in dict.fromkeys(ready):
            self._serve(channel)
        self._cut_stalled()

    def _serve(self, channel: Channel) -> None:
        try:
            self._send(channel)
        except Exception:  # one odd socket must not end the thread that serves all
            _log.exception("a websocket could not be written to: it was cut")
            self._let_go(channel)

    def _send(self, channel: Channel) -> None:
        left = channel.pump()
        if channel.is_over:
            self._let_go(channel)
        elif left and channel not in self._blocked:
            self._selector.register(channel, selectors.EVENT_WRITE, channel)
            self._blocked.add(channel)
        elif not left and channel in self._blocked:
            self._selector.unregister(channel)
            self._blocked.discard(channel)

    def _let_go(self, channel: Channel) -> None:
        channel.cut()
        if channel in self._blocked:
            self._blocked.discard(channel)
            with contextlib.suppress(KeyError, ValueError, OSError):  # the descriptor is closed already
                self._selector.unregister(channel)
        channel.released.set()

    def _patience_s(self) -> float | None:
        """Until when to sleep: for ever if nobody is behind."""
        if not self._blocked:
            return None
        now = time.monotonic()
        return max(0.0, min(self._stall_s - channel.stalled_s(now) for channel in self._blocked)) + 0.001

    def _cut_stalled(self) -> None:
        now = time.monotonic()
        for channel in [one for one in self._blocked if one.stalled_s(now) >= self._stall_s]:
            self._serve(channel)  # this thread itself may have been held up since it looked
            if channel.stalled_s(now) < self._stall_s:
                continue
            _log.info("a websocket took nothing for %g s: it was cut", self._stall_s)
            self._let_go(channel)
