"""The colour that the host gives the panel; scripts set it as a property, so nothing but a colour may pass here."""

from __future__ import annotations

import re

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE | re.ASCII)


def read_colour(value: object) -> str | None:
    """The colour as `#rrggbb` in lower case, or None for none. Raises TypeError or ValueError, which say more."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"color must be a string such as '#7c3aed', not {type(value).__name__}")
    if not _HEX.fullmatch(value):
        raise ValueError(f"color must be '#' and three or six hexadecimal digits, such as '#7c3aed': it is {value!r}")
    digits = value[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))
