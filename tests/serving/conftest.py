"""Server processes that a test may start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.serving.faulty import FaultyServer
from tests.serving.servers import Server
from tests.serving.visitors import Good

#: The good client hears of a change every 50 ms; more than this means that somebody held the others up.
LONGEST_GAP_S = 1.5


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Start servers; what still runs of them at the end is killed."""
    started: list[Server] = []

    def begin(*arguments: str, **options: Any) -> Server:
        started.append(Server(list(arguments), **options))
        return started[-1]

    yield begin
    for server in started:
        server.kill()
        server.process.communicate()


@pytest.fixture(scope="module", params=["gunicorn", "werkzeug"])
def server(request: pytest.FixtureRequest) -> Iterator[FaultyServer]:
    """Run a server of each kind for all tests of a file: what one of them does wrong must not disturb the next."""
    running = FaultyServer(request.param)
    yield running
    running.kill()
    running.process.communicate()


@pytest.fixture
def undisturbed(server: FaultyServer, until: Callable[..., Any]) -> Callable[..., AbstractContextManager[Good]]:
    """Watch what happens in a `with` block: the good client hears on, and afterwards all is as it was before."""

    @contextmanager
    def watch(longest_gap_s: float = LONGEST_GAP_S) -> Iterator[Good]:
        good = Good(server.port)
        try:
            until(lambda: len(good.gaps_s) > 3, "the good client's first messages")
            until(lambda: server.stats()["sockets"] == 1, "the good client to be the only one", every_s=0.02)
            before = server.stats()
            yield good
            until(
                lambda: _is_as_before(server, before),
                f"the server to be as before: {before}, {server.stats()}",
                every_s=0.02,
            )
            heard = len(good.gaps_s)
            until(lambda: good.ended or len(good.gaps_s) > heard + 3, "the good client to hear more")
            assert good.ended is None
            assert max(good.gaps_s[1:]) < longest_gap_s
        finally:
            good.close()

    return watch


def _is_as_before(server: FaultyServer, before: dict[str, int]) -> bool:
    now = server.stats()
    assert now["pid"] == before["pid"]
    return all(now[what] <= before[what] for what in ("sockets", "descriptors", "threads"))
