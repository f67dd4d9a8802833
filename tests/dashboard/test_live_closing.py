"""How open sockets end: with a permission, with the server, with the client."""

from __future__ import annotations

import threading
import time

import pytest
import simple_websocket
from flask import g

from dashboard import Pace

pytestmark = pytest.mark.guarantee("P2")

PROMPTLY_S = 1.0


def test_a_permission_that_ends_closes_the_socket(serve, listen, paced_app):
    """The hook is asked again about open sockets; its no is told, and the socket closed."""
    allowed = threading.Event()
    allowed.set()
    app = paced_app(Pace(permission_s=0.1), authorize=lambda request: allowed.is_set())
    listener = listen(serve(app).port)
    listener.next()

    allowed.clear()
    messages, code = listener.closed_with()

    assert messages[-1] == {"type": "closing", "reason": "Your permission has ended."}
    assert code == 1008


def test_the_hook_sees_the_handshake_each_time(serve, listen, paced_app, until):
    """What the hook is asked about again is the request that opened the socket, in contexts of its own."""
    seen = []

    def authorize(request):
        seen.append((request.path, request.args.get("since"), "marked" in g))
        g.marked = True
        return "viewer"

    listen(serve(paced_app(Pace(permission_s=0.05), authorize=authorize)).port, "/live?since=0").next()

    until(lambda: len(seen) > 3, "the hook to be asked again")
    assert set(seen) == {("/live", "0", False)}


def test_closing_tells_the_clients_and_is_quick(app, serve, listen):
    """When the server stops, open sockets are told so and closed in well under a second."""
    server = serve(app)
    listeners = [listen(server.port) for _ in range(8)]
    for listener in listeners:
        listener.next()

    begun = time.monotonic()
    app.extensions["task_control"][""].close()
    took_s = time.monotonic() - begun
    ends = [listener.closed_with() for listener in listeners]

    assert took_s < PROMPTLY_S
    assert {messages[-1]["type"] for messages, _ in ends} == {"closing"}
    assert {code for _, code in ends} == {1001}


def test_closing_does_not_wait_for_who_does_not_read(app, serve, raw, tasks):
    """A client that takes nothing doesn't hold up the end."""
    tasks.fill()
    client = raw(serve(app).port, receive_buffer=4096)
    client.answer()

    begun = time.monotonic()
    app.extensions["task_control"][""].close()

    assert time.monotonic() - begun < PROMPTLY_S


def test_a_closed_panel_takes_no_more_sockets(app, serve, raw):
    """Whoever comes after the end has begun is told that the server stops."""
    server = serve(app)
    app.extensions["task_control"][""].close()

    assert raw(server.port).answer()[0] == 503


def test_a_server_without_threads_is_not_blocked(taskman, app):
    """Where a socket would take the server's only thread, the handshake is answered with 501 and polling works."""
    client = app.test_client()
    headers = {
        "Origin": "http://localhost",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }

    answer = client.get("/live", headers=headers)

    assert answer.status_code == 501
    assert "api/changes" in answer.json["hint"]
    assert client.get("/api/changes").json["type"] == "snapshot"


def test_a_manager_that_is_shut_down_is_still_watched(app, serve, listen, taskman, tasks):
    """After the manager's shutdown the sockets live on, and records that go are still told of."""
    task_id = tasks.completed()
    listener = listen(serve(app).port)
    listener.next()
    taskman.shutdown()

    taskman.remove([task_id])

    assert listener.until_delta(lambda delta: delta["removed"] == [task_id], "the removal")["total"] == 0


def test_the_clients_library_hears_of_the_end(app, serve, listen):
    """A client that closes in order gets its answer in order."""
    listener = listen(serve(app).port)
    listener.next()

    listener.socket.close()

    with pytest.raises(simple_websocket.ConnectionClosed):
        listener.socket.receive(timeout=5)
