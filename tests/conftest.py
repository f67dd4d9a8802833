"""What every test stands on: no thread left behind, managers shut down, waits that say for what."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from scripts import chromium

if TYPE_CHECKING:
    from engine import TaskControl

PATIENCE_S = 30.0

Answer = TypeVar("Answer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip browser tests where there is no Chromium; where CI is set, fail them."""
    if item.get_closest_marker("browser") and chromium.find() is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"no Chromium: install it (make browser), or set {chromium.VARIABLE} to its path")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what tests have logged travel from their process, though some log what UTF-8 doesn't know."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode("utf-8")) for title, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Let pytest-playwright start the system's Chromium instead of a downloaded one."""
    return {**browser_type_launch_args, **chromium.launch_options()}


@contextmanager
def _no_thread_left(owner: str) -> Iterator[None]:
    """Fail if threads that started meanwhile still run some seconds after the end."""
    before = set(threading.enumerate())
    yield

    def left() -> list[threading.Thread]:
        started = [thread for thread in threading.enumerate() if thread not in before]
        # With such a thread asyncio watches a child process: Playwright's driver, which ends with the session.
        return [thread for thread in started if not thread.name.startswith("waitpid-")]

    deadline = time.monotonic() + PATIENCE_S / 2
    while left() and time.monotonic() < deadline:
        time.sleep(0.005)
    if names := sorted(thread.name for thread in left()):
        pytest.fail(
            f"{len(names)} thread(s) that {owner} started still run {PATIENCE_S / 2:g} s after its end: "
            f"{', '.join(names[:20])}. Whoever starts a thread ends it.",
            pytrace=False,
        )


@pytest.fixture(scope="session", autouse=True)
def _no_interrupt_hits_a_lock_of_the_tracer() -> None:
    """Take its lock from coverage: a task that is interrupted while it has that would hold it for good.

    It guards the end of the measurement, when no thread runs any more.
    """
    measuring = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if measuring is not None:
        measuring._collector.data_lock = None


@pytest.fixture(scope="session", autouse=True)
def _no_interrupt_hits_a_look_at_the_collector() -> None:
    """Take Hypothesis's callback from the garbage collector: it would be called in tasks as well.

    An exception that strikes there can't be raised, which is a failure here. Hypothesis has it to leave the collector's
    time out of its deadlines, which no test has.
    """
    if "hypothesis" in sys.modules:
        from hypothesis.internal.conjecture.junkdrawer import gc_cumulative_time

        gc_cumulative_time()  # the first call adds it
        gc.callbacks[:] = [one for one in gc.callbacks if one.__module__ != gc_cumulative_time.__module__]


@pytest.fixture(scope="session", autouse=True)
def _no_thread_outlives_the_session() -> Iterator[None]:
    with _no_thread_left("the session"):
        yield


@pytest.fixture(autouse=True)
def _no_thread_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves threads behind, unless its marker says that they are a wider fixture's."""
    if request.node.get_closest_marker("leaves_threads"):
        yield
        return
    with _no_thread_left(request.node.name):
        yield


@pytest.fixture
def taskman() -> Iterator[TaskControl]:
    """Lend a manager; whatever still runs at the end of the test is cancelled."""
    # Imported here, so that tests of other things run while the engine can't be imported.
    from engine import TaskControl

    manager = TaskControl()
    yield manager
    ended = manager.shutdown(cancel_futures=True, timeout=PATIENCE_S)
    assert ended, f"the manager did not end within {PATIENCE_S:g} s of being shut down"


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    """Have Python change threads every 10 us, where races show that the usual 5 ms hide."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def until() -> Callable[..., Answer]:
    """Lend a bounded wait: `until(claim, "what is waited for")` answers the claim's first true value."""

    def wait_until(
        claim: Callable[[], Answer], what: str, patience_s: float = PATIENCE_S, every_s: float = 0.002
    ) -> Answer:
        deadline = time.monotonic() + patience_s
        while not (answer := claim()):
            if time.monotonic() > deadline:
                pytest.fail(f"waited {patience_s:g} s in vain for {what}")
            time.sleep(every_s)
        return answer

    return wait_until
