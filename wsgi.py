"""The composition root: a task manager and its panel. WSGI servers take `app`; `python wsgi.py` serves."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import socket
from collections.abc import Callable, Sequence

from flask import Flask

from dashboard import CannotServe, create_app, create_app_with_login, gthread, stopping
from dashboard.background import Served
from dashboard.listening import listen, url_of
from dashboard.login import Login
from engine import TaskControl

# No thread runs yet: the first task and the first open page start them, so a server may import this and fork.
taskman = TaskControl()
app = create_app(taskman)

PASSWORD_VARIABLE = "TASK_CONTROL_PASSWORD"


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
    parser.add_argument(
        "--login",
        choices=["password", "token"],
        help=f"ask for {PASSWORD_VARIABLE} (or one typed here), or for a link that is printed; needed to serve others",
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="one more name that browsers may ask for"
    )
    options = parser.parse_args(arguments)
    begin = _demo if options.demo else None
    serve(options.host, options.port, begin, _login(options.login), options.allow_host)


def _login(kind: str | None) -> Login | None:
    if kind != "password":
        return Login() if kind == "token" else None
    try:
        return Login(os.environ.get(PASSWORD_VARIABLE) or getpass.getpass("Password for the panel: "))
    except ValueError as error:
        raise SystemExit(f"This password isn't taken: {error}") from error


def serve(
    host: str,
    port: int,
    begin: Callable[[], object] | None = None,
    login: Login | None = None,
    hosts: Sequence[str] = (),
) -> None:
    """Serve the panel until SIGTERM or Ctrl-C, then stop all tasks and end. A second signal kills.

    `begin` is called once the port is taken, in the process that runs the tasks. Raises SystemExit: with a message
    where the address can't be served. For the main thread only, which gets the signals. An address that others reach
    needs a `login`; `hosts` are further names that browsers may ask for.
    """
    served = app if login is None else create_app_with_login(taskman, login, host)
    served.config["TASK_CONTROL_HOSTS"] = [*served.config.get("TASK_CONTROL_HOSTS", []), *hosts]
    try:
        listener = listen(host, port, may_be_public=login is not None)
    except CannotServe as error:
        raise SystemExit(str(error)) from error
    url = url_of(listener, host)
    link = url if login is None else login.link(url)
    _log_to_terminal()

    def announce() -> None:
        if begin is not None:
            begin()
        print(f"Task Control is at {link} (Ctrl-C stops it)", flush=True)

    if gthread.is_possible():
        gthread.run(served, listener, announce)
    else:
        _serve_with_werkzeug(served, listener, announce)


def _serve_with_werkzeug(served: Flask, listener: socket.socket, announce: Callable[[], None]) -> None:
    signal = stopping.StopSignal()
    # Requests are served beside the main thread: in it, a signal could strike in the midst of one.
    with Served(served, listener, served.extensions["task_control"][""].close):
        announce()
        signal.wait()
        stopping.stop()


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


def _demo() -> list[str]:
    # Asked for only here: serving alone needs no example.
    from examples.tree_report import plan, standard_library

    return plan(taskman, standard_library())


if __name__ == "__main__":
    main()
