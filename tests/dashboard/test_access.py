"""Who is let in: every route, for every kind of request."""

from __future__ import annotations

import base64

import pytest
from flask.testing import FlaskClient

import dashboard

pytestmark = pytest.mark.guarantee("P5")

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
}

#: Endpoints with an address of each, and what an allowed request is answered with. The task is one that has ended; a
#: purge without a body can't be read; a test client brings no socket, so a handshake ends with 501. That no route is
#: forgotten is for test_access_matrix.py to see.
ROUTES = {
    "home": ("GET", "/", 200),
    "task": ("GET", "/tasks/{task}", 200),
    "tasks": ("GET", "/api/tasks", 200),
    "detail": ("GET", "/api/tasks/{task}", 200),
    "changes": ("GET", "/api/changes", 200),
    "health": ("GET", "/healthz", 200),
    "static": ("GET", "{static}favicon.svg", 200),
    "cancellation": ("POST", "/api/tasks/{task}/cancellation", 409),
    "purges": ("POST", "/api/purges", 400),
    "runs": ("POST", "/api/tasks/{task}/runs", 400),
    "reruns": ("POST", "/api/runs", 400),
    "export": ("GET", "/api/export.csv", 200),
    "plans": ("POST", "/api/plans", 400),
    "cancellations": ("POST", "/api/cancellations", 400),
    "live": ("GET", "/live", 501),
    "stray": ("GET", "/nowhere", 404),
}
ALL = set(ROUTES)
ACTIONS = {"cancellation", "cancellations", "plans", "purges", "reruns", "runs"}

OWN = {"Origin": "http://localhost"}

#: What a request says, what the hook answers (None: there is no hook), and which routes refuse it.
SITUATIONS = {
    "a page of the panel": (OWN, None, set()),
    "an address typed in": ({}, None, ACTIONS | {"live"}),
    "a browser's word that it is the same origin": ({"Sec-Fetch-Site": "same-origin"}, None, {"live"}),
    "a browser's word that it is the same site": ({"Sec-Fetch-Site": "same-site"}, None, ACTIONS | {"live"}),
    "a browser's word that it is another site": ({"Sec-Fetch-Site": "cross-site"}, None, ACTIONS | {"live"}),
    "a script that says what it does": ({"X-Task-Control": "1"}, None, {"live"}),
    "another site's page": ({"Origin": "http://evil.example"}, None, ACTIONS | {"live"}),
    "another port's page": ({"Origin": "http://localhost:8000"}, None, ACTIONS | {"live"}),
    "another scheme's page": ({"Origin": "https://localhost"}, None, ACTIONS | {"live"}),
    "a page without an origin": ({"Origin": "null", "X-Task-Control": "1"}, None, ACTIONS | {"live"}),
    "another site's page with the header": (
        {"Origin": "http://evil.example", "X-Task-Control": "1", "Sec-Fetch-Site": "same-origin"},
        None,
        ACTIONS | {"live"},
    ),
    "a foreign host name": ({"Host": "evil.example", "Origin": "http://evil.example"}, None, ALL),
    "a foreign host name, with a hook": (
        {"Host": "evil.example", "Origin": "http://evil.example"},
        lambda request: True,
        ALL,
    ),
    "a host name that only begins well": ({"Host": "localhost.evil.example"}, None, ALL),
    "no host name": ({"Host": ""}, None, ALL),
    "a host name that can't be one": ({"Host": "user@localhost"}, None, ALL),
    "loopback by number": ({"Host": "127.8.0.1:5000", "Origin": "http://127.8.0.1:5000"}, None, set()),
    "loopback by version 6": ({"Host": "[::1]:5000", "Origin": "http://[::1]:5000"}, None, set()),
    "another machine": (OWN | {"REMOTE_ADDR": "192.0.2.7"}, None, ALL),
    "an unknown peer": (OWN | {"REMOTE_ADDR": ""}, None, ALL),
    "loopback mapped into version 6": (OWN | {"REMOTE_ADDR": "::ffff:127.0.0.1"}, None, set()),
    "a proxy on this machine": (OWN | {"X-Forwarded-For": "192.0.2.7"}, None, ALL),
    "a proxy of another kind": (OWN | {"Forwarded": "for=192.0.2.7"}, None, ALL),
    "another machine, let in by the hook": (OWN | {"REMOTE_ADDR": "192.0.2.7"}, lambda request: True, set()),
    "a proxy, let in by the hook": (OWN | {"X-Forwarded-For": "192.0.2.7"}, lambda request: "operator", set()),
    "a viewer": (OWN, lambda request: "viewer", ACTIONS),
    "who may only look": (OWN, lambda request: {"view"}, ACTIONS | {"export"}),
    "who may look and cancel": (OWN, lambda request: {"view", "cancel"}, {"export", "purges", "reruns", "runs"}),
    "who may look and purge": (
        OWN,
        lambda request: {"view", "purge"},
        {"export", "cancellation", "cancellations", "reruns", "runs"},
    ),
    "who may look and run": (OWN, lambda request: {"view", "run"}, ACTIONS - {"plans", "reruns", "runs"} | {"export"}),
    "who may look and export": (OWN, lambda request: frozenset({"view", "export"}), ACTIONS),
    "who may do each": (OWN, lambda request: {"view", "export", "cancel", "purge", "run"}, set()),
    "nobody": (OWN, lambda request: False, ALL),
    "nobody, by an empty set": (OWN, lambda request: set(), ALL),
}
#: Who may not know of the panel gets what any unknown address gets.
HIDDEN = {"nobody", "nobody, by an empty set"}


def ask(client: FlaskClient, endpoint: str, says: dict[str, str], known: dict[str, str]) -> int:
    method, address, _ = ROUTES[endpoint]
    headers = dict(says) | (HANDSHAKE if endpoint == "live" else {})
    environ = {"REMOTE_ADDR": headers.pop("REMOTE_ADDR", "127.0.0.1")}
    return client.open(address.format(**known), method=method, headers=headers, environ_overrides=environ).status_code


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_route_lets_in_whom_it_should(taskman, tasks, situation):
    """Each route answers or refuses by the same rules, whatever it is."""
    says, hook, refusing = SITUATIONS[situation]
    app = dashboard.create_app(taskman, authorize=hook)
    with app.test_request_context():
        static = app.extensions["task_control"][""].panels[0].links()["static"]
    known = {"task": tasks.completed(), "static": static}
    client = app.test_client()

    answers = {endpoint: ask(client, endpoint, says, known) for endpoint in ROUTES}

    refusal = 404 if situation in HIDDEN else 403
    assert answers == {name: refusal if name in refusing else allowed for name, (_, _, allowed) in ROUTES.items()}


def test_a_configured_host_name_is_let_in(app, client):
    """The setting for hosts lets the panel be opened under other names, with any port or the one it says."""
    app.config["TASK_CONTROL_HOSTS"] = ["tasks.example", "night.example:8080"]

    hosts = ["tasks.example", "Tasks.Example:5000", "night.example:8080", "night.example", "other.example"]
    answers = [client.get("/healthz", headers={"Host": host}).status_code for host in hosts]

    assert answers == [200, 200, 200, 403, 403]


def test_a_configured_origin_may_act(app, client, tasks):
    """The setting for origins lets pages of another place act, and no others."""
    app.config["TASK_CONTROL_ORIGINS"] = ["https://portal.example"]
    address = f"/api/tasks/{tasks.completed()}/cancellation"

    origins = ["https://portal.example", "http://portal.example", "https://portal.example.evil.example"]
    answers = [client.post(address, headers={"Origin": origin}).status_code for origin in origins]

    assert answers == [409, 403, 403]


@pytest.mark.parametrize(
    ("says", "setting"),
    [
        ({"Host": "evil.example"}, "TASK_CONTROL_HOSTS"),
        ({"X-Forwarded-For": "192.0.2.7"}, "authorize"),
        ({"REMOTE_ADDR": "192.0.2.7"}, "authorize"),
    ],
)
def test_a_refusal_says_why_and_what_to_set(client, says, setting):
    """Who is refused learns the reason, and which setting would let them in."""
    headers = dict(says)
    environ = {"REMOTE_ADDR": headers.pop("REMOTE_ADDR", "127.0.0.1")}

    answer = client.get("/api/tasks", headers=headers, environ_overrides=environ)

    assert answer.status_code == 403
    assert answer.json["error"].startswith("Refused: ")
    assert setting in answer.json["hint"]


def test_a_refused_script_learns_which_header_to_send(app):
    """The refusal of an action without an origin names the header that scripts send."""
    answer = app.test_client().post("/api/purges", json={"dry_run": True})

    assert "X-Task-Control: 1" in answer.json["hint"]


def test_a_refused_page_is_a_page(client):
    """Who opens a page that is refused reads why in a page."""
    page = client.get("/", headers={"Host": "evil.example"})

    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "evil.example" in page.text
