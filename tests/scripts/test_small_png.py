"""Pictures become small without changing what they show."""

from __future__ import annotations

import re
import struct
import zlib

import pytest

from scripts.small_png import SIGNATURE, smaller

RED, GREEN, BLUE, NEARLY_RED = b"\xff\x00\x00", b"\x00\xff\x00", b"\x00\x00\xff", b"\xfe\x01\x00"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*rows: bytes, colour_type: int = 2) -> bytes:
    """A picture of two pixels a row; each row begins with its filter, and holds what that filter stores."""
    header = struct.pack(">IIBBBBB", 2, len(rows), 8, colour_type, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return SIGNATURE + b"".join(chunk(kind, data) for kind, data in parts)


def shown(picture: bytes) -> list[list[bytes]]:
    """The colours of a picture that has a palette and no filters, row by row."""
    palette_at, data_at, end_at = (picture.index(kind) for kind in (b"PLTE", b"IDAT", b"IEND"))
    palette = re.findall(rb"...", picture[palette_at + 4 : data_at - 8], re.DOTALL)
    data = zlib.decompress(picture[data_at + 4 : end_at - 8])
    return [[palette[index] for index in data[start + 1 : start + 3]] for start in range(0, len(data), 3)]


@pytest.mark.parametrize(
    "stored",
    [
        b"\x00" + GREEN + BLUE,
        b"\x01" + GREEN + b"\x00\x01\xff",  # differences from the pixel on the left
        b"\x02" + b"\x01\xff\x00" + b"\x00\x01\xff",  # from the one above
        b"\x03" + b"\x81\xff\x00" + b"\x00\x01\xff",  # from the mean of both
        b"\x04" + b"\x01\xff\x00" + b"\x00\x01\xff",  # from whichever of three neighbours is likeliest
    ],
    ids=["none", "left", "above", "mean", "likeliest"],
)
def test_every_way_of_storing_a_row_is_read(stored):
    """The second row is green and blue, however the browser stored it."""
    picture = png(b"\x00" + RED + GREEN, stored)

    assert shown(smaller(picture)) == [[RED, GREEN], [GREEN, BLUE]]


def test_colours_that_nobody_can_tell_apart_become_one():
    """The more frequent of two much alike colours stands for both."""
    picture = png(b"\x00" + RED + RED, b"\x00" + NEARLY_RED + BLUE)

    assert shown(smaller(picture)) == [[RED, RED], [RED, BLUE]]


def test_another_kind_of_picture_is_refused():
    """A picture with transparency isn't mistaken for one without."""
    with pytest.raises(ValueError, match="not RGB"):
        smaller(png(b"\x00" + bytes(8), colour_type=6))
