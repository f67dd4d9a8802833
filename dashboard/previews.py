"""What an action would touch, remembered under a token until it is asked for."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Generic, TypeVar

KEPT_S = 600.0
MOST_PREVIEWS = 64
MOST_IDS = 1_000_000


Planned = TypeVar("Planned")


class Previews(Generic[Planned]):
    """What is planned for each of some tasks, by token; the oldest go when it is too much. Any thread may call it."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._lock = threading.Lock()  # guards the table below
        self._by_token: dict[str, tuple[float, list[Planned]]] = {}

    def keep(self, planned: list[Planned]) -> str:
        """Remember these and return the token for them."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._forget_old()
            self._by_token[token] = (time.monotonic(), planned)
            while len(self._by_token) > 1 and self._too_many():
                del self._by_token[next(iter(self._by_token))]
        return token

    def take(self, token: str) -> list[Planned] | None:
        """Return them once; None if the token is unknown, used or too old."""
        with self._lock:
            self._forget_old()
            found = self._by_token.pop(token, None)
        return None if found is None else found[1]

    def _too_many(self) -> bool:
        return (
            len(self._by_token) > MOST_PREVIEWS
            or sum(len(planned) for _, planned in self._by_token.values()) > MOST_IDS
        )

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._kept_s
        for token in [token for token, (kept_at, _) in self._by_token.items() if kept_at < oldest]:
            del self._by_token[token]
