"""How many websockets the server's threads can hold: each open one takes a thread for as long as it is open."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any

_LEAST_LEFT = 2


class Seats:
    """The websockets of a process, all its panels together. Any thread may call it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the one below
        self._taken = 0

    def take(self, most: int | None) -> bool:
        """Take a seat if fewer than `most` are taken, None for no limit; whether there was one."""
        with self._lock:
            if most is not None and self._taken >= most:
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """Give back a seat that was taken."""
        with self._lock:
            self._taken -= 1


#: Those of this process.
SEATS = Seats()


def most_sockets(threads: int | None) -> int | None:
    """How many of a server's threads may sit in websockets: three quarters, at least two left for everything else.

    None where the number of threads is unknown or has no end.
    """
    return None if threads is None else max(0, threads - max(_LEAST_LEFT, threads // 4))


def server_threads(environ: Mapping[str, Any]) -> int | None:
    """How many threads the server of the current request has; None if that can't be known or they have no end."""
    if "gunicorn.socket" not in environ:
        return None
    # gunicorn tells no application how many threads it has, but its worker is further up on this very stack.
    frame = sys._getframe()  # noqa: SLF001  # where Python has stacks at all, it has this
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "handle_request":
            threads = getattr(getattr(frame.f_locals.get("self"), "cfg", None), "threads", None)
            return threads if type(threads) is int else None
    return None
