"""The ids of new tasks."""

from __future__ import annotations

import itertools
import secrets

_BITS = 40
_MASK = (1 << _BITS) - 1
_STEP = 0xB97F4A7C15  # odd, so that multiples of it modulo 2**40 repeat only after 2**40 ids

#: So many are made at a time: the first task after a pause has less to do then.
_BATCH = 64


class NewIds:
    """Ten hexadecimal digits for each task, none of them twice. From any thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(secrets.randbits(_BITS))
        self._made: list[str] = []

    def take(self) -> str:
        """The next one."""
        made = self._made
        while True:
            try:
                return made.pop()
            except IndexError:
                numbers = itertools.islice(self._numbers, _BATCH)
                made.extend(
                    [(number * _STEP & _MASK).to_bytes(5, "big").hex() for number in numbers]
                )  # the quickest way
