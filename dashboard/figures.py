"""Numbers of records, whatever users have put there, as JSON can carry them."""

from __future__ import annotations

from operator import index
from typing import SupportsFloat, SupportsIndex, cast

_BIGGEST_INT = 2**53  # beyond it a browser's numbers aren't exact


def number_of(value: object) -> int | float | None:
    """A finite number that JSON can carry, or None for anything else, infinity included."""
    if type(value) is float:
        return value if value - value == 0.0 else None
    if type(value) is int:
        return value if -_BIGGEST_INT <= value <= _BIGGEST_INT else None
    if value is None or isinstance(value, bool | str | bytes):
        return None
    try:
        # numpy's numbers, Decimal, Fraction: tried, as they can't all be known here
        return number_of(index(value) if isinstance(value, SupportsIndex) else float(cast(SupportsFloat, value)))
    except Exception:  # a foreign object's own code
        return None
