"""Where the live channel ends: clients that don't behave, permissions that end, servers that stop."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest

from dashboard import Pace

pytestmark = pytest.mark.guarantee("P2")

PROMPTLY_S = 1.0


def test_a_client_that_never_reads_is_cut(serve, listen, raw, paced_app, taskman, tasks, until):
    """Who takes nothing for the bound is cut, while a client that reads goes on hearing at once."""
    tasks.fill()
    server = serve(paced_app(Pace(stall_s=1.0)))
    good = listen(server.port)
    good.next()
    stuck = raw(server.port, receive_buffer=4096)
    assert stuck.answer()[0] == 101
    hub = server.app.extensions["task_control"][""].panels[0].hub
    until(lambda: hub.count() == 2, "both sockets to be open")

    delays = []
    while hub.count() == 2:
        begun = time.monotonic()
        task_id = taskman.add("one more", lambda: None)
        good.until_delta(lambda delta, task_id=task_id: task_id in [row["id"] for row in delta["rows"]], "the task")
        delays.append(time.monotonic() - begun)

    assert len(delays) > 1
    assert max(delays) < 0.8
    assert hub.count() == 1


def test_a_slow_client_catches_up_in_one_step(serve, raw, paced_app, taskman, tasks):
    """Who reads late gets what it missed in one message, each record once, and is up to date then."""
    tasks.fill()
    client = raw(serve(paced_app(Pace(heartbeat_s=60))).port, receive_buffer=4096)
    client.answer()
    client.file.peek(1)  # the snapshot is on its way, and stuck
    late = [taskman.add(f"late {number}", lambda: None) for number in range(40)]
    assert taskman.wait(late, timeout=10)

    snapshot, delta = client.message(), client.message()

    assert snapshot["type"] == "snapshot"
    assert delta["revision"] == taskman.revision
    assert sorted(row["id"] for row in delta["rows"]) == sorted(late)
    assert {row["status"] for row in delta["rows"]} == {0}


def test_a_client_that_answers_no_ping_is_cut(serve, raw, paced_app, until):
    """Who gives no sign of life is asked for one, and cut without it."""
    client = raw(serve(paced_app(Pace(heartbeat_s=0.02, ping_s=0.1, unheard_s=0.4))).port)
    client.answer()

    opcodes = []
    with pytest.raises(EOFError):
        while True:
            opcodes.append(client.frame()[0])

    assert 9 in opcodes


def test_a_client_that_answers_pings_stays(serve, listen, paced_app):
    """Who answers is kept, though it says nothing of its own."""
    listener = listen(serve(paced_app(Pace(heartbeat_s=0.05, ping_s=0.1, unheard_s=0.8))).port)
    deadline = time.monotonic() + 1.2

    beats = []
    while time.monotonic() < deadline:
        beats.append(listener.next()["type"])

    assert beats.count("heartbeat") > 5


def test_what_clients_say_means_nothing(app, serve, listen, tasks):
    """Messages of a client are read and dropped."""
    listener = listen(serve(app).port)
    listener.next()

    for text in ("hello", '{"type":"cancel"}', "x" * 4000):
        listener.socket.send(text)
    task_id = tasks.completed()

    assert listener.until_delta(lambda delta: delta["counts"][0] == 1, "the task")["rows"][0]["id"] == task_id


def test_clients_that_say_too_much_are_closed(app, serve, listen, until):
    """A message over the limit ends the connection with the code for it, and frees its place each time."""
    server = serve(app)
    codes = []
    for _ in range(20):
        listener = listen(server.port)
        listener.next()
        listener.socket.send("x" * 5000)
        codes.append(listener.closed_with()[1])

    assert codes == [1009] * 20
    until(lambda: app.extensions["task_control"][""].panels[0].hub.count() == 0, "all places to be free")


def test_sockets_over_the_cap_are_refused(app, serve, listen, raw, until):
    """Beyond the cap a handshake is answered with 503 and the way out; a place that is given up is free again."""
    app.config["TASK_CONTROL_MAX_SOCKETS"] = 2
    server = serve(app)
    listeners = [listen(server.port) for _ in range(2)]
    for listener in listeners:
        listener.next()

    status, headers = raw(server.port).answer()
    listeners[0].close()

    assert (status, headers["content-type"]) == (503, "application/json")
    assert until(lambda: raw(server.port).answer()[0] == 101, "a free place")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_WebSocket_Version": "8"},
        {"Sec_WebSocket_Version": ""},
        {"Sec_WebSocket_Key": ""},
        {"Sec_WebSocket_Key": "short"},
        {"X_Odd": "a\x0bb"},
        {"Sec_WebSocket_Key": "not base64 at all!!!!!!!"},
    ],
)
def test_a_malformed_handshake_is_refused(app, serve, raw, headers):
    """A handshake that doesn't follow the protocol is answered with 400, in JSON."""
    status, answered = raw(serve(app).port, **headers).answer()

    assert (status, answered["content-type"]) == (400, "application/json")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_a_handshake_of_another_origin_is_refused(app, serve, raw, origin):
    """Pages of other places can't listen."""
    assert raw(serve(app).port, Origin=origin).answer()[0] == 403


def test_nothing_is_compressed(app, serve, raw):
    """The offer to compress is not taken."""
    client = raw(serve(app).port, Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")

    status, headers = client.answer()

    assert status == 101
    assert "sec-websocket-extensions" not in headers
    assert client.message()["type"] == "snapshot"


def test_a_lost_connection_leaves_no_trace(app, serve, raw, until, caplog):
    """A client that vanishes costs neither a thread nor a line in the log."""
    caplog.set_level(logging.WARNING)
    server = serve(app)
    hub = app.extensions["task_control"][""].panels[0].hub
    client = raw(server.port)
    client.answer()
    until(lambda: hub.count() == 1, "the socket to be open")

    client.close()

    until(lambda: hub.count() == 0, "the socket to be released")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_frames_of_many_senders_stay_whole(app, serve, listen, taskman):
    """Pongs, answers to chatter and messages leave one after the other, whatever happens at once."""
    listener = listen(serve(app).port)
    listener.next()

    def chatter():
        for number in range(200):
            listener.socket.send(json.dumps({"number": number}))
            listener.socket.sock.send(b"\x89\x80\x00\x00\x00\x00")  # a ping: each is answered by the library

    talker = threading.Thread(target=chatter)
    talker.start()
    ids = [taskman.add("y" * 300, lambda: None) for _ in range(300)]
    talker.join()
    assert taskman.wait(ids, timeout=10)

    assert listener.until_delta(lambda delta: delta["counts"][0] == 300, "all tasks")["total"] == 300
