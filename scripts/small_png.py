"""Makes a screenshot's PNG small: 256 of its colours, one byte a pixel. The standard library is enough."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256
ALIKE = 8  # colours this near to each other, in steps from 0 to 255, pass for one
_BYTES = 3  # of a pixel in the pictures that browsers make: red, green, blue


def smaller(png: bytes) -> bytes:
    """The same picture with a palette; colours beyond the palette become the nearest in it.

    Takes what Chromium's screenshots are, RGB of 8 bits without interlacing; raises ValueError for another PNG.
    """
    width, height, rows = _rows(png)
    counted = Counter(row[at : at + _BYTES] for row in rows for at in range(0, len(row), _BYTES))
    palette = _palette([colour for colour, _ in counted.most_common()])
    index = {colour: _nearest(colour, palette)[1] for colour in counted}
    lines = (bytes([0, *(index[row[at : at + _BYTES]] for at in range(0, len(row), _BYTES))]) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [
        (b"IHDR", header),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(b"".join(lines), 9)),
        (b"IEND", b""),
    ]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _palette(colours: list[bytes]) -> list[bytes]:
    """The most frequent first; what is much like one of them is passed over, so that rare hues have their place."""
    chosen = colours[:1]
    for colour in colours:
        if len(chosen) < MOST_COLOURS and _nearest(colour, chosen)[0] > ALIKE**2:
            chosen.append(colour)
    return chosen


def _nearest(colour: bytes, palette: list[bytes]) -> tuple[int, int]:
    """How far the nearest colour is, squared, and its place in the palette."""
    red, green, blue = colour
    return min(((r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2, at) for at, (r, g, b) in enumerate(palette))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12


def _rows(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the pixels row by row, the filters of the format undone."""
    chunks = list(_chunks(png))
    width, height, *form = struct.unpack(">IIBBBBB", chunks[0][1])
    if form != [8, 2, 0, 0, 0]:
        raise ValueError(f"this PNG is not RGB of 8 bits without interlacing: its header says {form}")
    data = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    size = width * _BYTES
    rows = [bytes(size)]
    for start in range(0, height * (size + 1), size + 1):
        rows.append(_unfiltered(data[start], bytearray(data[start + 1 : start + 1 + size]), rows[-1]))
    return width, height, rows[1:]


def _unfiltered(kind: int, row: bytearray, above: bytes) -> bytes:
    """https://www.w3.org/TR/png-3/#9Filters: each byte was stored as its difference from a guess."""
    for at in range(len(row)):
        left, upper = row[at - _BYTES] if at >= _BYTES else 0, above[at]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = upper
        elif kind == 3:
            guess = (left + upper) // 2
        elif kind == 4:
            guess = _paeth(left, upper, above[at - _BYTES] if at >= _BYTES else 0)
        else:
            guess = 0
        row[at] = (row[at] + guess) & 0xFF
    return bytes(row)


def _paeth(left: int, upper: int, corner: int) -> int:
    estimate = left + upper - corner
    return min((left, upper, corner), key=lambda value: abs(estimate - value))
