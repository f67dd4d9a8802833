"""A board for each of several managers in one WSGI application; more may be added while it serves."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, redirect
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from engine import TaskControl

from . import create_app

_NONE_YET = (
    "<!doctype html><title>Task Control</title><p>The script hasn't made a TaskControl yet. This page looks again."
)


class Boards:
    """The boards, at `/1/`, `/2/` and so on; the root leads to the only one, or lists them. Any thread may call it."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._lock = threading.Lock()  # guards the number of boards
        self._dispatch = DispatcherMiddleware(self._root())
        # An app of its own for each: Flask takes no more routes once it has answered.
        self._apps: dict[str, Flask] = self._dispatch.mounts  # type: ignore[assignment]  # it may hold any application

    def add(self, taskman: TaskControl) -> None:
        """Show one more manager."""
        with self._lock:
            number = len(self._apps) + 1
            title = self._title if number == 1 else f"{self._title} · {number}"
            self._apps[f"/{number}"] = create_app(taskman, title=title)

    def close(self) -> None:
        """Close the websockets of all boards."""
        for app in list(self._apps.values()):
            for board in app.extensions["task_control"].values():
                board.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._dispatch(environ, start_response)

    def _root(self) -> Flask:
        app = Flask(__name__, static_folder=None, template_folder=None)
        app.add_url_rule("/", "boards", self._list)
        return app

    def _list(self) -> Any:
        names = list(self._apps)
        if not names:
            return Response(_NONE_YET, mimetype="text/html", headers={"Refresh": "1"})
        if len(names) == 1:
            return redirect(f"{names[0].removeprefix('/')}/")
        items = "".join(f'<li><a href="{name.removeprefix("/")}/">Board {name.removeprefix("/")}</a>' for name in names)
        return Response(f"<!doctype html><title>Task Control</title><ul>{items}</ul>", mimetype="text/html")
