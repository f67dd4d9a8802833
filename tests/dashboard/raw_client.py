"""A websocket client of the standard library alone: a process that does nothing else starts at once."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import ssl

PATIENCE_S = 30.0


class RawClient:
    """A websocket client made of a bare socket, for what no well-behaved client does: not reading, not answering."""

    def __init__(
        self,
        port: int,
        path: str = "/live",
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
        **headers: str,
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(("127.0.0.1", port))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket)
        key = base64.b64encode(b"0123456789abcdef").decode()
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Origin": f"http://127.0.0.1:{port}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.file = self.socket.makefile("rb")

    def answer(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the handshake's answer."""
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; EOFError when the connection is over."""
        return read_frame(self.file)

    def message(self) -> dict[str, Any]:
        """The next text frame's message."""
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def read_frame(stream: BinaryIO) -> tuple[int, bytes]:
    """Opcode and payload of the next frame that a server sent; EOFError when there is none."""

    def read(size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise EOFError("the connection is over")
        return data

    head = read(2)
    size = head[1] & 0x7F
    if size >= 126:
        size = int.from_bytes(read(2 if size == 126 else 8), "big")
    return head[0] & 0x0F, read(size)
