"""Server processes that a test may start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.serving.servers import Server


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
