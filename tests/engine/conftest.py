"""What the engine's tests share: managers that are always shut down, gates, bounded waits, scripts."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from engine import TaskControl, TaskHandle
from tests.engine.databases import DATABASES
from tests.engine.scripts import run_to_end, start

PATIENCE_S = 30.0


class Gate:
    """A task function that says when it started and returns (or raises) only once it is opened.

    It waits in a lock, as a blocking call does: a cancelled one stays there until the gate opens.
    """

    def __init__(self, outcome: object = None) -> None:
        self.outcome = outcome
        self.calls = 0
        self.handle: TaskHandle | None = None
        self._started = threading.Event()
        self._opened = threading.Event()

    def __call__(self, handle: TaskHandle) -> object:
        self.calls += 1
        self.handle = handle
        self._started.set()
        if not self._opened.wait(PATIENCE_S * 4):  # as long as a test may take
            raise TimeoutError("nobody opened the gate")
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def open(self) -> None:
        self._opened.set()

    def wait_until_started(self) -> None:
        assert self._started.wait(PATIENCE_S), f"the task did not start within {PATIENCE_S} s"


@pytest.fixture
def managers() -> Iterator[Callable[..., TaskControl]]:
    """Make managers; whatever still runs in them at the end of the test is cancelled."""
    made: list[TaskControl] = []

    def make(**options: Any) -> TaskControl:
        made.append(TaskControl(**options))
        return made[-1]

    yield make
    for manager in made:
        ended = manager.shutdown(cancel_futures=True, timeout=PATIENCE_S)
        assert ended, f"a manager did not end within {PATIENCE_S} s of being shut down"


@pytest.fixture
def taskman(managers: Callable[..., TaskControl]) -> TaskControl:
    return managers()


@pytest.fixture
def gates(managers: Callable[..., TaskControl]) -> Iterator[Callable[..., Gate]]:
    """Make gates; all of them are opened before the managers are shut down."""
    made: list[Gate] = []

    def make(outcome: object = None) -> Gate:
        made.append(Gate(outcome))
        return made[-1]

    yield make
    for gate in made:
        gate.open()


@pytest.fixture
def gate(gates: Callable[..., Gate]) -> Gate:
    return gates()


@pytest.fixture
def ended(taskman: TaskControl, until: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Wait until a task has ended and return its record."""

    def wait_for_end(task_id: str, manager: TaskControl = taskman) -> dict[str, Any]:
        def final() -> list[dict[str, Any]]:
            return [record for record in manager.get_task(task_id) if record["status"] in (0, 1, 4)]

        return until(final, f"the end of task {task_id}")[0]

    return wait_for_end


def running(taskman: TaskControl, step: Callable[[TaskHandle], object]) -> tuple[str, list[BaseException]]:
    """Start a task that takes the same step for ever; its id, and the list of what will have stopped it."""
    stopped_by: list[BaseException] = []
    started = threading.Event()

    def work(handle: TaskHandle) -> None:
        started.set()
        try:
            while True:
                step(handle)
        except BaseException as error:
            stopped_by.append(error)
            raise

    task_id = taskman.add(name="for ever", function=work, get_result=True)
    assert started.wait(PATIENCE_S), "the task did not start"
    return task_id, stopped_by


@pytest.fixture
def cooperative(taskman: TaskControl) -> tuple[str, list[BaseException]]:
    """A running task that looks every moment whether it should stop; and the list of what stopped it."""
    return running(taskman, lambda handle: handle.sleep(0.01))


@pytest.fixture
def busy_loop(taskman: TaskControl) -> tuple[str, list[BaseException]]:
    """A running task that only computes; and the list of what stopped it."""
    return running(taskman, lambda handle: None)


@pytest.fixture
def done(taskman: TaskControl, ended: Callable[..., Any]) -> Callable[[], str]:
    """Make a task that has completed."""

    def make() -> str:
        task_id = taskman.add(name="done", function=lambda f: None)
        ended(task_id)
        return task_id

    return make


@pytest.fixture
def one_of_each(taskman: TaskControl, gates: Callable[..., Gate], ended: Callable[..., Any]) -> list[str]:
    """One task in each of the five states; their ids indexed by status code."""
    gate, cancelled_gate = gates(), gates()
    running = taskman.add(name="running", function=gate)
    gate.wait_until_started()
    suspended = taskman.add(name="suspended", function=lambda f: None, depend_on=running)
    completed = taskman.add(name="completed", function=lambda f: None)
    failing = gates(outcome=ValueError("no"))
    failing.open()
    failed = taskman.add(name="failed", function=failing)
    canceled = taskman.add(name="canceled", function=cancelled_gate, depend_on=running)
    taskman.cancel(canceled)
    ended(completed)
    ended(failed)
    return [completed, failed, suspended, running, canceled]


@pytest.fixture
def ago(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], AbstractContextManager[None]]:
    """Turn the clock back by so many seconds while a with block lasts, so that what is added there is old."""
    present = time.time

    @contextmanager
    def turned_back(seconds: float) -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: present() - seconds)
            yield

    return turned_back


@pytest.fixture
def start_script(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a script as a user would; whatever becomes of it, it is not left behind."""
    started: list[subprocess.Popen[str]] = []

    def begin(source: str) -> subprocess.Popen[str]:
        started.append(start(source, tmp_path))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., list[str]]:
    """Run a script to its end in an empty folder and return the lines that it printed."""
    return partial(run_to_end, folder=tmp_path)


@pytest.fixture(params=DATABASES.values(), ids=DATABASES.keys())
def db(request: pytest.FixtureRequest) -> Iterator[TinyDB]:
    """An empty database: TinyDB's own, and ours."""
    with request.param() as database:
        yield database


@pytest.fixture
def filled(db: TinyDB) -> TinyDB:
    """A database of three documents: a and b share a color, c has none."""
    db.insert_multiple(
        [{"id": "a", "size": 1, "color": "red"}, {"id": "b", "size": 2, "color": "red"}, {"id": "c", "size": 3}]
    )
    return db
