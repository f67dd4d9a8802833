"""Serves an app to the browser, from a thread of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass(frozen=True)
class Served:
    """Where an app is served."""

    app: Flask
    port: int

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A failed test's report has better things to say."""


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[Served]:
    """Serve the panel's app while the block runs; then close its websockets and end all threads."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="browser-test-server")
    thread.start()
    try:
        yield Served(app, server.server_port)
    finally:
        server.shutdown()
        thread.join()
        for dashboard in app.extensions["task_control"].values():
            dashboard.close()
        server.server_close()


def sockets(panel: Served, url_prefix: str = "") -> int:
    """How many websockets the panel at that prefix holds."""
    return panel.app.extensions["task_control"][url_prefix].panels[0].hub.count()
