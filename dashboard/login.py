"""A login for an app that is nothing but the panel: a password, or a link with a token that is printed at the start."""

from __future__ import annotations

import hmac
import secrets
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, g, request, url_for

from .access import check_host, check_origin
from .answers import add_headers, page_answer, problem_answer
from .limits import Limit
from .problems import Problem

if TYPE_CHECKING:
    from .panel import Panel

TRIES_PER_MINUTE = 10
SESSION_S = 12 * 3600.0
MOST_SESSIONS = 1000
_SHORTEST = 8
_COOKIE = "task_control_session"


class Login:
    """Knows who has given the secret. Sessions are in memory: they end with the server. Any thread may call it.

    Args:
        password: asked for on a page; None makes a token instead, for a link.
    """

    def __init__(self, password: str | None = None) -> None:
        if password is not None and len(password) < _SHORTEST:
            raise ValueError(f"a password that others may try must have at least {_SHORTEST} characters")
        self.kind = "token" if password is None else "password"
        self._secret = secrets.token_urlsafe(32) if password is None else password
        self._tries = Limit()
        self._lock = threading.Lock()  # guards the table below
        self._ends: dict[str, float] = {}  # when each session ends (monotonic seconds)

    def link(self, url: str) -> str:
        """Where to go from here: the panel's address, with the token if there is one."""
        return f"{url}login?token={self._secret}" if self.kind == "token" else url

    def authorize(self, asked: Request) -> str:
        """The hook for the panel: who has a session is an operator. Styles and scripts of the login page are free."""
        if self._knows(asked.cookies.get(_COOKIE, "")):
            g.task_control_user = self.kind
            return "operator"
        if (asked.endpoint or "").endswith(".static") and asked.method == "GET":
            return "viewer"
        raise Problem(403, "Refused: nobody is logged in here.", "Log in; the panel's pages lead to the login.")

    def init_app(self, app: Flask) -> None:
        """Add the pages to log in and out to an app that `create_app` has made."""
        panel: Panel = app.extensions["task_control"][""].panels[0]

        def to_login() -> Response | None:
            asks_for_page = request.method == "GET" and panel.is_page() and request.endpoint not in ("login", "logout")
            if asks_for_page and not self._knows(request.cookies.get(_COOKIE, "")):
                return _see(url_for("login"))
            return None

        def login() -> Response:
            return _checked(panel, partial(self._log_in, panel))

        def logout() -> Response:
            return _checked(panel, self._log_out)

        app.before_request(to_login)
        app.add_url_rule("/login", "login", login, methods=["GET", "POST"])
        app.add_url_rule("/logout", "logout", logout, methods=["POST"])

    def _log_in(self, panel: Panel) -> Response:
        given = request.args.get("token") if self.kind == "token" else request.form.get("password")
        if given is None:
            return page_answer(panel, "login.html", {"kind": self.kind, "wrong": False})
        if wait_s := self._tries.wait_s(request.remote_addr or "", TRIES_PER_MINUTE):
            raise Problem(429, "Too many tries to log in.", f"Try again in {wait_s:.0f} seconds.")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return page_answer(panel, "login.html", {"kind": self.kind, "wrong": True}, 403)
        response = _see(url_for(f"{panel.name}.home"))
        response.set_cookie(_COOKIE, self._begin(), httponly=True, samesite="Lax", secure=request.is_secure)
        return response

    def _log_out(self) -> Response:
        with self._lock:
            self._ends.pop(request.cookies.get(_COOKIE, ""), None)
        response = _see(url_for("login"))
        response.delete_cookie(_COOKIE)
        return response

    def _begin(self) -> str:
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[session] = time.monotonic() + SESSION_S
            while len(self._ends) > MOST_SESSIONS:
                del self._ends[next(iter(self._ends))]
        return session

    def _knows(self, session: str) -> bool:
        with self._lock:
            return self._ends.get(session, 0.0) > time.monotonic()


def names_of_this_machine(host: str) -> list[str]:
    """Under which names and addresses others may know this machine, as far as it knows itself."""
    names = {socket.gethostname(), socket.getfqdn()} | ({host} if host not in ("", "0.0.0.0", "::") else set())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which of our addresses would be used
            names.add(probe.getsockname()[0])
        except OSError:
            pass  # no network
    return sorted(name.lower() for name in names)


def _checked(panel: Panel, answer: Callable[[], Response]) -> Response:
    try:
        check_host(panel)
        if request.method == "POST":
            check_origin(panel, needs_origin=False)
        response = answer()
    except Problem as problem:
        response = problem_answer(panel, problem)
    return add_headers(panel, response)


def _see(address: str) -> Response:
    return Response("", 303, headers={"Location": address})
