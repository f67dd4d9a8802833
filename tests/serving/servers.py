"""Server processes, and what an open page does: for tests of how servers start, serve and end."""

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
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0

STOPPING = r"\d\d:\d\d:\d\d Stopping: open pages are told, tasks are canceled\.\n"
SHUT_DOWN = r"\d\d:\d\d:\d\d The engine is shut down: all tasks have ended\.\n"

#: Goes before a program that imports wsgi: as where gunicorn can't run.
WITHOUT_GUNICORN = "import dashboard.gthread; dashboard.gthread.is_possible = lambda: False\n"


class Page:
    """What an open page does: it holds a websocket and reads the messages. Closes with the `with` block."""

    def __init__(self, host: str, path: str = "/live") -> None:
        name, port = host.split(":")
        self._socket = socket.create_connection((name, int(port)), timeout=PATIENCE_S)
        self._bytes = self._socket.makefile("rb")
        try:
            self.status = self._shake_hands(host, path)
        except OSError:
            self.__exit__()
            raise

    def _shake_hands(self, host: str, path: str) -> int:
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        answer = list(iter(self._bytes.readline, b"\r\n"))
        return int(answer[0].split()[1]) if answer and answer[0] else 0

    def messages(self) -> Iterator[str]:
        """The types of the messages as they come, until the server closes the websocket."""
        assert self.status == 101, self.status
        while (head := self._bytes.read(2)) and head[0] == 0x81:
            extended = {126: 2, 127: 8}.get(head[1])
            length = int.from_bytes(self._bytes.read(extended), "big") if extended else head[1]
            yield json.loads(self._bytes.read(length))["type"]

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self._bytes.close()
        self._socket.close()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Server:
    """One server process; its address is known once it has printed it, or it is told, and then waited for."""

    def __init__(
        self,
        arguments: list[str],
        port: int | None = None,
        folder: Path = ROOT,
        speaks_on: str = "stdout",
        environment: dict[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        if port is not None:
            self.url = f"http://127.0.0.1:{port}/"
            self._wait_until_it_listens(port)
            return
        self.first_line = self._read_line(getattr(self.process, speaks_on))
        found = re.search(r"http://\S+/", self.first_line)
        assert found, f"{self.first_line!r} names no address; errors: {self.process.stderr.read()}"
        self.url = found[0]

    def _wait_until_it_listens(self, port: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise AssertionError(f"nobody listens: {self.process.communicate()[1]}") from None
                time.sleep(0.01)

    def next_line(self) -> str:
        """The next line of output, within bounds: a process that prints nothing is killed, which ends the wait."""
        return self._read_line(self.process.stdout)

    def next_error(self) -> str:
        """The next line of standard error, within the same bounds."""
        return self._read_line(self.process.stderr)

    def _read_line(self, stream: Any) -> str:
        overdue = threading.Timer(PATIENCE_S, self.kill)
        overdue.start()
        try:
            return stream.readline()
        finally:
            overdue.cancel()
            overdue.join()

    def get(self, path: str) -> str:
        return self.ask(path)[1]

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and text of the answer, whatever the status; a body is posted."""
        request = urllib.request.Request(self.url + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def health(self) -> dict[str, Any]:
        return json.loads(self.get("healthz"))

    def page(self, path: str = "/live") -> Page:
        return Page(self.url.removeprefix("http://").rstrip("/"), path)

    def end(self, *signals: int, group: bool = False) -> tuple[int, str]:
        """Send the signals, one after each line of standard error, and return the exit code and the rest of it.

        With `group` as a terminal does, to every process of the server.
        """
        for number in signals[:-1]:
            self._send(number, group)
            self.next_error()
        self._send(signals[-1], group)
        try:
            _, errors = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the server still runs {PATIENCE_S:g} s after {signals}")
        return self.process.returncode, errors

    def _send(self, number: int, group: bool) -> None:
        if group:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End whatever is left of it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing is
