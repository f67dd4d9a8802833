"""The open sockets of one panel: how many there are, and the threads that live as long as one of them does."""

from __future__ import annotations

import socket
import threading
import time

from engine import TaskControl

from . import wire
from .broadcast import Broadcaster, Pace
from .capacity import SEATS, most_sockets
from .channel import Channel
from .messages import Messages
from .problems import Problem
from .settings import Settings
from .writer import Writer

GOING_AWAY = 1001

_POLL_INSTEAD = "The same messages come from GET api/changes: ask it every few seconds."


class Hub:
    """Opens and releases channels. The first one starts the writer and the broadcaster, the last one ends them."""

    def __init__(self, taskman: TaskControl, settings: Settings, pace: Pace) -> None:
        self.pace = pace
        self.messages = Messages(taskman, settings)
        self._taskman = taskman
        self._settings = settings
        self._lock = threading.Lock()  # guards everything below
        self._channels: dict[Channel, tuple[Writer, Broadcaster]] = {}
        self._threads: tuple[Writer, Broadcaster] | None = None
        self._closed = False

    def open(self, sock: socket.socket, threads: int | None = None) -> Channel:
        """Stand a channel before this socket, or raise the Problem that says why there can be none now.

        `threads` is how many the server has, None if that isn't known.
        """
        limit = self._settings.max_sockets
        with self._lock:
            if self._closed:
                raise Problem(503, "The server is stopping.", "Come back when it has started again.")
            if len(self._channels) >= limit:
                raise Problem(
                    503,
                    f"All {limit} websockets of this panel are taken.",
                    f"{_POLL_INSTEAD} TASK_CONTROL_MAX_SOCKETS allows more; each takes one of the server's threads.",
                )
            if not SEATS.take(most_sockets(threads)):
                raise Problem(
                    503,
                    f"Websockets hold as many of the server's {threads} threads as they may.",
                    f"{_POLL_INSTEAD} More threads allow more, as gunicorn --threads {2 * (threads or 1)}.",
                )
            try:
                if self._threads is None:
                    self._threads = self._start_threads()
                channel = Channel(sock, self._threads[0])
            except BaseException:
                SEATS.give_back()
                raise
            self._channels[channel] = self._threads
        return channel

    def count(self) -> int:
        """How many sockets are open."""
        with self._lock:
            return len(self._channels)

    def _start_threads(self) -> tuple[Writer, Broadcaster]:
        broadcaster = Broadcaster(self._taskman, self.messages, self.pace)
        try:
            return Writer(self.pace.stall_s), broadcaster
        except OSError:  # no descriptor left for it
            broadcaster.stop()
            raise

    def join(self, channel: Channel, boot_id: str | None, since: int | None) -> None:
        """Begin to send a channel what its client lacks."""
        first = self.messages.first(boot_id, since)
        with self._lock:
            threads = self._channels.get(channel)
        if threads is not None:
            threads[1].join(channel, first)

    def release(self, channel: Channel) -> None:
        """End a channel, its last messages sent if its client takes them soon. The socket is the server's again."""
        channel.close()
        if not channel.released.wait(self.pace.farewell_s):
            channel.cut()
            channel.released.wait(self.pace.farewell_s)
        channel.give_back()
        with self._lock:
            threads = self._channels.pop(channel, None)
            if threads is not None:
                SEATS.give_back()
            last = threads is not None and threads not in self._channels.values()
            if last and threads is self._threads:
                self._threads = None
        if threads is not None:
            threads[1].leave(channel)
        if last and threads is not None:
            threads[1].stop()
            threads[0].stop()
            self.messages.forget()

    def close(self, reason: str) -> None:
        """Close all sockets, the reason told, and take no more. Waits a moment at most for the clients."""
        with self._lock:
            self._closed = True
            channels = list(self._channels)
        farewell = wire.closing(reason)
        for channel in channels:
            channel.finish(farewell, GOING_AWAY)
        deadline = time.monotonic() + self.pace.farewell_s
        for channel in channels:
            if not channel.released.wait(max(0.0, deadline - time.monotonic())):
                channel.cut()
