"""What the panel's tests share: tasks in a known state, an app, a real server, websocket clients."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import dashboard
from engine import TaskControl
from tests.dashboard.clients import Listener, Server
from tests.dashboard.raw_client import PATIENCE_S, RawClient


class Tasks:
    """Adds tasks and waits until they are in the state that a test needs."""

    def __init__(self, taskman: TaskControl, until: Callable[..., Any]) -> None:
        self._taskman = taskman
        self._until = until

    def completed(self, name: str = "completed", **options: Any) -> str:
        return self._ended(self._taskman.add(name, lambda: "the result", **options))

    def failed(self, name: str = "failed", error: Exception | None = None) -> str:
        def fail() -> None:
            raise error or ValueError("went wrong")

        return self._ended(self._taskman.add(name, fail))

    def running(self, name: str = "running") -> str:
        task_id = self._taskman.add(name, lambda task: task.sleep(60))
        self._until(lambda: self._taskman.get_status(task_id) == 3, f"task {name} to run")
        return task_id

    def suspended(self, name: str = "suspended") -> str:
        return self._taskman.add(name, lambda: None, depend_on=self.running("what it waits for"))

    def canceled(self, name: str = "canceled") -> str:
        task_id = self.suspended(name)
        self._taskman.cancel(task_id)
        return task_id

    def fill(self, rows: int = 600) -> None:
        """Make a snapshot larger than what the system buffers for one client."""
        ids = [self._taskman.add("x" * 300, lambda: None) for _ in range(rows)]
        assert self._taskman.wait(ids, timeout=PATIENCE_S * 2), "the tasks did not end"

    def _ended(self, task_id: str) -> str:
        assert self._taskman.wait([task_id], timeout=PATIENCE_S), f"task {task_id} did not end"
        return task_id


@pytest.fixture
def tasks(taskman: TaskControl, until: Callable[..., Any]) -> Tasks:
    """Lend a maker of tasks in a known state."""
    return Tasks(taskman, until)


@pytest.fixture
def app(taskman: TaskControl) -> Flask:
    """Lend an app that is the panel and nothing else."""
    return dashboard.create_app(taskman)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Lend a client of that app: a script on this machine that says what it does."""
    client = app.test_client()
    client.environ_base["HTTP_X_TASK_CONTROL"] = "1"
    return client


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], Server]]:
    """Serve apps on real ports until the test ends."""
    servers: list[Server] = []

    def start(app: Flask) -> Server:
        servers.append(Server(app))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Connect websocket clients that are closed when the test ends."""
    listeners: list[Listener] = []

    def connect(port: int, path: str = "/live", origin: str = "http://127.0.0.1") -> Listener:
        listeners.append(Listener(port, path, origin))
        return listeners[-1]

    yield connect
    for listener in listeners:
        listener.close()


@pytest.fixture
def paced_app(taskman: TaskControl) -> Callable[..., Flask]:
    """Make apps whose live channel keeps another pace, and with other options."""

    def make(pace: dashboard.Pace, **options: Any) -> Flask:
        app = Flask("host")
        board = dashboard.Dashboard(taskman, url_prefix="", **options)
        board.pace = pace
        board.init_app(app)
        return app

    return make


@pytest.fixture
def raw() -> Iterator[Callable[..., RawClient]]:
    """Connect bare clients that are closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(contextlib.closing(RawClient(*arguments, **options)))
