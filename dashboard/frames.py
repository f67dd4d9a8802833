"""Websocket frames as a server sends them: whole messages, unmasked (RFC 6455, section 5.2)."""

from __future__ import annotations

import struct

TEXT, _CLOSE, _PING = 0x1, 0x8, 0x9


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A message in one frame."""
    size, first = len(payload), 0x80 | opcode
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def closing_frame(code: int) -> bytes:
    """The frame that ends a connection, with the reason's code."""
    return frame(struct.pack("!H", code), _CLOSE)


#: Asks the other side for a sign of life.
PING = frame(b"", _PING)
