"""The ids of new tasks."""

from __future__ import annotations

import itertools
import secrets

_BITS = 40
_MASK = (1 << _BITS) - 1
_STEP = 0xB97F4A7C15  # odd, so that multiples of it modulo 2**40 repeat only after 2**40 ids

#: So many are made at a time, by arithmetic with one long number that has a lane of six bytes for each of them: a lane
#: has room for the sum of two ids, and the first of its bytes is zero when the sum has been cut to an id's bits.
_BATCH = 64
_LANES = sum(1 << 48 * lane for lane in range(_BATCH))
_MASKS = _MASK * _LANES
_STEPS = sum((lane * _STEP & _MASK) << 48 * lane for lane in range(_BATCH))


class NewIds:
    """Ten hexadecimal digits for each task, none of them twice. From any thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(secrets.randbits(_BITS), _BATCH)
        self._made: list[str] = []

    def take(self) -> str:
        """The next one."""
        made = self._made
        while True:
            try:
                return made.pop()
            except IndexError:
                ids = (next(self._numbers) * _STEP & _MASK) * _LANES + _STEPS & _MASKS
                made.extend(ids.to_bytes(6 * _BATCH, "big").hex(" ", 6)[2:].split(" 00"))
