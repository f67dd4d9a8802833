"""What clients and tasks do wrong costs the others nothing: on real servers, with a good client that watches."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import sys
import threading
import time

import pytest

from tests.dashboard.raw_client import PATIENCE_S, RawClient
from tests.serving.visitors import GARBAGE, PONG, clients, stopped_client, vanish

pytestmark = [
    pytest.mark.guarantee("P2"),
    pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them"),
]


def test_a_client_that_never_reads(server, undisturbed, until):
    """Three clients that take nothing are cut, and cost the good one nothing."""
    with undisturbed(), clients(server.port, 3, receive_buffer=4096) as stuck:
        assert [client.answer()[0] for client in stuck] == [101] * 3
        until(lambda: server.stats()["sockets"] == 1, "those that don't read to be cut", every_s=0.02)


def test_a_client_that_reads_slowly(server, undisturbed):
    """Who takes a little from time to time is kept, and doesn't hold up the others."""
    with undisturbed(), clients(server.port, receive_buffer=4096) as [slow]:
        assert slow.answer()[0] == 101
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            assert slow.socket.recv(2048), "the slow client was cut"
            slow.socket.sendall(PONG)
            time.sleep(0.02)


def test_a_peer_that_vanishes(server, undisturbed, until):
    """Who is gone without a word, no FIN and no ACK, is cut after its silence."""
    with undisturbed(), clients(server.port) as [gone]:
        assert gone.answer()[0] == 101
        filters = vanish(gone.socket)
        until(lambda: server.stats()["sockets"] == 1, "the vanished peer to be cut", every_s=0.02)
        del filters


def test_half_a_request(server, undisturbed):
    """Forty clients that never end their headers leave the server to the others."""
    with undisturbed(), contextlib.ExitStack() as stack:
        for _ in range(40):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")
        assert server.health()["status"] == "ok"


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage(server, undisturbed, until, sent):
    """Frames that break the protocol, and messages that are too large, end their own connection alone."""
    with undisturbed(), clients(server.port) as [odd]:
        assert odd.answer()[0] == 101
        odd.socket.sendall(sent)
        until(lambda: server.stats()["sockets"] == 1, "the odd client to be cut", every_s=0.02)


def test_three_hundred_at_once(server, undisturbed, until):
    """Three hundred that connect in the same instant are all served, and leave nothing behind."""
    answers: list[int] = []
    gate, leave = threading.Event(), threading.Event()

    def visit() -> None:
        gate.wait(20)
        with clients(server.port) as [one]:
            answers.append(one.answer()[0])
            leave.wait(30)

    visitors = [threading.Thread(target=visit) for _ in range(300)]
    with undisturbed(longest_gap_s=10.0):  # this machine makes 300 clients meanwhile
        for visitor in visitors:
            visitor.start()
        gate.set()
        until(lambda: len(answers) == 300, "an answer for each", patience_s=30)
        leave.set()
        for visitor in visitors:
            visitor.join()

    assert answers == [101] * 300


def test_one_more_than_there_are_places(server, undisturbed):
    """The place after the last is refused with 503, and the page that asked for it polls."""
    full: list[RawClient] = []
    is_over = threading.Event()

    def stay() -> None:
        """Read and answer: else the first would be cut before the last is there."""
        while not is_over.wait(0.05):
            for client in full.copy():
                client.socket.sendall(PONG)
                while select.select([client.socket], [], [], 0)[0]:
                    assert client.socket.recv(1 << 20), "a client was cut"

    staying = threading.Thread(target=stay)
    with undisturbed(longest_gap_s=10.0), contextlib.ExitStack() as stack:
        staying.start()
        try:
            for _ in range(349):
                [client] = stack.enter_context(clients(server.port))
                assert client.answer()[0] == 101
                full.append(client)
            with clients(server.port) as [more]:
                assert more.answer()[0] == 503
        finally:
            is_over.set()
            staying.join()
        assert '"type":"' in server.get("api/changes")


def test_a_task_that_holds_the_interpreter(server, undisturbed):
    """While C code lets no other thread run all wait, and go on afterwards: the server is not killed for it."""
    before = server.health()["boot_id"]
    with undisturbed(longest_gap_s=20.0):
        assert server.get("hold?seconds=2.5") == "held"  # longer than a client may be silent

    assert server.health()["boot_id"] == before


def test_a_hook_that_raises(server, undisturbed):
    """The request is refused with 500, the handshake as well, and everybody else is served."""
    with undisturbed(), clients(server.port, X_Raise="1") as [refused]:
        assert refused.answer()[0] == 500
        assert server.ask("api/tasks", **{"X-Raise": "1"})[0] == 500


@pytest.mark.parametrize("seconds", [86400, -86400])
def test_a_clock_that_is_set(server, undisturbed, until, seconds):
    """A day ahead or back cuts nobody who behaves, and who doesn't read is cut as soon as ever."""
    with undisturbed(), clients(server.port, receive_buffer=4096) as [stuck]:
        assert stuck.answer()[0] == 101
        assert server.get(f"jump?seconds={seconds}") == "jumped"
        until(lambda: server.stats()["sockets"] == 1, "the one that doesn't read to be cut", every_s=0.02)
        assert server.get(f"jump?seconds={-seconds}") == "jumped"


def test_a_client_that_is_stopped(server, undisturbed, until):
    """A process that stands still, as a browser whose machine sleeps, is cut, and finds that out when it goes on."""
    with undisturbed(), stopped_client(server.port) as client:
        until(lambda: server.stats()["sockets"] == 1, "the stopped client to be cut", every_s=0.02)
        client.send_signal(signal.SIGCONT)
        assert client.wait(PATIENCE_S) == 0
