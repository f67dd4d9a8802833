"""Clients and tasks that do wrong, again and again, cost a real server no memory."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from tests.serving.faulty import FaultyServer
from tests.serving.visitors import GARBAGE, clients, stopped_client, vanish

pytestmark = [
    pytest.mark.guarantee("P2"),
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux shows it"),
]

ROUNDS = 10
WARM_UPS, FIRST_CROWDS = 5, 2  # rounds in which caches fill and the allocator takes what it keeps
AT_ONCE = 5  # rounds whose clients stay until the last of them is found out: that takes its time
A_MOMENT_S = 0.1  # for which a task holds the interpreter


def badly(server: FaultyServer, stack: contextlib.ExitStack) -> None:
    """Every kind of client that does wrong, at the same time; each leaves in its own way."""
    some = stack.enter_context(clients(server.port, 9, receive_buffer=4096))
    stack.enter_context(stopped_client(server.port))
    assert [client.answer()[0] for client in some] == [101] * 9
    for client, sent in zip(some, GARBAGE.values(), strict=False):
        client.socket.sendall(sent)
    vanish(some[7].socket)
    [refused] = stack.enter_context(clients(server.port, X_Raise="1"))
    assert refused.answer()[0] == 500
    for _ in range(10):
        half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")


def in_crowds(server: FaultyServer) -> None:
    """Three hundred who connect before the first is answered, and leave at once."""
    with clients(server.port, 300) as many:
        assert [client.answer()[0] for client in many] == [101] * 300


def test_memory_stays_as_it_is(server, undisturbed, until):
    """Ten times all that clients and tasks do wrong costs no memory, once the allocator has what it keeps."""

    def memory_after(rounds: int, crowds: int) -> int:
        for _ in range(rounds // AT_ONCE):
            with contextlib.ExitStack() as stack:
                for _ in range(AT_ONCE):
                    badly(server, stack)
                until(lambda: server.stats()["sockets"] <= 1, "all but the good client to be cut", every_s=0.05)
        for _ in range(crowds):
            in_crowds(server)
            until(lambda: server.stats()["sockets"] <= 1, "the crowd to be gone", every_s=0.05)
            assert server.get(f"hold?wait&seconds={A_MOMENT_S}") == "held"
        # Those who left in the middle of a request had a thread each, whose memory goes with its end.
        until(lambda: server.stats()["threads"] <= threads, "their threads to end", every_s=0.05)
        return server.stats(settled=True)["kilobytes"]

    with undisturbed(longest_gap_s=10.0):  # this machine makes hundreds of clients meanwhile
        threads = server.stats()["threads"]
        before = memory_after(WARM_UPS, FIRST_CROWDS)
        after = memory_after(ROUNDS, ROUNDS)

    assert after <= before * 1.05
