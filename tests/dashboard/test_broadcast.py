"""What the broadcaster does at the moments when clients come."""

from __future__ import annotations

import contextlib
import json
import socket
import threading

import pytest

from dashboard.broadcast import Broadcaster, Pace
from dashboard.channel import Channel
from dashboard.messages import Messages
from dashboard.settings import Settings
from dashboard.writer import Writer
from tests.dashboard.raw_client import read_frame


class Silence:
    """A subscription that never has anything to tell."""

    def __init__(self):
        self._closed = threading.Event()

    def skip(self, timeout):
        self._closed.wait(timeout)
        return False

    def close(self):
        self._closed.set()


@pytest.fixture
def start(taskman):
    """Start writers and broadcasters that send no heartbeats."""
    with contextlib.ExitStack() as stack:

        def start():
            messages = Messages(taskman, Settings({}))
            writer, broadcaster = Writer(stall_s=5), Broadcaster(taskman, messages, Pace(heartbeat_s=60))
            stack.callback(writer.stop)
            stack.callback(broadcaster.stop)
            return writer, broadcaster, messages

        yield start


def test_what_changes_before_a_client_has_joined_is_told(start, taskman, tasks, monkeypatch):
    """A change that comes after the first message was made, and before its client is known, isn't missed."""
    monkeypatch.setattr(taskman, "subscribe", Silence)  # it has told the others of that change already
    writer, broadcaster, messages = start()
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as stream:
        theirs.settimeout(5)
        channel = Channel(ours, writer)
        first = messages.snapshot()
        tasks.completed()

        broadcaster.join(channel, first)
        told = [json.loads(read_frame(stream)[1]) for _ in range(2)]
        channel.cut()
        assert channel.released.wait(5)

    assert [message["type"] for message in told] == ["snapshot", "delta"]
    assert told[1]["revision"] == taskman.revision


def test_clients_at_the_same_place_share_an_encoding(start, taskman, tasks, monkeypatch, until):
    """However many clients stand at a revision, what they lack is encoded once."""
    writer, broadcaster, messages = start()
    asked = []
    after = messages.after
    monkeypatch.setattr(messages, "after", lambda since: asked.append(since) or after(since))
    pairs = [socket.socketpair() for _ in range(10)]
    channels = [Channel(ours, writer) for ours, _ in pairs]
    for channel in channels:
        broadcaster.join(channel, messages.snapshot())
    until(lambda: all(channel.is_idle for channel in channels), "the snapshots to leave")

    tasks.completed()
    until(lambda: {channel.cursor for channel in channels} == {taskman.revision}, "all clients to be up to date")

    assert len(asked) == len(set(asked))
    for channel, pair in zip(channels, pairs, strict=True):
        channel.cut()
        assert channel.released.wait(5)
        for end in pair:
            end.close()
