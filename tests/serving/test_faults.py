"""What clients and tasks do wrong costs the others nothing: on real servers, with a good client that watches."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.dashboard.clients import PATIENCE_S, RawClient
from tests.serving.faulty import FaultyServer, Good, vanish
from tests.serving.servers import ROOT

pytestmark = [
    pytest.mark.guarantee("P2"),
    pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors as Linux shows them"),
]

#: The good client hears of a change every 50 ms; more than this means that somebody held the others up.
LONGEST_GAP_S = 1.5
ROUNDS = 10
WARM_UPS = 10  # rounds in which caches fill and the allocator takes what it keeps

#: A client that behaves, says when it is there, and ends when it is cut.
CLIENT = """
import sys
from tests.serving.faulty import Good
good = Good(int(sys.argv[1]))
print("there", flush=True)
good.join()
"""
GARBAGE = [
    pytest.param(b"\xff" * 400, id="noise"),
    pytest.param(b"\x81\x05hello", id="not masked"),
    pytest.param(b"\x83\x80\0\0\0\0", id="unknown kind"),
    pytest.param(b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", id="announced as huge"),
    pytest.param(b"\x82\xfe\x40\x00\0\0\0\0" + b"x" * 0x4000, id="too large"),
    pytest.param(b"\x81\x82\0\0\0\0\xc3\x28", id="not text"),
    pytest.param(b"\x88\x81\0\0\0\0\x01", id="half a code"),
]


@pytest.fixture(params=["gunicorn", "werkzeug"])
def server(request) -> Iterator[FaultyServer]:
    """Run a server of each kind."""
    running = FaultyServer(request.param)
    yield running
    running.kill()
    running.process.communicate()


@pytest.fixture
def undisturbed(server, until) -> Callable[..., contextlib.AbstractContextManager[Good]]:
    """Watch what happens in a `with` block: the good client hears on, and afterwards all is as it was before."""

    @contextlib.contextmanager
    def watch(longest_gap_s: float = LONGEST_GAP_S) -> Iterator[Good]:
        good = Good(server.port)
        try:
            until(lambda: len(good.gaps_s) > 3, "the good client's first messages")
            before = server.stats()
            yield good
            until(lambda: is_as_before(server, before), f"the server to be as before: {before}, {server.stats()}")
            heard = len(good.gaps_s)
            until(lambda: good.ended or len(good.gaps_s) > heard + 3, "the good client to hear more")
            assert good.ended is None
            assert max(good.gaps_s[1:]) < longest_gap_s
        finally:
            good.close()

    return watch


def is_as_before(server: FaultyServer, before: dict[str, int]) -> bool:
    now = server.stats()
    assert now["pid"] == before["pid"]
    return all(now[what] <= before[what] for what in ("sockets", "descriptors", "threads"))


@contextlib.contextmanager
def clients(server: FaultyServer, number: int = 1, **options: object) -> Iterator[list[RawClient]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(contextlib.closing(RawClient(server.port, **options)))  # type: ignore[arg-type]
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


def test_a_client_that_never_reads(server, undisturbed, until):
    """Three clients that take nothing are cut, and cost the good one nothing."""
    with undisturbed(), clients(server, 3, receive_buffer=4096) as stuck:
        assert [client.answer()[0] for client in stuck] == [101] * 3
        until(lambda: server.stats()["sockets"] == 1, "those that don't read to be cut")


def test_a_client_that_reads_slowly(server, undisturbed):
    """Who takes a little from time to time is kept, and doesn't hold up the others."""
    with undisturbed(), clients(server, receive_buffer=4096) as [slow]:
        assert slow.answer()[0] == 101
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            assert slow.socket.recv(2048), "the slow client was cut"
            slow.socket.sendall(b"\x8a\x80\0\0\0\0")  # it lives: an answer to a ping, asked for or not
            time.sleep(0.02)


def test_a_peer_that_vanishes(server, undisturbed, until):
    """Who is gone without a word, no FIN and no ACK, is cut after its silence."""
    with undisturbed(), clients(server) as [gone]:
        assert gone.answer()[0] == 101
        filters = vanish(gone.socket)
        until(lambda: server.stats()["sockets"] == 1, "the vanished peer to be cut")
        del filters


def test_half_a_request(server, undisturbed):
    """Forty clients that never end their headers leave the server to the others."""
    with undisturbed(), contextlib.ExitStack() as stack:
        for _ in range(40):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")
        assert server.health()["status"] == "ok"


@pytest.mark.parametrize("sent", GARBAGE)
def test_garbage(server, undisturbed, until, sent):
    """Frames that break the protocol, and messages that are too large, end their own connection alone."""
    with undisturbed(), clients(server) as [odd]:
        assert odd.answer()[0] == 101
        odd.socket.sendall(sent)
        until(lambda: server.stats()["sockets"] == 1, "the odd client to be cut")


def test_three_hundred_at_once(server, undisturbed, until):
    """Three hundred that connect in the same instant are all served, and leave nothing behind."""
    answers: list[int] = []
    gate, leave = threading.Event(), threading.Event()

    def visit() -> None:
        gate.wait(20)
        with clients(server) as [one]:
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
    with undisturbed(longest_gap_s=10.0), clients(server, 349) as full:
        assert {client.answer()[0] for client in full} == {101}
        with clients(server) as [more]:
            assert more.answer()[0] == 503
        assert '"type":"' in server.get("api/changes")


def test_a_task_that_holds_the_interpreter(server, undisturbed):
    """While C code lets no other thread run all wait, and go on afterwards: the server is not killed for it."""
    before = server.health()["boot_id"]
    with undisturbed(longest_gap_s=20.0):
        assert server.get("hold") == "held"

    assert server.health()["boot_id"] == before


def test_a_hook_that_raises(server, undisturbed):
    """The request is refused with 500, the handshake as well, and everybody else is served."""
    with undisturbed(), clients(server, X_Raise="1") as [refused]:
        assert refused.answer()[0] == 500
        assert server.ask("api/tasks", **{"X-Raise": "1"})[0] == 500


@pytest.mark.parametrize("seconds", [86400, -86400])
def test_a_clock_that_is_set(server, undisturbed, until, seconds):
    """A day ahead or back cuts nobody who behaves, and who doesn't read is cut as soon as ever."""
    with undisturbed(), clients(server, receive_buffer=4096) as [stuck]:
        assert stuck.answer()[0] == 101
        assert server.get(f"jump?seconds={seconds}") == "jumped"
        until(lambda: server.stats()["sockets"] == 1, "the one that doesn't read to be cut")


def test_a_client_that_is_stopped(server, undisturbed, until):
    """A process that stands still, as a browser whose machine sleeps, is cut, and finds that out when it goes on."""
    with undisturbed(), stopped_client(server.port) as client:
        until(lambda: server.stats()["sockets"] == 1, "the stopped client to be cut")
        client.send_signal(signal.SIGCONT)
        assert client.wait(PATIENCE_S) == 0


def badly(server: FaultyServer, until: Callable[..., object]) -> None:
    """Every kind of client that does wrong, at the same time; each leaves in its own way."""
    with clients(server, 9, receive_buffer=4096) as some, stopped_client(server.port):
        assert [client.answer()[0] for client in some] == [101] * 9
        for client, sent in zip(some, GARBAGE, strict=False):
            client.socket.sendall(sent.values[0])
        filters = vanish(some[7].socket)
        with clients(server, X_Raise="1") as refused, contextlib.ExitStack() as stack:
            assert refused[0].answer()[0] == 500
            for _ in range(10):
                half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")
            with clients(server, 30) as many:
                assert [client.answer()[0] for client in many] == [101] * 30
            until(lambda: server.stats()["sockets"] == 1, "all but the good client to be cut")
        del filters


@pytest.mark.timeout(300)
def test_memory_stays_as_it_is(server, undisturbed, until):
    """Ten times all kinds of clients that do wrong cost no memory, once the allocator has what it keeps."""
    with undisturbed(longest_gap_s=5.0):
        for _ in range(WARM_UPS):
            badly(server, until)
        before = server.stats(settled=True)["kilobytes"]
        for _ in range(ROUNDS):
            badly(server, until)
        after = server.stats(settled=True)["kilobytes"]

    assert after <= before * 1.05
