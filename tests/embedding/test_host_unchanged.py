"""A host with everything that hosts have answers each request with the panel as without it, to the byte."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import simple_websocket
from flask import Flask, abort, flash, g, redirect, render_template, request, session, url_for
from flask_sock import Sock
from jinja2 import DictLoader

from dashboard import Dashboard
from tests.dashboard.clients import Server
from tests.dashboard.raw_client import PATIENCE_S

pytestmark = pytest.mark.guarantee("P4")

#: Templates of the host with the names that the panel's own have.
TEMPLATES = {
    "layout.html": "<title>{{ site }}</title>{% block content %}{% endblock %}",
    "tasks.html": "{% extends 'layout.html' %}{% block content %}{{ 'tasks' | shout }} {{ user() }}{% endblock %}",
    "error.html": "the host's error page",
    "_row.html": "the host's row",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
ADDRESSES = (
    "/",
    "/template",
    "/session",
    "/flash",
    "/redirect",
    "/item/7",
    "/item/none",
    "/gone",
    "/missing",
    "/fails",
    "/own-error",
    "/tasksandmore",
    "/task",
    "/static/js/main.js",
    "/static/nowhere.js",
    "/sub/inside",
    "/sub/missing",
    "/slash",
    "/url",
    "/live",
    "/api/tasks",
    "/healthz",
    "/s/x/y",
)


class OwnError(Exception):
    """The host's."""


def make_host(folder: Path) -> Flask:
    static = folder / "static" / "js"
    static.mkdir(parents=True, exist_ok=True)
    (static / "main.js").write_text("the host's script")
    app = Flask("host", static_folder=str(folder / "static"))
    app.secret_key = "a secret of the test"
    app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 25, "max_message_size": 64}
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.filters["shout"] = str.upper
    app.context_processor(lambda: {"site": "the host", "user": lambda: session.get("user", "nobody")})
    app.before_request(lambda: g.setdefault("steps", []).append("before"))
    app.url_value_preprocessor(lambda endpoint, values: g.setdefault("steps", []).append("values"))

    @app.after_request
    def add_headers(response):
        response.headers["X-Host"] = ",".join([*g.get("steps", []), request.endpoint or "no endpoint"])
        response.headers["Content-Security-Policy"] = "default-src https:"
        return response

    answer_errors(app)
    add_addresses(app)
    return app


def answer_errors(app: Flask) -> None:
    app.register_error_handler(404, lambda error: (render_template("error.html"), 404))
    app.register_error_handler(405, lambda error: ("the host's 405", 405))
    app.register_error_handler(500, lambda error: ("the host's 500", 500))
    app.register_error_handler(OwnError, lambda error: ("the host's own", 418))


def add_addresses(app: Flask) -> None:
    app.add_url_rule("/", "index", lambda: "the host's start", methods=["GET", "POST"])
    app.add_url_rule("/template", "template", lambda: render_template("tasks.html"))
    app.add_url_rule("/redirect", "redirect", lambda: redirect(url_for("index")))
    app.add_url_rule("/item/<int:number>", "item", lambda number: f"item {number}")
    app.add_url_rule("/gone", "gone", lambda: abort(410))
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)
    app.add_url_rule("/slash/", "slash", lambda: "with a slash")
    app.add_url_rule("/task", "task", lambda: "the host's task")
    app.add_url_rule("/url", "url", lambda: url_for("item", number=3, _external=True))

    @app.get("/own-error")
    def own_error():
        raise OwnError

    @app.route("/session", methods=["GET", "POST"])
    def use_session():
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.get("/flash")
    def use_flash():
        flash("said")
        return "flashed"

    @Sock(app).route("/echo")
    def echo(ws):
        ws.send(f"{ws.ping_interval:g} {ws.max_message_size}")
        while True:
            ws.send(ws.receive())


def with_panels(app: Flask, taskman) -> Flask:
    Dashboard(taskman, app)
    Dashboard(taskman, app, url_prefix="/deep/down", authorize=lambda request: "viewer")
    return app


def answers(app: Flask) -> dict[tuple[str, str], object]:
    """Whatever the host answers: status, headers in their order, cookies and body, of each method and address."""
    client = app.test_client()
    told = {}
    for method, address in itertools.product(METHODS, ADDRESSES):
        answer = client.open(address, method=method)
        headers = [(name, value) for name, value in answer.headers if name != "Date"]
        told[method, address] = (answer.status, headers, answer.get_data())
        answer.close()
    return told


@pytest.fixture
def hosts(tmp_path, taskman, caplog):
    """The same host twice, without panels and with two."""
    return make_host(tmp_path), with_panels(make_host(tmp_path), taskman)


def test_every_answer_is_as_it_was(hosts, monkeypatch):
    """Each method at each address: status, headers, cookies and body are the same with the panel as without."""
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_700_000_000.0)  # cookies carry their time
    without, beside = map(answers, hosts)

    assert len(without) == len(METHODS) * len(ADDRESSES)
    assert {key: beside[key] for key in without if beside[key] != without[key]} == {}


def test_the_comparison_would_notice(hosts, monkeypatch):
    """A panel that set its headers on everything would be seen."""
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 1_700_000_000.0)
    plain, meddled = hosts
    meddled.after_request(lambda response: response.headers.set("X-Meddled", "1") or response)

    assert answers(plain) != answers(meddled)


def test_nothing_of_the_host_is_replaced(hosts):
    """Configuration, handlers, filters, processors and routes are the same, but for the panel's own routes."""
    plain, beside = hosts
    ours = {rule.endpoint for rule in beside.url_map.iter_rules() if rule.endpoint.startswith("task_control")}
    routes = [
        {(rule.rule, rule.endpoint, tuple(sorted(rule.methods or ()))) for rule in app.url_map.iter_rules()}
        for app in hosts
    ]

    assert dict(plain.config) == dict(beside.config)
    assert {route for route in routes[1] if route[1] not in ours} == routes[0]
    assert set(plain.jinja_env.filters) == set(beside.jinja_env.filters)
    assert set(plain.jinja_env.globals) == set(beside.jinja_env.globals)
    for functions in ("before_request_funcs", "after_request_funcs", "teardown_request_funcs"):
        assert len(getattr(plain, functions).get(None, [])) == len(getattr(beside, functions).get(None, []))
    assert plain.error_handler_spec[None].keys() == beside.error_handler_spec[None].keys()
    assert set(beside.extensions) - set(plain.extensions) == {"task_control"}


def of_its_websocket(app: Flask) -> list[str]:
    """What the host's own websocket says of its options, and then repeats."""
    server = Server(app)
    client = simple_websocket.Client(f"ws://127.0.0.1:{server.port}/echo")
    try:
        client.send("hello")
        return [client.receive(timeout=PATIENCE_S) for _ in range(2)]
    finally:
        client.close()
        client.thread.join(PATIENCE_S)
        client.sock.close()
        server.stop()


def test_the_hosts_own_websockets_keep_their_options(hosts):
    """The host's interval of pings and limit on messages hold for its websocket with the panel as without."""
    assert [of_its_websocket(app) for app in hosts] == [["25 64", "hello"]] * 2
