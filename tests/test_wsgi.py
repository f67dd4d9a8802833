"""`python wsgi.py` and `wsgi:app`: what starts, what is refused, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard import stopping
from tests.serving.servers import PATIENCE_S, ROOT, SHUT_DOWN, STOPPING, WITHOUT_GUNICORN, Server

pytestmark = pytest.mark.guarantee("P4")

STUCK = "import time, wsgi; wsgi.serve('127.0.0.1', 0, lambda: wsgi.taskman.add('stuck', lambda: time.sleep(90)))"
FAILING = "import wsgi; wsgi.serve('127.0.0.1', 0, lambda: wsgi.taskman.add('failing', lambda: 1 / 0))"
IDLE = "import wsgi; wsgi.serve('127.0.0.1', 0)"
RUNNING = """
import os, wsgi
def begin():
    for _ in range(20):
        wsgi.taskman.add(str(os.getpid()), lambda task: task.sleep(90))
wsgi.serve('127.0.0.1', 0, begin)
"""
UNHEARD = """
import signal, threading, wsgi
def work(task):
    task.sleep(1)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    task.sleep(90)
wsgi.serve('127.0.0.1', 0, lambda: wsgi.taskman.add('signals', work))
"""
ENDLESS_STOP = """
import threading, wsgi
wsgi.taskman.shutdown = lambda *_, **__: threading.Event().wait(90)
wsgi.serve('127.0.0.1', 0)
"""


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
        server.kill()
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

    failed = r"\d\d:\d\d:\d\d task [0-9a-f]{10} \(failing\) ended with ZeroDivisionError: division by zero\n"
    assert re.fullmatch(failed + STOPPING + SHUT_DOWN, errors)


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

SERVERS = pytest.mark.parametrize("server_is", ["", WITHOUT_GUNICORN], ids=["gunicorn", "werkzeug"])


@SERVERS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True], ids=["one", "terminal"])
def test_a_signal_ends_it_well(serve, server_is, number, group):
    """SIGTERM and Ctrl-C end the server with exit code 0, and the log says that the engine was shut down."""
    code, errors = serve("-c", server_is + IDLE).end(number, group=group)

    assert code == 0
    assert re.fullmatch(STOPPING + SHUT_DOWN, errors)


def test_a_signal_that_does_not_wake_the_main_thread_ends_it_all_the_same(serve):
    """As one that comes in the instant before that thread falls asleep: here another thread is sent it."""
    process = serve("-c", WITHOUT_GUNICORN + UNHEARD).process
    _, errors = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, bool(re.fullmatch(STOPPING + SHUT_DOWN, errors))) == (0, True)


@SERVERS
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_fifty_pages_and_running_tasks_do_not_delay_the_end(serve, server_is, number):
    """With fifty open websockets, each is told of the end; tasks are canceled and the engine is shut down in order."""
    server = serve("-c", server_is + RUNNING)
    with ExitStack() as stack:
        messages = [stack.enter_context(server.page()).messages() for _ in range(50)]
        first = {next(each) for each in messages}
        asked_at = time.monotonic()

        code, errors = server.end(number)
        took_s = time.monotonic() - asked_at

        assert (code, first, {list(each)[-1] for each in messages}) == (0, {"snapshot"}, {"closing"})
    assert re.fullmatch(STOPPING + SHUT_DOWN, errors)
    assert took_s < 2 + stopping.GRACE_S


@SERVERS
def test_half_a_request_does_not_hold_the_end(serve, server_is):
    """A client that has sent half of its headers, and one that has sent nothing, are not waited for."""
    server = serve("-c", server_is + RUNNING)
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    with ExitStack() as stack:
        half, silent = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(2)]
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half")
        assert server.health()["status"] == "ok"
        asked_at = time.monotonic()

        code, errors = server.end(signal.SIGTERM)

        assert (code, bool(re.fullmatch(STOPPING + SHUT_DOWN, errors))) == (0, True)
        assert time.monotonic() - asked_at < 2 + stopping.GRACE_S


@SERVERS
def test_a_task_that_cannot_be_stopped_does_not_hold_the_end(serve, server_is):
    """With a task in a call that can't be interrupted the server ends within some seconds."""
    server = serve("-c", server_is + STUCK)
    asked_at = time.monotonic()

    code, _ = server.end(signal.SIGTERM)

    assert (code, time.monotonic() - asked_at < 10) == (0, True)


def test_the_demo_can_be_stopped_in_the_midst(serve, scratch, until):
    """The demo's tasks are canceled at the end, and leave no temporary files."""
    server = serve("wsgi.py", "--port", "0", "--demo")
    until(lambda: list(scratch.iterdir()), "the demo's first temporary folder")

    code, _ = server.end(signal.SIGTERM)

    # What is left is the server's own, such as the file by which gunicorn knows that its worker lives.
    assert (code, [path for path in scratch.iterdir() if path.is_dir()]) == (0, [])


@SERVERS
@pytest.mark.parametrize("group", [False, True], ids=["one", "terminal"])
def test_a_second_signal_ends_it_at_once(serve, server_is, group):
    """Who presses Ctrl-C again doesn't wait for anything, and no process is left."""
    server = serve("-c", server_is + ENDLESS_STOP)

    code, _ = server.end(signal.SIGINT, signal.SIGINT, group=group)

    assert code == -signal.SIGINT
    with pytest.raises(OSError, match="refused"):
        server.page()


def test_a_server_whose_master_is_killed_ends_its_tasks(serve, until):
    """kill -9 leaves no worker behind that nobody knows of."""
    server = serve("-c", RUNNING)
    server.process.kill()

    def is_gone() -> bool:
        try:
            server.page().__exit__()
        except OSError:
            return True
        return False

    assert until(is_gone, "the worker to end", patience_s=PATIENCE_S)


def test_a_worker_that_dies_comes_back_as_another_engine(serve, until):
    """After kill -9 of the process that runs the tasks, pages meet a new boot id."""
    server = serve("-c", RUNNING)
    before = json.loads(server.get("api/tasks"))
    os.kill(int(before["tasks"][0]["name"]), signal.SIGKILL)

    def another() -> dict[str, object] | None:
        try:
            health = server.health()
        except OSError:
            return None
        return health if health["boot_id"] != before["boot_id"] else None

    assert until(another, "the next worker", patience_s=PATIENCE_S)["status"] == "ok"
