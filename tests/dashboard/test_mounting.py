"""The panel in apps of others: under any prefix, more than once, and without a trace outside of it."""

from __future__ import annotations

import re

import pytest
from flask import Flask, abort

import dashboard
from dashboard import Dashboard
from engine import TaskControl

pytestmark = pytest.mark.guarantee("P4")

PROTECTING = {
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Cross-Origin-Resource-Policy",
    "Cache-Control",
}


def make_host() -> Flask:
    app = Flask("host")
    app.add_url_rule("/", "index", lambda: "the host's start page")
    app.add_url_rule("/gone", "gone", lambda: abort(410))
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    app.register_error_handler(404, lambda error: ("the host's 404", 404))
    app.register_error_handler(410, lambda error: ("the host's 410", 410))
    app.register_error_handler(500, lambda error: ("the host's 500", 500))
    return app


@pytest.fixture
def host():
    """Lend an app that has pages, error handlers and headers of its own."""
    return make_host()


@pytest.mark.parametrize("prefix", ["/tasks", "/a/b.c/d-e", "/tasks/", ""])
@pytest.mark.parametrize("root", ["", "/behind/proxy"])
def test_every_address_in_a_page_works(taskman, tasks, prefix, root):
    """Under any prefix, and under any root that the server tells, the page's addresses lead to the panel."""
    tasks.completed("count the files")
    app = Flask("host")
    Dashboard(taskman, app, url_prefix=prefix)
    client = app.test_client()

    page = client.get(f"{prefix.rstrip('/')}/", environ_overrides={"SCRIPT_NAME": root})
    addresses = {
        address for address in re.findall(r'(?:href|src)="(/[^"?]*)', page.text) if not address.endswith("TASK_ID")
    }

    assert page.status_code == 200
    assert len(addresses) > 5
    for address in addresses:
        assert address.startswith(f"{root}{prefix.rstrip('/')}/")
        answer = client.get(address.removeprefix(root), environ_overrides={"SCRIPT_NAME": root})
        assert answer.status_code == 200, address


def test_two_panels_in_one_app_show_their_own(taskman):
    """Two dashboards in one app keep their managers, addresses and titles apart."""
    app = Flask("host")
    with TaskControl() as other:
        Dashboard(taskman, app, url_prefix="/day", title="By day")
        Dashboard(other, app, url_prefix="/night", title="By night")
        client = app.test_client()
        taskman.add("in the sun", lambda: None)

        day, night = client.get("/day/"), client.get("/night/")

    assert "in the sun" in day.text
    assert "in the sun" not in night.text
    assert "<title>By night</title>" in night.text
    assert "/day/" not in night.text


def test_one_dashboard_fits_into_two_apps(taskman):
    """A dashboard may be put into several apps, each with a manager of its own."""
    board = Dashboard()
    first, second = Flask("first"), Flask("second")
    with TaskControl() as other:
        board.init_app(first, taskman)
        board.init_app(second, other)

        boot_ids = [app.test_client().get("/tasks/healthz").json["boot_id"] for app in (first, second)]

        assert boot_ids == [taskman.boot_id, other.boot_id]


def test_the_hosts_answers_stay_as_they_were(taskman, host):
    """Outside of its prefix the panel adds no header and changes no answer."""
    addresses = ["/", "/gone", "/nowhere", "/fails", "/tasksandmore"]

    def answers(app):
        return [(a.status_code, a.text, dict(a.headers)) for a in map(app.test_client().get, addresses)]

    before = answers(make_host())
    Dashboard(taskman, host)

    assert answers(host) == before


def test_the_hosts_configuration_stays_as_it_was(taskman, host):
    """Mounting the panel sets nothing in the host's configuration, its templates or its functions."""
    host.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 25}
    config, filters = dict(host.config), dict(host.jinja_env.filters)

    Dashboard(taskman, host)

    assert dict(host.config) == config
    assert host.jinja_env.filters == filters
    assert host.before_request_funcs.get(None, []) == []
    assert host.after_request_funcs.get(None, []) == []
    assert host.error_handler_spec.get(None, {}).keys() == {404, 410, 500}


def test_errors_of_the_panel_are_the_panels(taskman, host):
    """Under its prefix the panel answers errors in its own words, whatever handlers the host has."""
    Dashboard(taskman, host)
    client = host.test_client()

    unknown = client.get("/tasks/api/tasks/0000000000")
    stray = client.get("/tasks/api/nowhere")
    page = client.get("/tasks/nowhere")

    assert (unknown.status_code, set(unknown.json)) == (404, {"error", "hint"})
    assert (stray.status_code, set(stray.json)) == (404, {"error", "hint"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "the host" not in page.text


def test_at_the_root_the_hosts_other_addresses_are_the_hosts(taskman):
    """A panel without a prefix doesn't answer for addresses that it doesn't have."""
    app = Flask("host")
    app.register_error_handler(404, lambda error: ("the host's 404", 404))
    Dashboard(taskman, app, url_prefix="")

    assert app.test_client().get("/nowhere").text == "the host's 404"


def test_templates_of_the_host_do_not_get_in_the_way(taskman, tmp_path):
    """A host may have templates with the same names as the panel's."""
    for name in ("layout.html", "tasks.html", "error.html"):
        (tmp_path / name).write_text("the host's template")
    app = Flask("host", template_folder=str(tmp_path))
    Dashboard(taskman, app)

    assert "the host's template" not in app.test_client().get("/tasks/").text


def test_the_panels_answers_carry_protecting_headers(taskman, host):
    """Pages, JSON and errors of the panel carry its policy and aren't stored."""
    Dashboard(taskman, host)
    client = host.test_client()

    for address in ("/tasks/", "/tasks/api/tasks", "/tasks/api/nowhere", "/tasks/tasks/0000000000"):
        headers = client.get(address).headers
        assert set(headers.keys()) >= PROTECTING
        assert headers["Cache-Control"] == "no-store"
        assert "'unsafe" not in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


def test_the_host_decides_who_may_frame_the_panel(taskman, host):
    """The setting for frames becomes a part of the policy."""
    host.config["TASK_CONTROL_FRAME_ANCESTORS"] = "'self' https://portal.example"
    Dashboard(taskman, host)

    policy = host.test_client().get("/tasks/").headers["Content-Security-Policy"]

    assert policy.endswith("; frame-ancestors 'self' https://portal.example")


def test_a_setting_that_cannot_be_used_is_said(taskman, host, caplog):
    """A bad setting is named in the answer and in the log, and protects rather than opens."""
    host.config["TASK_CONTROL_HOSTS"] = 5
    host.config["TASK_CONTROL_FRAME_ANCESTORS"] = "*; script-src *"
    Dashboard(taskman, host)

    answer = host.test_client().get("/tasks/api/tasks", headers={"Host": "tasks.example"})

    assert answer.status_code == 500
    assert "TASK_CONTROL_HOSTS" in answer.json["error"]
    assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert "TASK_CONTROL_HOSTS" in caplog.text


def test_a_wrong_method_learns_the_right_one(taskman, host):
    """An address asked with another method says which ones it takes."""
    Dashboard(taskman, host)

    answer = host.test_client().get("/tasks/api/purges")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert set(answer.json) == {"error", "hint"}


def test_a_failure_inside_says_nothing_of_the_inside(taskman, host, monkeypatch, caplog):
    """When the panel itself fails, the traceback is in the log and nowhere else."""
    Dashboard(taskman, host)
    monkeypatch.setattr(taskman, "get_task", lambda task_id: 1 / 0)

    answer = host.test_client().get("/tasks/api/tasks/0000000000")

    assert answer.status_code == 500
    assert "division" not in answer.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"taskman": "tasks"}, TypeError, "TaskControl"),
        ({"taskman": TaskControl}, TypeError, "TaskControl()"),
        ({"url_prefix": "tasks"}, ValueError, "url_prefix"),
        ({"url_prefix": "/a//b"}, ValueError, "url_prefix"),
        ({"url_prefix": "/<id>"}, ValueError, "url_prefix"),
        ({"url_prefix": "//"}, ValueError, "url_prefix"),
        ({"url_prefix": None}, TypeError, "url_prefix"),
        ({"authorize": True}, TypeError, "authorize"),
        ({"title": 5}, TypeError, "title"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, error, says):
    """A dashboard that can't work isn't made, and the error says why."""
    with pytest.raises(error, match=re.escape(says)):
        Dashboard(**arguments)


def test_a_dashboard_without_a_manager_cannot_be_mounted():
    """A manager must be given somewhere."""
    with pytest.raises(TypeError, match="no task manager"):
        Dashboard().init_app(Flask("host"))


def test_what_is_no_app_cannot_take_a_panel(taskman):
    """init_app says what it needs."""
    with pytest.raises(TypeError, match="Flask"):
        Dashboard(taskman).init_app("app")


def test_two_panels_cannot_share_a_prefix(taskman):
    """The second panel at the same place is refused with a way out."""
    app = Flask("host")
    Dashboard(taskman, app)

    with pytest.raises(ValueError, match="url_prefix"):
        Dashboard(taskman, app)


def test_a_panel_takes_a_prefix_of_its_own_app(taskman):
    """create_app takes the same options as Dashboard."""
    app = dashboard.create_app(taskman, url_prefix="/panel", title="By day")

    assert "By day" in app.test_client().get("/panel/").text
