"""Servers whose sockets can't be had answer clearly, and pages poll."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.guarantee("P2")

WAITRESS = """
import waitress
from dashboard import create_app
from engine import TaskControl

server = waitress.create_server(create_app(TaskControl()), host="127.0.0.1", port=0)
print(f"http://127.0.0.1:{server.effective_port}/", flush=True)
server.run()
"""


def test_waitress_polls(start):
    """A handshake is answered with 501 and the way out, and the same messages come by polling."""
    server = start("-c", WAITRESS)

    with server.page() as page:
        assert page.status == 501
    assert json.loads(server.get("api/changes"))["type"] == "snapshot"
    assert server.health()["status"] == "ok"
