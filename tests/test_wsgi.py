"""`python wsgi.py` and `wsgi:app`: what starts, what is refused, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytestmark = pytest.mark.guarantee("P4")

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 20.0

STUCK = "import time, wsgi; wsgi.serve('127.0.0.1', 0, lambda: wsgi.taskman.add('stuck', lambda: time.sleep(90)))"
FAILING = "import wsgi; wsgi.serve('127.0.0.1', 0, lambda: wsgi.taskman.add('failing', lambda: 1 / 0))"
ENDLESS_STOP = """
import threading, wsgi
wsgi.taskman.shutdown = lambda *_, **__: threading.Event().wait(90)
wsgi.serve('127.0.0.1', 0)
"""


class Page:
    """What an open page does: it holds a websocket and reads the messages. Closes with the `with` block."""

    def __init__(self, host: str) -> None:
        name, port = host.split(":")
        self._socket = socket.create_connection((name, int(port)), timeout=PATIENCE_S)
        self._bytes = self._socket.makefile("rb")
        self._socket.sendall(
            f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        answer = list(iter(self._bytes.readline, b"\r\n"))
        assert b" 101 " in answer[0], answer

    def messages(self) -> Iterator[str]:
        """The types of the messages as they come, until the server closes the websocket."""
        while (head := self._bytes.read(2)) and head[0] == 0x81:
            extended = {126: 2, 127: 8}.get(head[1])
            length = int.from_bytes(self._bytes.read(extended), "big") if extended else head[1]
            yield json.loads(self._bytes.read(length))["type"]

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._bytes.close()
        self._socket.close()


class Server:
    """One server process; its address is known once it has printed it."""

    def __init__(self, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.first_line = self.next_line()
        found = re.search(r"http://\S+/", self.first_line)
        assert found, f"{self.first_line!r} names no address; errors: {self.process.stderr.read()}"
        self.url = found[0]

    def next_line(self) -> str:
        """The next line of output, within bounds: a process that prints nothing is killed, which ends the wait."""
        overdue = threading.Timer(PATIENCE_S, self.process.kill)
        overdue.start()
        try:
            return self.process.stdout.readline()
        finally:
            overdue.cancel()
            overdue.join()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            return answer.read().decode()

    def page(self) -> Page:
        return Page(self.url.removeprefix("http://").rstrip("/"))

    def end(self, *signals: int) -> tuple[int, str]:
        """Send the signals, one after each line of output, and return the exit code and the standard error."""
        for number in signals[:-1]:
            self.process.send_signal(number)
            self.next_line()
        self.process.send_signal(signals[-1])
        try:
            _, errors = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the server still runs {PATIENCE_S:g} s after {signals}")
        return self.process.returncode, errors


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the servers' temporary files go to."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def serve(scratch: Path) -> Iterator[Callable[..., Server]]:  # killed servers leave their files there
    """Start servers; what still runs of them at the end is killed."""
    started: list[Server] = []

    def start(*arguments: str) -> Server:
        started.append(Server(list(arguments) or ["wsgi.py", "--port", "0"]))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.communicate()


def refused(*arguments: str) -> tuple[int, str]:
    """Run a server that must not start; its exit code and standard error."""
    done = subprocess.run(
        [sys.executable, "wsgi.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return done.returncode, done.stderr


# Start


def test_it_prints_where_it_serves(serve):
    """The first line names the address and how to stop."""
    server = serve()

    assert f"Task Control is at {server.url} (Ctrl-C stops it)\n" == server.first_line


def test_the_page_is_served(serve):
    """The address that is printed shows the panel."""
    assert "<title>Task Control" in serve().get("")


def test_nothing_runs_by_default(serve):
    """Without --demo there are no tasks."""
    health = json.loads(serve().get("healthz"))

    assert (health["status"], health["tasks"]) == ("ok", 0)


def test_the_demo_brings_tasks(serve):
    """With --demo there is a workload to watch."""
    server = serve("wsgi.py", "--port", "0", "--demo")

    assert json.loads(server.get("healthz"))["tasks"] >= 60


def test_sixty_four_sockets_are_served(serve):
    """Sixty-four pages can be open at once, and requests are answered beside them."""
    server = serve()
    with ExitStack() as stack:
        pages = [stack.enter_context(server.page()) for _ in range(64)]

        first = [next(page.messages()) for page in pages]

        assert (first, json.loads(server.get("healthz"))["status"]) == (["snapshot"] * 64, "ok")


def test_the_terminal_is_quiet(serve):
    """Requests aren't logged; a task that fails is one line, without its traceback."""
    server = serve("-c", FAILING)
    server.get("")
    server.get("healthz")

    _, errors = server.end(signal.SIGTERM)

    assert re.fullmatch(
        r"\d\d:\d\d:\d\d task [0-9a-f]{10} \(failing\) ended with ZeroDivisionError: division by zero\n", errors
    )


def test_importing_starts_no_thread():
    """A server may import `wsgi` and fork: nothing runs before the first task and the first open page."""
    code = "import threading, wsgi; print(threading.active_count(), callable(wsgi.app))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)

    assert (done.stdout, done.stderr) == ("1 True\n", "")


# Refusals


def test_a_port_in_use_is_said(serve):
    """Where the port is taken, the message says so and which other one to ask for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, errors = refused("--port", str(port))

    assert code == 1
    assert errors.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert "with --port" in errors


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1"])
def test_an_address_for_others_is_refused(host):
    """Without a login nothing but this machine is served, and the message says what to do instead."""
    code, errors = refused("--host", host, "--port", "0")

    assert code == 1
    assert [way in errors for way in ("no login", "ssh -L", "authorize=")] == [True] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "no-such-host.invalid"], "The host 'no-such-host.invalid' can't be found"),
        (["--port", "65536"], "65536 is no port"),
    ],
)
def test_an_impossible_address_is_refused(arguments, message):
    """A host that isn't found and a port that can't be end with a message and no traceback."""
    code, errors = refused(*arguments)

    assert (code, errors.startswith(message), errors.count("\n")) == (1, True, 1)


# End


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(serve, number):
    """SIGTERM and Ctrl-C end the server with exit code 0 and no word on standard error."""
    assert serve().end(number) == (0, "")


def test_an_open_page_is_told_of_the_end(serve):
    """With a page open the server ends as well, and the page is told that it closes."""
    server = serve()
    with server.page() as page:
        messages = page.messages()
        first = next(messages)

        ended = server.end(signal.SIGTERM)

        assert (first, ended, list(messages)[-1]) == ("snapshot", (0, ""), "closing")


def test_running_tasks_do_not_delay_the_end(serve):
    """With tasks that run, and one that can't be interrupted, the server ends within some seconds."""
    server = serve("-c", STUCK)
    asked_at = time.monotonic()

    code, _ = server.end(signal.SIGTERM)

    assert (code, time.monotonic() - asked_at < 10) == (0, True)


def test_the_demo_can_be_stopped_in_the_midst(serve, scratch, until):
    """The demo's tasks are canceled at the end, and leave no temporary files."""
    server = serve("wsgi.py", "--port", "0", "--demo")
    until(lambda: list(scratch.iterdir()), "the demo's first temporary folder")

    code, _ = server.end(signal.SIGTERM)

    assert (code, list(scratch.iterdir())) == (0, [])


def test_a_second_signal_ends_it_at_once(serve):
    """Who presses Ctrl-C again doesn't wait for anything."""
    code, _ = serve("-c", ENDLESS_STOP).end(signal.SIGINT, signal.SIGINT)

    assert code == -signal.SIGINT
