"""Werkzeug's threaded server beside the main thread: `serve` for scripts, and what `wsgi.py` falls back to."""

from __future__ import annotations

import atexit
import socket
import threading
from collections.abc import Callable
from functools import partial
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .listening import url_of

_POLL_S = 0.1


class _QuietHandler(WSGIRequestHandler):
    """Keeps the terminal for what matters: requests aren't logged; failures are, by Flask."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Served:
    """A panel that is served on a thread of its own, until `close`, the end of a `with` block or of the program.

    Attributes:
        url: where it is.
    """

    def __init__(
        self, app: WSGIApplication, listener: socket.socket, close_boards: Callable[[], None], host: str = ""
    ) -> None:
        self.url = url_of(listener, host)
        self._close_boards = close_boards
        address, port = listener.getsockname()[:2]
        # One thread for each connection: an open page holds one for as long as it is open.
        self._server: BaseWSGIServer = make_server(
            address, port, app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno()
        )
        listener.close()  # the server has a descriptor of its own
        self._lock = threading.Lock()  # guards the one below
        self._is_closed = False
        run = partial(self._server.serve_forever, poll_interval=_POLL_S)
        self._thread = threading.Thread(target=run, name="task-control-http", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Stop serving: open pages are told so and closed. The tasks go on. From any thread; again does nothing."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        atexit.unregister(self.close)
        self._server.shutdown()
        self._close_boards()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
