"""The panel beside the extensions that hosts use: each recipe of docs/embedding.md does what the page says."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack, closing

import pytest
from flask import redirect, request
from flask_login import login_user, logout_user
from werkzeug.test import Client

from dashboard import Pace
from tests.dashboard.clients import Server
from tests.dashboard.raw_client import RawClient
from tests.embedding.recipes import recipe

pytestmark = pytest.mark.guarantee("P4")

AS_SCRIPT = {"X-Task-Control": "1"}
QUESTION = {"dry_run": True}


def act(client, base_url="http://localhost", **headers):
    """Ask for an action, as a page of the panel does unless told otherwise."""
    return client.post(
        "/tasks/api/purges", json=QUESTION, headers={"Origin": base_url} | headers, base_url=base_url
    ).status_code


# Flask-Login


@pytest.fixture
def with_login():
    """The recipe for Flask-Login, with addresses to log in and out."""
    names = recipe("flask_login")
    app = names["app"]

    @app.post("/login/<name>")
    def login(name):
        login_user(names["USERS"][name])
        return redirect("/tasks/")

    @app.post("/logout")
    def logout():
        logout_user()
        return redirect("/")

    return names


@pytest.mark.parametrize(("user", "sees", "acts"), [(None, 404, 404), ("ada", 200, 200), ("bob", 200, 403)])
def test_flask_login_decides(with_login, user, sees, acts):
    """Who isn't logged in sees nothing, a viewer may not act, an operator may."""
    client = with_login["app"].test_client()
    if user:
        client.post(f"/login/{user}")

    assert (client.get("/tasks/").status_code, act(client)) == (sees, acts)


def test_a_logout_ends_the_next_request(with_login):
    """After the logout the panel is closed again."""
    client = with_login["app"].test_client()
    client.post("/login/ada")
    client.post("/logout")

    assert client.get("/tasks/").status_code == 404


def test_a_user_that_is_gone_loses_the_open_websocket(with_login):
    """The hook is asked again about an open websocket, with Flask-Login's own user of that moment."""
    app = with_login["app"]
    hub = app.extensions["task_control"]["/tasks"].panels[0].hub
    hub.pace = Pace(permission_s=0.1)
    client = app.test_client()
    cookie = client.post("/login/ada").headers["Set-Cookie"].partition(";")[0]
    server = Server(app)
    try:
        with closing(RawClient(server.port, "/tasks/live", Cookie=cookie)) as page:
            assert page.answer()[0] == 101
            assert page.message()["type"] == "snapshot"

            del with_login["USERS"]["ada"]

            kinds = [page.message() for _ in range(1)]
            assert kinds == [{"type": "closing", "reason": "Your permission has ended."}]
    finally:
        server.stop()


# Flask-WTF


def test_csrf_protection_for_the_whole_app_lets_the_panel_act():
    """The panel's actions need no token of a form, and are still refused from elsewhere."""
    client = recipe("CSRFProtect(app)")["app"].test_client()

    answers = [act(client), act(client, Origin="http://evil.example"), client.get("/tasks/").status_code]

    assert answers == [200, 403, 200]


def test_csrf_protection_stays_for_the_host():
    """What the host posts needs its token as before."""
    app = recipe("CSRFProtect(app)")["app"]
    app.add_url_rule("/post", "post", lambda: "posted", methods=["POST"])

    assert app.test_client().post("/post").status_code == 400


# Flask-Talisman


@pytest.fixture
def with_talisman():
    """The recipe for Flask-Talisman."""
    return recipe("flask_talisman")["app"]


def test_talisman_sends_the_panel_to_https(with_talisman):
    """A plain request is redirected, as all of the host's are."""
    answer = with_talisman.test_client().get("/tasks/")

    assert (answer.status_code, answer.location) == (302, "https://localhost/tasks/")


def test_the_panel_works_over_https_under_talismans_policy(with_talisman):
    """The pages and actions are there, and may be framed by the portal alone."""
    client = with_talisman.test_client()

    page = client.get("/tasks/", base_url="https://localhost")
    acted = act(client, "https://localhost")

    assert (page.status_code, acted) == (200, 200)
    assert "frame-ancestors 'self' https://portal.example" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    # The policy that the panel was made for allows nothing inline either, so default-src 'self' suffices.
    assert "<style" not in page.text
    assert " style=" not in page.text


# Flask-HTTPAuth


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "sees", "acts"),
    [
        ({}, 401, 401),
        (basic("ada", "wrong"), 401, 401),
        (basic("ada", "lovelace"), 200, 200),
        (basic("bob", "ross"), 200, 403),
    ],
    ids=["nobody", "wrong password", "operator", "viewer"],
)
def test_http_authentication_decides(headers, sees, acts):
    """Browsers are asked for credentials; a viewer may not act, an operator may."""
    client = recipe("flask_httpauth")["app"].test_client()

    page = client.get("/tasks/", headers=headers)

    assert (page.status_code, act(client, **headers)) == (sees, acts)
    assert ("WWW-Authenticate" in page.headers) == (sees == 401)


def test_http_authentication_is_asked_for_websockets_too():
    """The handshake and the open websocket are judged by the same credentials."""
    app = recipe("flask_httpauth")["app"]
    app.extensions["task_control"]["/tasks"].panels[0].hub.pace = Pace(permission_s=0.05, heartbeat_s=0.05)
    server = Server(app)
    with ExitStack() as stack:
        stack.callback(server.stop)
        nobody = stack.enter_context(closing(RawClient(server.port, "/tasks/live")))
        ada = stack.enter_context(closing(RawClient(server.port, "/tasks/live", **basic("ada", "lovelace"))))

        answers = [nobody.answer()[0], ada.answer()[0]]
        kinds = {ada.message()["type"] for _ in range(5)}  # so it was asked about again, and stayed open

    assert (answers, kinds) == ([401, 101], {"snapshot", "heartbeat"})


# TRUSTED_HOSTS


@pytest.mark.parametrize(
    ("host", "answer"), [("jobs.example.org", 200), ("127.0.0.1:5000", 200), ("localhost", 400), ("evil.example", 400)]
)
def test_trusted_hosts_and_the_panels_hosts_agree(host, answer):
    """A name that both know is let in; Flask refuses the others first."""
    client = recipe("TRUSTED_HOSTS")["app"].test_client()

    assert client.get("/tasks/", headers={"Host": host}).status_code == answer


def test_a_name_that_flask_trusts_is_not_enough(monkeypatch):
    """What only TRUSTED_HOSTS knows, the panel refuses, and says what to set."""
    app = recipe("TRUSTED_HOSTS")["app"]
    app.config["TASK_CONTROL_HOSTS"] = []

    answer = app.test_client().get("/tasks/api/tasks", headers={"Host": "jobs.example.org"})

    assert answer.status_code == 403
    assert "TASK_CONTROL_HOSTS" in answer.json["hint"]


# A frame


def test_a_frame_of_an_allowed_host():
    """The page says who may frame it, and the host's page beside it is as it was."""
    client = recipe("<iframe")["app"].test_client()

    panel, page = client.get("/tasks/"), client.get("/")

    assert panel.headers["Content-Security-Policy"].endswith("frame-ancestors 'self' https://intranet.example.org")
    assert "X-Frame-Options" not in panel.headers
    assert "Content-Security-Policy" not in page.headers


# Below a path, behind a proxy


def test_below_a_path_of_another_application():
    """Every address in the page leads below that path, and the websocket is there as well."""
    app = recipe("DispatcherMiddleware(app")["app"]
    page = app.test_client().get("/jobs/")

    assert page.status_code == 200
    shown = json.loads(page.text.partition('data-page="')[2].partition('"')[0].replace("&#34;", '"'))
    addresses = [value for value in shown.values() if isinstance(value, str) and value.startswith("/")]
    assert len(addresses) > 5
    assert [address for address in addresses if not address.startswith("/jobs/")] == []
    server = Server(app)
    try:
        with closing(RawClient(server.port, "/jobs/live")) as client:
            answered = client.answer()[0], client.message()["type"]
    finally:
        server.stop()

    assert answered == (101, "snapshot")


def test_proxy_fix_tells_the_panel_what_the_browser_asked_for():
    """Origin, prefix and peer are those that the proxy tells of, so that pages work and may act."""
    app = recipe("ProxyFix(app")["app"]
    seen = []
    app.before_request(lambda: seen.append((request.url, request.remote_addr)))
    told = {
        "X-Forwarded-For": "198.51.100.9, 192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "jobs.example.org",
        "X-Forwarded-Prefix": "/ops",
    }

    page = Client(app.wsgi_app).get("/tasks/", headers=told)

    assert page.status_code == 200
    assert 'href="/ops/tasks/' in page.text
    # One hop is trusted: what stands before the proxy's own word may be anybody's.
    assert seen == [("https://jobs.example.org/ops/tasks/", "192.0.2.7")]
