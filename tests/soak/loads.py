"""What the soak does to the server: visitors who behave, visitors who don't, and work."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time
from collections.abc import Callable
from typing import Any

from tests.dashboard.raw_client import RawClient
from tests.serving.faulty import FaultyServer
from tests.serving.visitors import GARBAGE, vanish

AS_SCRIPT = {"X-Task-Control": "1", "Content-Type": "application/json"}
READ = ["", "failures", "activity", "api/tasks?limit=500", "api/failures", "api/changes", "api/export.csv", "healthz"]
READ += ["api/tasks?q=status:error&sort=name", "?q=name:first*&sort=run", "api/export.json", "nowhere"]


def reads(server: FaultyServer, chance: random.Random) -> None:
    """Somebody looks at pages, lists and files."""
    for path in chance.sample(READ, 3):
        status, _ = server.ask(path)
        expect(status in (200, 404), f"{path} was answered with {status}")


def works(server: FaultyServer, chance: random.Random) -> None:
    """Tasks are added; one is looked at and canceled."""
    task_id = server.get("work")
    for path in (f"tasks/{task_id}", f"api/tasks/{task_id}", f"api/tasks/{task_id}/neighbourhood"):
        expect(server.ask(path)[0] in (200, 404), f"{path} can't be had")
    status, _ = server.ask(f"api/tasks/{task_id}/cancellation", b"{}", **AS_SCRIPT)
    expect(status in (202, 404, 409), f"a cancellation was answered with {status}")


def purges(server: FaultyServer, chance: random.Random) -> None:
    """Some of the old records are cleared away, now and then all."""
    if chance.random() < 0.3:
        status, text = server.ask(
            "api/plans", json.dumps({"action": "purge", "q": "first", "status": ""}).encode(), **AS_SCRIPT
        )
        wish: dict[str, Any] = {"preview": json.loads(text)["preview"]} if status == 200 else {}
    else:
        wish = {"statuses": [0, 1, 4], "older_than_s": 0}
    status, _ = server.ask("api/purges", json.dumps(wish).encode(), **AS_SCRIPT)
    expect(status in (200, 409), f"a purge was answered with {status}")


def listens(server: FaultyServer, chance: random.Random) -> None:
    """A page follows for a while, and leaves in order or without a word."""
    with _client(server) as client:
        expect(client.answer()[0] == 101, "no websocket was to be had")
        for _ in range(chance.randrange(1, 20)):
            client.frame()
        if chance.random() < 0.5:
            client.socket.sendall(b"\x88\x80\0\0\0\0")


def never_reads(server: FaultyServer, chance: random.Random) -> None:
    """A client that takes nothing is there for a while."""
    with _client(server, receive_buffer=4096) as client:
        client.answer()
        time.sleep(chance.uniform(0.1, 1.5))


def vanishes(server: FaultyServer, chance: random.Random) -> None:
    """A peer is gone without a word, and the server has to find out."""
    with _client(server) as client:
        client.answer()
        filters = vanish(client.socket)
        time.sleep(chance.uniform(0.5, 2.5))
        del filters


def talks_garbage(server: FaultyServer, chance: random.Random) -> None:
    """What is sent is no websocket's frame."""
    with _client(server) as client:
        client.answer()
        client.socket.sendall(chance.choice(list(GARBAGE.values())))
        with contextlib.suppress(EOFError):
            for _ in range(30):
                client.frame()


def sends_half(server: FaultyServer, chance: random.Random) -> None:
    """A request stops in its midst."""
    request = b"POST /api/purges HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n{}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as half:
        half.sendall(request[: chance.randrange(1, len(request))])
        time.sleep(chance.uniform(0, 0.3))


def is_refused(server: FaultyServer, chance: random.Random) -> None:
    """The host's hook raises."""
    expect(server.ask("api/tasks", **{"X-Raise": "1"})[0] == 500, "a hook that raises was not told")


#: Each kind, and how often it comes.
LOADS: dict[Callable[[FaultyServer, random.Random], None], int] = {
    reads: 6,
    works: 6,
    listens: 6,
    purges: 2,
    never_reads: 1,
    vanishes: 1,
    talks_garbage: 2,
    sends_half: 2,
    is_refused: 1,
}


class Unexpected(AssertionError):
    """The server answered otherwise than it should."""


def expect(claim: bool, otherwise: str) -> None:
    """Raise Unexpected unless the claim holds."""
    if not claim:
        raise Unexpected(otherwise)


def _client(server: FaultyServer, **options: Any) -> contextlib.closing[RawClient]:
    return contextlib.closing(RawClient(server.port, **options))
