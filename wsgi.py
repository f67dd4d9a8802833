"""The composition root: a task manager and its panel. WSGI servers take `app`; `python wsgi.py` serves."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from dashboard import create_app
from engine import TaskControl

# No thread runs yet: the first task and the first open page start them, so a server may import this and fork.
taskman = TaskControl()
app = create_app(taskman)

STOP_WITHIN_S = 1.5


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve as the command line asks for."""
    parser = argparse.ArgumentParser(prog="python wsgi.py", description="Serves the Task Control panel.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", default=5000, type=int, help="0 for any free one (default: %(default)s)")
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="run a workload to watch: a tree report",
    )
    options = parser.parse_args(arguments)
    serve(options.host, options.port, begin=_demo if options.demo else None)


def serve(host: str, port: int, begin: Callable[[], object] | None = None) -> None:
    """Serve the panel until SIGTERM or Ctrl-C, then stop all tasks and return. A second signal kills.

    `begin` is called once the port is taken. Raises SystemExit, with a message, where that can't be.
    For the main thread only, which gets the signals.
    """
    server = _make_server(host, port)
    _log_to_terminal()
    stop = _stop_signal()
    # Requests are served beside the main thread: in it, a signal could strike in the midst of one.
    serve_forever = partial(server.serve_forever, poll_interval=0.1)
    threading.Thread(target=serve_forever, name="task-control-http", daemon=True).start()
    try:
        if begin is not None:
            begin()
        print(f"Task Control is at {_url(host, server.port)} (Ctrl-C stops it)", flush=True)
        stop.get()
        print("Task Control stops.", flush=True)
    finally:
        server.shutdown()
        for dashboard in app.extensions["task_control"].values():
            dashboard.close()
        ended = taskman.shutdown(wait=True, cancel_futures=True, timeout=STOP_WITHIN_S)
        server.server_close()
    if not ended:
        print("Some tasks sit in calls that can't be interrupted: they end with the process.", file=sys.stderr)


class _Lines(logging.Formatter):
    """One line for a task that failed: its traceback stands on the task's page. Other tracebacks are shown."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == "task_control":
            return f"{self.formatTime(record, '%H:%M:%S')} {record.getMessage()}"
        return super().format(record)


def _log_to_terminal() -> None:
    """Show how tasks fail, what the panel's users do, and what goes wrong in the panel itself."""
    terminal = logging.StreamHandler()
    terminal.setFormatter(_Lines("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("task_control")
    logger.addHandler(terminal)
    logger.setLevel(logging.INFO)


class _QuietHandler(WSGIRequestHandler):
    """Keeps the terminal for what matters: requests aren't logged; failures are, by Flask."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def _make_server(host: str, port: int) -> BaseWSGIServer:
    with _listen(host, port) as listener:
        address, bound_port = listener.getsockname()[:2]
        # One thread for each connection: an open page holds one for as long as it is open.
        return make_server(address, bound_port, app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno())


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise SystemExit(f"{port} is no port: give a number from 1 to 65535, or 0 for any free one")
    family, address = _loopback_address(host)
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        raise SystemExit(_why_not(error, host, port)) from error


def _loopback_address(host: str) -> tuple[socket.AddressFamily, str]:
    """The address behind the name. Without a login, it must be one that only this machine can reach."""
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", 0, type=socket.SOCK_STREAM)
    except OSError as error:
        raise SystemExit(
            f"The host {host!r} can't be found ({error.strerror}): give this machine's, as --host 127.0.0.1"
        ) from error
    addresses = sorted((family, str(where[0])) for family, _, _, _, where in found)
    if not all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for _, address in addresses):
        raise SystemExit(
            f"The panel is not opened to others, as on {host or 'all addresses'}: it has no login of its own,"
            " and whoever reaches it could cancel and purge.\n"
            "To see it from another machine, keep --host 127.0.0.1 and open a tunnel there:"
            " ssh -L 5000:127.0.0.1:5000 <this machine>\n"
            "To serve others, embed it in your own Flask app with authorize=...: see docs/embedding.md"
        )
    return addresses[0]


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 5000
        return (
            f"Port {port} on {host} is in use, by another program or another Task Control.\n"
            f"Choose one with --port {other}, or any free one with --port 0 (make run PORT={other})."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is kept from this account: choose one from 1024 up, as --port 5000"
    return f"Port {port} on {host} can't be served ({error.strerror}): choose others with --host and --port"


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _stop_signal() -> queue.SimpleQueue[int]:
    """A queue that gets the first SIGTERM or Ctrl-C; the next one meets the system's own reaction."""
    stop: queue.SimpleQueue[int] = queue.SimpleQueue()  # the one queue that a signal handler may put to

    def on_signal(number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        stop.put(number)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, on_signal)
    return stop


def _demo() -> list[str]:
    # Asked for only here: serving alone needs no example.
    from examples.tree_report import plan, standard_library

    return plan(taskman, standard_library())


if __name__ == "__main__":
    main()
