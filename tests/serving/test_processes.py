"""Several processes mean several engines: the log, the page and the health address say so, with the right command."""

from __future__ import annotations

import json
import multiprocessing
import signal
from pathlib import Path

import pytest

import dashboard
from engine import TaskControl
from tests.serving.servers import ROOT, free_port

pytestmark = pytest.mark.guarantee("P4")

#: A module for servers that import it; with a task that is added on import, or without.
MODULE = """
from dashboard import create_app
from engine import TaskControl

taskman = TaskControl()
app = create_app(taskman)
{on_import}
if __name__ == "__main__":
    import sys
    app.run(port=int(sys.argv[1]), debug=True, use_debugger=False)
"""
ADDS = 'taskman.wait([taskman.add("on import", lambda: None)])'
HANDSHAKE = {
    "Origin": "http://localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}


@pytest.fixture
def module(tmp_path):
    """Write the module into a folder of its own."""

    def write(on_import: str = "") -> Path:
        (tmp_path / "served.py").write_text(MODULE.format(on_import=on_import))
        return tmp_path

    return write


@pytest.fixture
def gunicorn(start):
    """Start gunicorn as users do, with the project's own settings and some more."""

    def begin(folder, *options):
        port = free_port()
        command = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", f"127.0.0.1:{port}"]
        return start(*command, *options, "served:app", port=port, folder=folder)

    return begin


def test_one_worker_is_well(gunicorn, module):
    """With the settings that the project brings there is nothing to warn of, and the end is in order."""
    server = gunicorn(module())
    with server.page() as page:
        assert next(page.messages()) == "snapshot"
        health = server.health()

        code, errors = server.end(signal.SIGTERM)

    assert (health["status"], health["warning"], code) == ("ok", None, 0)
    assert "several" not in errors


def test_two_workers_are_told_of(gunicorn, module):
    """With -w 2 the page has a line about it, the health address a word, and the log a warning with the command."""
    server = gunicorn(module(), "-w", "2")

    health, page = server.health(), server.get("")
    _, errors = server.end(signal.SIGTERM)

    assert health["status"] == "several"
    assert "--workers 1" in health["warning"]
    assert 'class="banner"' in page
    assert "several processes" in page
    assert "--workers 1" in errors


def test_a_preloaded_app_that_has_run_tasks_is_a_copy(gunicorn, module):
    """What ran in the master before the fork stands still in the worker: it neither acts nor says that it is live."""
    server = gunicorn(module(ADDS), "--preload")

    status, health = server.ask("healthz")
    page = server.get("")
    refused = [server.ask("api/changes")[0], server.ask("api/tasks")[0]]
    with server.page() as socket:
        refused.append(socket.status)
    _, errors = server.end(signal.SIGTERM)

    assert (status, json.loads(health)["status"]) == (503, "copy")
    assert "--preload" in page
    assert refused == [503, 503, 503]
    assert "stands still" in errors


def test_a_preloaded_app_that_has_run_nothing_is_well(gunicorn, module):
    """An engine that begins its work after the fork is a whole one."""
    assert gunicorn(module(), "--preload").health()["status"] == "ok"


def test_two_preloaded_workers_are_two_engines(gunicorn, module, until):
    """Their boot ids differ, so that a page that meets both doesn't take one for the other."""
    server = gunicorn(module(), "--preload", "-w", "2")
    seen = set()

    def both() -> bool:
        health = server.health()
        seen.add(health["boot_id"])
        return len(seen) == 2

    assert until(both, "an answer of each worker")


def test_the_reloader_is_told_of(start, module):
    """Under Werkzeug's reloader the page says what that means for tasks, and how to start without it."""
    port = free_port()
    server = start("served.py", str(port), port=port, folder=module())

    health = server.health()

    assert health["status"] == "reloader"
    assert "use_reloader=False" in health["warning"]
    assert "use_reloader=False" in server.get("")


def answers_of_a_child(app, paths, channel):
    """In a child process: the status of each address, and what the health address says."""
    client = app.test_client()
    statuses = [client.get(path, headers=HANDSHAKE if path == "/live" else {}).status_code for path in paths]
    acted = client.post("/api/purges", json={"dry_run": True}, headers={"X-Task-Control": "1"})
    channel.send((statuses, acted.status_code, client.get("/healthz").json))
    channel.close()


def in_a_child(app, paths):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=answers_of_a_child, args=(app, paths, theirs))
    child.start()
    theirs.close()
    try:
        assert ours.poll(20), "the child says nothing"
        return ours.recv()
    finally:
        child.join(20)
        child.kill()
        ours.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_pretend_to_be_live(taskman):
    """A child of a process that runs tasks shows pages that say what they are, and refuses everything else."""
    taskman.wait([taskman.add("before the fork", lambda: None)])
    app = dashboard.create_app(taskman)

    statuses, acted, health = in_a_child(app, ["/", "/api/tasks", "/api/changes", "/live"])

    assert (statuses, acted) == ([200, 503, 503, 503], 503)
    assert health["status"] == "copy"
    assert app.test_client().get("/healthz").json["status"] == "ok"


def test_a_child_whose_engine_is_new_has_a_boot_id_of_its_own():
    """A manager that was made before the fork and used after it is another engine than its parent's."""
    with TaskControl() as unused:
        _, _, health = in_a_child(dashboard.create_app(unused), ["/"])

        assert (health["status"], health["boot_id"] != unused.boot_id) == ("ok", True)
