"""The stand-in for a websocket's socket, and the thread that writes."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from dashboard.channel import MOST_QUEUED, Channel
from dashboard.frames import PING, frame
from dashboard.writer import Writer

pytestmark = pytest.mark.guarantee("P2")


@pytest.fixture
def writer():
    """Lend a writer that cuts after a short time."""
    writer = Writer(stall_s=0.2)
    yield writer
    writer.stop()


@pytest.fixture
def pair():
    """Lend two ends of a connection."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_frames_say_their_size(size, head):
    """A frame's head tells how long it is, in the shortest way there is."""
    assert frame(b"x" * size) == head + b"x" * size


def test_a_ping_is_a_control_frame():
    """A ping is two bytes."""
    assert PING == b"\x89\x00"


def test_bytes_of_many_threads_leave_whole_and_complete(writer, pair):
    """What several threads send arrives piece by piece, each whole, each thread's in its order."""
    ours, theirs = pair
    channel = Channel(ours, writer)

    def send(letter):
        for number in range(20):
            channel.send(f"{letter}{number:02}".encode() * 1000)

    threads = [threading.Thread(target=send, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    data = b""
    while len(data) < 4 * 20 * 3000:
        data += theirs.recv(65536)
    for thread in threads:
        thread.join()

    pieces = [data[start : start + 3000] for start in range(0, len(data), 3000)]
    assert all(piece == piece[:3] * 1000 for piece in pieces)
    for letter in b"abcd":
        own = [piece[:3] for piece in pieces if piece[0] == letter]
        assert own == sorted(own)
        assert len(own) == 20


def test_an_offer_waits_its_turn(writer, pair, until):
    """A message isn't taken while another one waits, and is taken when that has left."""
    ours, theirs = pair
    channel = Channel(ours, writer)
    channel.offer(b"x" * 5_000_000)

    while_waiting = channel.offer(b"y")
    received = 0
    while received < 5_000_000:
        received += len(theirs.recv(1 << 20))
    until(lambda: channel.is_idle, "the outbox to be empty")

    assert not while_waiting
    assert channel.offer(b"y")
    assert theirs.recv(10) == b"y"


class Meddled:
    """A socket that takes three bytes at first, while something else happens."""

    def __init__(self, sock, meanwhile):
        self._sock = sock
        self._meanwhile = meanwhile

    def send(self, data):
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is None:
            return self._sock.send(data)
        meanwhile()
        return self._sock.send(data[:3])

    def __getattr__(self, name):
        return getattr(self._sock, name)


def test_what_is_queued_meanwhile_comes_behind_the_frame(writer, pair):
    """When a socket takes a part of a frame, an answer of the library's waits until the rest has left."""
    ours, theirs = pair

    def meanwhile():
        channel.send(b" answer")
        channel.released.wait(0.1)  # the writer would have sent it by now

    channel = Channel(Meddled(ours, meanwhile), writer)
    channel.offer(b"a whole frame")
    data = b""
    while len(data) < len(b"a whole frame answer"):
        data += theirs.recv(100)

    assert data == b"a whole frame answer"


def test_a_farewell_that_comes_at_the_last_moment_is_sent(writer, pair):
    """What is queued when the writer has just found the queue empty isn't lost with the end."""
    ours, theirs = pair
    channel = Channel(ours, writer)

    class Io:
        """The lock of those who send; the end comes just when the writer has released it."""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            channel.finish(b"bye", 1001)

    channel._io = Io()
    channel.send(b"first ")
    data = b""
    while piece := theirs.recv(100):
        data += piece

    assert data == b"first " + frame(b"bye") + b"\x88\x02\x03\xe9"


def test_who_takes_nothing_is_cut(writer, pair):
    """When nothing of what waits has left for the bound, the connection is ended for both sides."""
    ours, theirs = pair
    channel = Channel(ours, writer)
    channel.offer(b"x" * 50_000_000)

    assert channel.released.wait(5)
    assert channel.is_over
    assert channel.recv(100) == b""
    with pytest.raises(BrokenPipeError):
        channel.send(b"too late")


def test_who_takes_a_little_is_kept(pair):
    """A slow client that goes on reading isn't cut."""
    writer = Writer(stall_s=0.5)
    ours, theirs = pair
    channel = Channel(ours, writer)
    channel.offer(b"x" * 3_000_000)
    pause = threading.Event()

    received = 0
    while received < 3_000_000:
        received += len(theirs.recv(200_000))
        pause.wait(0.05)

    assert not channel.is_over
    channel.cut()
    writer.stop()


def test_what_is_queued_leaves_before_the_end(writer, pair):
    """Closing sends what waits, the farewell last, and takes nothing more."""
    ours, theirs = pair
    channel = Channel(ours, writer)
    channel.send(b"first ")
    channel.finish(b"bye", 1001)
    late = channel.offer(b"late")

    data = b""
    while piece := theirs.recv(100):
        data += piece

    assert data == b"first " + frame(b"bye") + b"\x88\x02\x03\xe9"
    assert not late
    assert channel.released.wait(5)


def test_who_asks_for_too_many_answers_is_cut(writer, pair):
    """A client that makes the library reply and reads nothing doesn't fill the memory."""
    ours, _ = pair
    channel = Channel(ours, writer)
    channel.offer(b"x" * 50_000_000)

    with pytest.raises(BrokenPipeError):
        for _ in range(MOST_QUEUED * 2):
            channel.send(b"pong")

    assert channel.is_over


def test_reading_ends_when_the_other_side_closes(writer, pair):
    """A reader comes back with nothing when the connection is over."""
    ours, theirs = pair
    channel = Channel(ours, writer)
    theirs.sendall(b"hello")
    theirs.shutdown(socket.SHUT_WR)

    assert channel.recv(100) == b"hello"
    assert channel.recv(100) == b""
    channel.cut()


def test_reading_ends_when_the_connection_is_cut(writer, pair):
    """A thread that waits in the stand-in comes back when another one cuts it."""
    ours, _ = pair
    channel = Channel(ours, writer)
    channel.send(b"welcome")
    answers = []
    reader = threading.Thread(target=lambda: answers.append(channel.recv(100)))
    reader.start()

    channel.cut()
    reader.join(5)

    assert answers == [b""]


def test_a_socket_on_which_nothing_was_sent_stays_usable(writer, pair):
    """When the handshake fails, the server can still answer on its socket."""
    ours, theirs = pair
    channel = Channel(ours, writer)

    channel.close()
    assert channel.released.wait(5)
    channel.give_back()
    ours.sendall(b"HTTP/1.1 400")

    assert theirs.recv(100) == b"HTTP/1.1 400"


def test_a_socket_that_is_closed_under_the_writer_harms_nobody(writer, pair):
    """When the server closes a socket early, the others are served on."""
    ours, _ = pair
    closed = Channel(ours, writer)
    closed.offer(b"x" * 50_000_000)
    ours.close()
    writer.nudge(closed)
    other, theirs = socket.socketpair()

    with other, theirs:
        theirs.settimeout(10)
        channel = Channel(other, writer)
        channel.send(b"hello")
        received = theirs.recv(100)
        channel.cut()

    assert received == b"hello"
    assert closed.released.wait(5)


def test_a_writer_that_was_held_up_looks_again(writer, pair, until, monkeypatch):
    """Who would have taken something while the writer itself couldn't run is not cut for it."""
    ours, theirs = pair
    look, is_held, go_on = writer._selector.select, threading.Event(), threading.Event()

    def held_up(patience_s):
        found = look(patience_s)
        if is_held.is_set():
            is_held.clear()
            go_on.wait(10)
            return []
        return found

    channel = Channel(ours, writer)
    monkeypatch.setattr(writer._selector, "select", held_up)
    channel.offer(b"x" * 10_000_000)
    until(lambda: channel in writer._blocked, "the client to be behind")
    is_held.set()
    until(lambda: channel.stalled_s(time.monotonic()) > 0.3 and not is_held.is_set(), "the writer to be held up")
    received = len(theirs.recv(1_000_000))
    go_on.set()
    while received < 10_000_000 and (data := theirs.recv(1_000_000)):
        received += len(data)

    assert received == 10_000_000
