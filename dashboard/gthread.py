"""gunicorn with its gthread worker: the hooks that a worker with a panel needs, and a server of one run in code."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from . import stopping

try:
    from gunicorn.app.base import BaseApplication
except ImportError:  # not installed, or a system that can't fork
    BaseApplication = None

THREADS = 400  # made as they are needed; three quarters of them may sit in websockets
#: How long a worker that stops waits for requests that go on, in the server run in code; seconds.
PATIENCE_S = 1
_MASTER_PATIENCE_S = 15

_STOPPING = (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGTERM))

Hook = Callable[[int, FrameType | None], Any]

_stopper: threading.Thread | None = None  # set once in a worker, by its main thread


def is_possible() -> bool:
    """Whether gunicorn can run here."""
    return BaseApplication is not None and hasattr(os, "fork")


def post_worker_init(_worker: Any) -> None:
    """gunicorn's hook: let the signals that stop a worker close the websockets too, which it would wait for else."""
    for number in _STOPPING:
        signal.signal(number, _stopping_first(signal.getsignal(number)))


def worker_exit(_server: Any, worker: Any) -> None:
    """gunicorn's hook: let no worker go before its engine is shut down."""
    _start_stopping()
    if _stopper is not None:
        _stopper.join()
    if getattr(worker, "nr_conns", 0):
        # Half a request sits in one of gunicorn's threads, and the interpreter would wait for those for ever.
        atexit._run_exitfuncs()  # noqa: SLF001  # multiprocessing ends its children so
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def _stopping_first(then: Any) -> Hook:
    def on_signal(number: int, frame: FrameType | None) -> None:
        _start_stopping()
        if callable(then):
            then(number, frame)

    return on_signal


def _start_stopping() -> None:
    """Once, on a thread: a signal handler must not wait for locks. For the worker's main thread."""
    global _stopper
    if _stopper is None:
        _stopper = threading.Thread(target=stopping.stop, name="task-control-stop")
        _stopper.start()


def run(app: Any, listener: socket.socket, begin: Callable[[], object]) -> None:
    """Serve an app on one worker with threads until SIGTERM or Ctrl-C, then raise SystemExit. A second signal kills.

    The listener is taken over. `begin` is called in the worker, whose memory is all that is served. For the main
    thread, before any other is started.
    """
    _Server(app, listener, begin).run()


class _Server(BaseApplication if BaseApplication is not None else object):  # type: ignore[misc]  # no types there
    def __init__(self, app: Any, listener: socket.socket, begin: Callable[[], object]) -> None:
        self._app = app
        self._descriptor = listener.detach()  # gunicorn closes it
        self._begin = begin
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"fd://{self._descriptor}",
            "worker_class": "gthread",
            "workers": 1,  # one engine
            "threads": THREADS,
            "timeout": 0,  # a worker that is busy is not to be killed, with all its tasks
            "keepalive": 1,
            "graceful_timeout": _MASTER_PATIENCE_S,
            "loglevel": "error",
            "control_socket_disable": True,
            "when_ready": _take_signals,
            "post_worker_init": self._post_worker_init,
            "worker_exit": worker_exit,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app

    def _post_worker_init(self, worker: Any) -> None:
        worker.cfg.set("graceful_timeout", PATIENCE_S)  # the worker's copy: its master waits longer than it does
        post_worker_init(worker)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both: the master passes on what is meant
        self._begin()


def _take_signals(server: Any) -> None:
    """In the master: the first signal stops, the next one kills."""

    def first(_number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, second)
        server.signal(signal.SIGTERM, frame)

    def second(number: int, _frame: FrameType | None) -> None:
        for pid in list(server.WORKERS):
            os.kill(pid, signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, first)
