"""Which process this is: the one whose tasks the panel shows, one of several, or the dead copy that a fork left."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from typing import Any, NamedTuple

from werkzeug.serving import is_running_from_reloader

from .panel import Panel
from .problems import Problem

_ONE_WORKER = "gunicorn --worker-class gthread --workers 1 --threads 100 --timeout 0 wsgi:app"

#: What a copy still answers: pages, which say that they are a copy, and what these need.
_ANSWERED_BY_A_COPY = {"activity", "dependencies", "door", "home", "inbox", "task", "static", "health"}


class Trouble(NamedTuple):
    """What is wrong with the processes.

    Attributes:
        kind: ``"copy"``, ``"several"`` or ``"reloader"``.
        says: what that means for who looks at the panel.
        way_out: the command or the setting that is right.
    """

    kind: str
    says: str
    way_out: str


_COPY = Trouble(
    "copy",
    "This process was forked from the one that runs the tasks: what it shows stands still.",
    f"Add tasks only after the server has forked, without --preload: {_ONE_WORKER}",
)
_SEVERAL = Trouble(
    "several",
    "The server has several processes, each with tasks of its own: a page shows those of the one that answered it.",
    f"Serve with one process and threads: {_ONE_WORKER}",
)
_RELOADER = Trouble(
    "reloader",
    "Werkzeug's reloader runs: each saved file ends all tasks, and what is added on import runs twice.",
    "Start without it: app.run(use_reloader=False), or flask run --no-reload",
)

_panels: list[weakref.ref[Panel]] = []  # changed under the lock, read by copying
_told: set[str] = set()  # the kinds that the log of this process has
_lock = threading.Lock()  # guards the list of panels and what was told


def watch(panel: Panel) -> None:
    """Note a panel of this process; it is forgotten with its app."""
    global _panels
    with _lock:
        _panels = [one for one in _panels if one() is not None]
        _panels.append(weakref.ref(panel))


def panels() -> list[Panel]:
    """All panels of this process, whichever app they are in."""
    return [panel for one in _panels if (panel := one()) is not None]


def trouble_of(panel: Panel, environ: Mapping[str, Any]) -> Trouble | None:
    """What is wrong with the processes, as far as it can be told from here; None if nothing is."""
    if panel.taskman.is_forked:
        return _COPY
    if environ.get("wsgi.multiprocess"):
        return _SEVERAL
    return _RELOADER if is_running_from_reloader() else None


def check(panel: Panel, endpoint: str, environ: Mapping[str, Any]) -> None:
    """Log once what is wrong, and raise the Problem of a request that a dead copy would answer with a lie."""
    trouble = trouble_of(panel, environ)
    if trouble is None:
        return
    with _lock:
        is_news = trouble.kind not in _told
        _told.add(trouble.kind)
    if is_news:
        # The host's own log, which speaks even where nothing was set up: this must not pass unseen.
        panel.app.logger.warning("%s %s", trouble.says, trouble.way_out)
    if trouble is _COPY and endpoint.removeprefix(f"{panel.name}.") not in _ANSWERED_BY_A_COPY:
        raise Problem(503, trouble.says, trouble.way_out)


def _after_fork() -> None:
    """In a new child, where no other thread runs: the lock's owner may have stayed behind, and nothing is told yet."""
    global _lock
    _lock = threading.Lock()
    _told.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
