"""Brings open sockets up to date: listens to the manager's changes and offers each client what it lacks."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from engine import TaskControl

from .channel import Channel
from .frames import PING, frame
from .messages import Message, Messages

#: By how much a round may be late before it counts as held up.
_LATE_S = 1.0

_log = logging.getLogger("task_control.dashboard")


@dataclass(frozen=True)
class Pace:
    """The rhythm of the live channel, in seconds.

    Attributes:
        gap_s: the time from one round of messages to the next; after silence the first goes at once.
        heartbeat_s: the longest silence on a socket.
        stall_s: how long a client may take nothing of what waits for it.
        ping_s: after how much silence of the client it is pinged.
        unheard_s: after how much silence of the client, pings unanswered, it is cut.
        permission_s: how often the authorize hook is asked again about an open socket.
        farewell_s: how long a socket that is being closed may take for its last messages.
    """

    gap_s: float = 0.04
    heartbeat_s: float = 3.0
    stall_s: float = 5.0
    ping_s: float = 10.0
    unheard_s: float = 30.0
    permission_s: float = 30.0
    farewell_s: float = 0.5


class Broadcaster:
    """One thread that offers messages. Each client has a cursor, the revision it stands at: clients at the same
    cursor share one encoding, a slow client gets the newest of everything when its outbox is empty again.
    """

    def __init__(self, taskman: TaskControl, messages: Messages, pace: Pace) -> None:
        self._taskman = taskman
        self._messages = messages
        self._pace = pace
        self._turn = threading.Lock()  # guards the channels, their cursors, the feed and its bell: one round at a time
        self._channels: set[Channel] = set()
        self._feed = taskman.subscribe()
        self._is_rung = False
        self._round_at = self._awake_since = self._due_at = time.monotonic()  # the thread's own
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="task-control-broadcaster", daemon=True)
        self._thread.start()

    def join(self, channel: Channel, first: Message) -> None:
        """Send a channel its first message, and from then on what changes."""
        channel.cursor = first.revision
        channel.enqueue(frame(first.body))  # the handshake's answer may still be waiting
        with self._turn:
            self._channels.add(channel)
            if self._taskman.revision != first.revision:
                # The feed has told of that change already, to the others: the thread may be asleep again.
                self._is_rung = True
                self._feed.close()

    def leave(self, channel: Channel) -> None:
        """Send a channel nothing more."""
        with self._turn:
            self._channels.discard(channel)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._ended.set()
        with self._turn:
            self._feed.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wait(max(0.0, self._due_at - time.monotonic()))
            try:
                with self._turn:
                    self._round()
            except Exception:  # the thread serves all clients: it goes on, and the log says what happened
                _log.exception("a round of live messages failed")
            gap_s = self._pace.gap_s
            # Rounds that take long themselves come no seldomer, but leave half of the time to others.
            self._ended.wait(max(gap_s / 2, self._round_at + gap_s - time.monotonic()))

    def _wait(self, patience_s: float) -> None:
        """Sleep until something changes, the bell is rung or the time is over."""
        begun_at = time.monotonic()
        if self._feed.skip(timeout=patience_s):
            return
        with self._turn:
            if self._is_rung and not self._ended.is_set():
                self._is_rung = False
                self._feed = self._taskman.subscribe()
                return
        if time.monotonic() - begun_at < patience_s / 2:
            # A feed that comes back at once is closed, with the manager: look from time to time instead.
            self._ended.wait(min(patience_s, self._pace.gap_s * 5))

    def _round(self) -> None:
        """Offer each channel what it lacks; with the turn held."""
        now, revision = time.monotonic(), self._taskman.revision
        if now - self._round_at > self._pace.heartbeat_s + _LATE_S:
            self._awake_since = now  # something held the interpreter: what clients said meanwhile wasn't heard
        self._round_at = self._due_at = now  # at once again, should this one fail
        quiet_s, due_at = min(self._pace.ping_s, self._pace.unheard_s), now + self._pace.heartbeat_s
        frames: dict[int, tuple[bytes, int]] = {}
        for channel in list(self._channels):
            if now - channel.heard_at > quiet_s:
                self._check_alive(channel, now)
            cursor = channel.cursor
            if cursor is None or not channel.is_idle:
                # It is behind: a later round finds it idle and brings it all at once.
                due_at = now
                if channel.is_over:
                    self._channels.discard(channel)
                continue
            if cursor == revision and now - channel.queued_at < self._pace.heartbeat_s:
                due_at = min(due_at, channel.queued_at + self._pace.heartbeat_s)
                continue
            if cursor not in frames:
                news = self._messages.heartbeat(cursor) if cursor == revision else self._messages.after(cursor)
                frames[cursor] = frame(news.body), news.revision
            data, reached = frames[cursor]
            if channel.offer(data):
                channel.cursor = reached
            else:
                due_at = now
        self._due_at = due_at

    def _check_alive(self, channel: Channel, now: float) -> None:
        """Ask a silent client for a sign: a peer that vanished is not told of by the system for many minutes."""
        if now - max(channel.heard_at, self._awake_since) > self._pace.unheard_s:
            _log.info("a websocket was silent for %g s: it was cut", self._pace.unheard_s)
            channel.cut()
        elif now - max(channel.heard_at, channel.pinged_at) > self._pace.ping_s:
            channel.pinged_at = now
            if channel.is_idle:
                channel.send(PING)
