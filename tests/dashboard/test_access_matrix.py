"""Every route, by every method, for every role, under every host name, from every origin: generated from the routes."""

from __future__ import annotations

import itertools
import logging
from typing import NamedTuple

import pytest

import dashboard
from tests.dashboard.test_access import HANDSHAKE

pytestmark = pytest.mark.guarantee("P5")

#: What a route is for. One that is added and not named here fails below.
RULES = {
    "home": "reads",
    "task": "reads",
    "tasks": "reads",
    "detail": "reads",
    "changes": "reads",
    "health": "reads",
    "static": "reads",
    "activity": "reads",
    "dependencies": "reads",
    "export": "exports",
    "failing": "reads",
    "graph": "reads",
    "inbox": "reads",
    "neighbours": "reads",
    "stack": "reads",
    "cancellation": "cancels",
    "cancellations": "cancels",
    "plans": "plans",
    "purges": "purges",
    "runs": "runs",
    "reruns": "runs",
    "live": "listens",
    "stray": "strays",
}
#: What a rule needs besides "view": one of these.
NEEDS = {
    "exports": {"export"},
    "cancels": {"cancel"},
    "purges": {"purge"},
    "plans": {"cancel", "purge", "run"},
    "runs": {"run"},
}
SAFE = {"GET", "HEAD", "OPTIONS"}
METHODS = ("GET", "OPTIONS", "POST", "DELETE")
METHODS_OF = {rule: {"POST", "OPTIONS"} for rule in ("cancels", "purges", "plans", "runs")} | {"listens": {"GET"}}


def fail(request):
    raise RuntimeError("no answer")


EVERYTHING = {"view", "export", "cancel", "purge", "run"}
#: Without a hook the peer decides.
ROLES = {
    "no hook": (None, "127.0.0.1", EVERYTHING),
    "no hook, another machine": (None, "192.0.2.7", None),
    "operator": (lambda request: "operator", "192.0.2.7", EVERYTHING),
    "viewer": (lambda request: "viewer", "127.0.0.1", {"view", "export"}),
    "who looks": (lambda request: {"view"}, "127.0.0.1", {"view"}),
    "who cancels": (lambda request: {"view", "cancel"}, "127.0.0.1", {"view", "cancel"}),
    "who purges": (lambda request: {"view", "purge"}, "127.0.0.1", {"view", "purge"}),
    "who runs": (lambda request: {"view", "run"}, "127.0.0.1", {"view", "run"}),
    "nobody": (lambda request: None, "127.0.0.1", None),
    "a hook that raises": (fail, "127.0.0.1", None),
    "a hook that misspells": (lambda request: {"view", "cancle"}, "127.0.0.1", None),
}
#: With which status somebody is refused who may do nothing; 403 where nothing is hidden.
REFUSALS = {"nobody": 404, "a hook that raises": 500, "a hook that misspells": 500}
#: Each name, and whether it is known.
HOSTS = {"[::1]:5000": True, "tasks.example:8080": True, "tasks.example": False}
ORIGINS = (None, "own", "http://evil.example", "https://portal.example")
SITES = (None, "same-origin", "cross-site")


class Case(NamedTuple):
    """One request."""

    method: str
    host: str
    origin: str | None
    site: str | None
    header: str | None


def is_permitted(rule: str, acts: bool, may: set[str]) -> bool:
    if rule in NEEDS:
        return bool(NEEDS[rule] & may)
    return not acts or may == EVERYTHING


def is_let_in(rule: str, case: Case, may: set[str] | None) -> bool:
    """The rules of access, in the words of docs/security.md."""
    if not HOSTS[case.host] or may is None:
        return False
    acts = case.method not in SAFE
    if not is_permitted(rule, acts, may):
        return False
    if not acts and rule != "listens":
        return True
    if case.origin is not None:
        return case.origin in ("own", "https://portal.example")
    if not acts:
        return False
    return case.site == "same-origin" or (case.site is None and case.header is not None)


def cases() -> list[Case]:
    return [Case(*parts) for parts in itertools.product(METHODS, HOSTS, ORIGINS, SITES, (None, "1"))]


def addresses_of(app, endpoint: str) -> list[str]:
    """An address for each of a route's rules, made from the rule."""
    with app.test_request_context():
        version = app.extensions["task_control"][""].panels[0].assets.version()
    parts = {
        "<task_id>": "0000000000",
        "<version>": version,
        "<path:name>": "favicon.svg",
        "<task_control_rest:path>": "nowhere",
        "<kind>": "csv",
    }
    found = []
    for rule in app.url_map.iter_rules(f"task_control.{endpoint}"):
        address = rule.rule
        for part, value in parts.items():
            address = address.replace(part, value)
        assert "<" not in address, f"{rule.rule} has a part without a value here"
        found.append(address)
    return list(dict.fromkeys(found))


def headers_of(rule: str, case: Case) -> dict[str, str]:
    origin = f"http://{case.host}" if case.origin == "own" else case.origin
    given = {"Host": case.host, "Origin": origin, "Sec-Fetch-Site": case.site, "X-Task-Control": case.header}
    shakes_hands = HANDSHAKE if rule == "listens" and case.method == "GET" else {}
    return {name: value for name, value in given.items() if value is not None} | shakes_hands


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("endpoint", RULES)
def test_whoever_is_let_in_should_be(taskman, monkeypatch, endpoint, role):
    """Each request is refused exactly when the rules say so, whatever the route answers otherwise."""
    # What takes time and has nothing to do with it: the pages of refusals, and the log.
    monkeypatch.setattr("dashboard.panel.Panel.is_page", lambda panel: False)
    for name in ("audit", "access", "dashboard"):
        monkeypatch.setattr(logging.getLogger(f"task_control.{name}"), "disabled", True)
    hook, peer, may = ROLES[role]
    app = dashboard.create_app(taskman, authorize=hook)
    app.config.update(
        TASK_CONTROL_HOSTS=["tasks.example:8080"],
        TASK_CONTROL_ORIGINS=["https://portal.example"],
        TASK_CONTROL_ACTIONS_PER_MINUTE=10**6,
    )
    rule = RULES[endpoint]
    if rule != "listens":  # what the route does has tests of its own: here it only shows that it was reached
        app.view_functions[f"task_control.{endpoint}"] = lambda **_: "reached"
    client = app.test_client()

    wrong = []
    for address, case in itertools.product(addresses_of(app, endpoint), cases()):
        answer = client.open(
            address, method=case.method, headers=headers_of(rule, case), environ_overrides={"REMOTE_ADDR": peer}
        )
        refused = answer.status_code == (REFUSALS.get(role, 403) if HOSTS[case.host] else 403)
        # Another method than a route takes is a stray's; a websocket is opened by a handshake and in no other way.
        is_route = case.method in METHODS_OF.get(rule, {"GET", "OPTIONS"}) or rule == "strays"
        if refused == is_let_in(rule if is_route else "strays", case, may):
            wrong.append((address, case, answer.status_code))

    assert wrong == []


def test_every_route_has_a_rule(app):
    """A route that is added must say what it is for, or this fails."""
    endpoints = {rule.endpoint.removeprefix("task_control.") for rule in app.url_map.iter_rules()}

    assert endpoints == set(RULES)


def test_a_route_acts_only_if_its_rule_says_so(app):
    """What reads or listens takes no unsafe method."""
    for rule in app.url_map.iter_rules():
        if RULES[rule.endpoint.removeprefix("task_control.")] in ("reads", "listens"):
            assert (rule.methods or set()) <= SAFE, rule
