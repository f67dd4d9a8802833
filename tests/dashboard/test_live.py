"""The live channel: a snapshot, then what changes, to every client that reads."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from dashboard import Dashboard, Pace
from engine import TaskControl

pytestmark = pytest.mark.guarantee("P2")


def panel_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith(("task-control-w", "task-control-b"))]


def apply(model: dict, message: dict) -> None:
    """Do what a page does with a message."""
    if message["type"] == "snapshot":
        model.clear()
    model.update({row["id"]: row for row in message.get("rows", [])})
    for task_id in message.get("removed", []):
        model.pop(task_id, None)


def test_a_socket_begins_with_a_snapshot(app, serve, listen, taskman, tasks):
    """A new client hears of everything that there is."""
    task_id = tasks.completed("count the files")

    message = listen(serve(app).port).next()

    assert message["type"] == "snapshot"
    assert [(row["id"], row["status"]) for row in message["rows"]] == [(task_id, 0)]
    assert (message["boot_id"], message["revision"]) == (taskman.boot_id, taskman.revision)
    assert message["counts"] == [1, 0, 0, 0, 0]


def test_changes_follow_as_they_happen(app, serve, listen, taskman):
    """A task that is added and ends is told of without asking, up to its last state."""
    listener = listen(serve(app).port)
    listener.next()

    task_id = taskman.add("count the files", lambda: None)
    last = listener.until_delta(lambda delta: delta["counts"][0] == 1, "a completed task")

    assert [(row["id"], row["status"]) for row in last["rows"]] == [(task_id, 0)]
    assert last["revision"] == taskman.revision


def test_what_is_removed_is_told(app, serve, listen, taskman, tasks):
    """A purge reaches the client as the ids that are gone."""
    task_id = tasks.completed()
    listener = listen(serve(app).port)
    listener.next()

    taskman.remove([task_id])

    assert listener.next()["removed"] == [task_id]


def test_a_cancellation_over_http_comes_back_over_the_socket(app, serve, listen, client, tasks):
    """The row changes through the stream, as for every other client."""
    task_id = tasks.running()
    listener = listen(serve(app).port)
    listener.next()

    client.post(f"/api/tasks/{task_id}/cancellation")
    delta = listener.until_delta(lambda delta: delta["counts"][4] == 1, "a canceled task")

    assert [(row["id"], row["status"]) for row in delta["rows"]] == [(task_id, 4)]


def test_who_reconnects_hears_exactly_what_was_missed(app, serve, listen, taskman, tasks):
    """A client that says its last revision gets what changed since, no more and no less."""
    tasks.completed("known")
    gone = tasks.completed("gone")
    server = serve(app)
    first = listen(server.port)
    known = first.next()
    first.close()
    taskman.remove([gone])
    missed = tasks.completed("missed")

    message = listen(server.port, f"/live?boot_id={known['boot_id']}&since={known['revision']}").next()

    assert message["type"] == "delta"
    assert [(row["id"], row["status"]) for row in message["rows"]] == [(missed, 0)]
    assert message["removed"] == [gone]
    assert message["revision"] == taskman.revision


@pytest.mark.parametrize("position", ["boot_id=another&since=1", "since=999999", "since=yesterday"])
def test_who_stands_elsewhere_hears_everything(app, serve, listen, tasks, position):
    """Another engine's revision, or one that can't be, is answered with a snapshot."""
    tasks.completed()

    message = listen(serve(app).port, f"/live?{position}").next()

    assert message["type"] == "snapshot"
    assert len(message["rows"]) == 1


def test_nothing_is_missed_while_everything_changes(app, serve, listen, taskman):
    """What a client makes of its messages is, in the end, what the manager has; revisions only grow."""
    listener = listen(serve(app).port)

    def work(task):
        for step in range(5):
            task.progress(step, 5)

    adders = [threading.Thread(target=lambda: [taskman.add("work", work) for _ in range(50)]) for _ in range(3)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join()
    assert taskman.wait(timeout=20)
    taskman.remove([record["id"] for record in taskman.get_all()[::3]])

    model, revisions = {}, []
    while not revisions or revisions[-1] < taskman.revision:
        message = listener.next()
        apply(model, message)
        revisions.append(message["revision"])

    assert {task_id: row["status"] for task_id, row in model.items()} == {
        record["id"]: record["status"] for record in taskman.get_all()
    }
    assert revisions == sorted(revisions)


def test_many_changes_share_a_message(serve, listen, paced_app, taskman):
    """Changes that come fast are told together, each record once and in its newest version."""
    listener = listen(serve(paced_app(Pace(gap_s=0.2))).port)
    listener.next()

    def work(task):
        for step in range(200):
            task.progress(step, 200)

    task_id = taskman.add("work", work)
    assert taskman.wait([task_id], timeout=10)
    deltas = []
    while not deltas or deltas[-1]["revision"] < taskman.revision:
        deltas.append(listener.next())

    assert {delta["type"] for delta in deltas} == {"delta"}
    assert len(deltas) < 10
    assert all(len(delta["rows"]) <= 1 for delta in deltas)
    assert deltas[-1]["rows"][0]["status"] == 0


def test_silence_is_broken_by_heartbeats(serve, listen, paced_app, taskman):
    """While nothing happens the client hears that the connection lives, and where it stands."""
    listener = listen(serve(paced_app(Pace(heartbeat_s=0.05))).port)
    listener.next()

    beats = [listener.next() for _ in range(3)]

    assert [beat["type"] for beat in beats] == ["heartbeat"] * 3
    assert {beat["revision"] for beat in beats} == {taskman.revision}


def test_many_sockets_hear_the_same(app, serve, listen, taskman):
    """64 clients at once all hear of the same change."""
    server = serve(app)
    listeners = [listen(server.port) for _ in range(64)]
    for listener in listeners:
        listener.next()

    task_id = taskman.add("count the files", lambda: None)
    heard = [listener.until_delta(lambda delta: delta["counts"][0] == 1, "the task") for listener in listeners]

    assert {message["rows"][0]["id"] for message in heard} == {task_id}


def test_threads_live_as_long_as_sockets(app, serve, listen, taskman, until):
    """The panel has no thread before the first socket, two with any number, and none after the last."""
    server = serve(app)
    before = panel_threads()
    listeners = [listen(server.port) for _ in range(3)]
    for listener in listeners:
        listener.next()
    meanwhile = panel_threads()
    for listener in listeners:
        listener.close()

    assert before == []
    assert len(meanwhile) == 2
    assert until(lambda: not panel_threads(), "the panel's threads to end")


def test_a_client_may_come_after_the_last_one_left(app, serve, listen, tasks):
    """After the threads have ended, the next socket starts them anew."""
    server = serve(app)
    first = listen(server.port)
    first.next()
    first.close()

    second = listen(server.port)
    second.next()
    task_id = tasks.completed()

    assert second.until_delta(lambda delta: delta["counts"][0] == 1, "the task")["rows"][0]["id"] == task_id


def test_two_panels_in_one_app_are_both_live(taskman, serve, listen):
    """Sockets of two dashboards in one app hear of their own manager alone."""
    app = Flask("host")
    with TaskControl() as other:
        Dashboard(taskman, app, url_prefix="/day")
        Dashboard(other, app, url_prefix="/night")
        server = serve(app)
        day, night = listen(server.port, "/day/live"), listen(server.port, "/night/live")
        boot_ids = [day.next()["boot_id"], night.next()["boot_id"]]
        server.stop_dashboards()

        assert boot_ids == [taskman.boot_id, other.boot_id]


def test_the_socket_lives_under_any_root(taskman, serve, listen):
    """A socket works behind a server that mounts the app under a root of its own."""
    app = Flask("host")
    Dashboard(taskman, app)
    app.wsgi_app = DispatcherMiddleware(
        lambda environ, start: start("404 Not Found", []) or [], {"/mounted": app.wsgi_app}
    )

    assert listen(serve(app).port, "/mounted/tasks/live").next()["type"] == "snapshot"


def test_options_of_the_hosts_other_sockets_do_no_harm(taskman, serve, listen, until):
    """A host that pings its sockets pings the panel's too, and nothing comes out of order."""
    app = Flask("host")
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 0.05, "max_message_size": 100}
    Dashboard(taskman, app, url_prefix="")
    listener = listen(serve(app).port)
    listener.next()

    ids = [taskman.add("work", lambda task: task.sleep(0.05)) for _ in range(30)]
    assert taskman.wait(ids, timeout=10)

    assert listener.until_delta(lambda delta: delta["counts"][0] == 30, "all tasks")["total"] == 30
