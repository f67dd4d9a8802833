"""The front door of the panel: `Dashboard` for an app of yours, `create_app` for an app of its own."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Flask

from engine import TaskControl

from . import processes
from .assets import Assets
from .background import Served
from .broadcast import Pace
from .colour import read_colour
from .hub import Hub
from .listening import listen
from .login import Login, names_of_this_machine
from .mounting import blueprint_of
from .panel import Authorize, Panel
from .problems import CannotServe
from .settings import Settings
from .text import Mask, add_mask

__all__ = ["CannotServe", "Dashboard", "Pace", "Served", "create_app", "create_app_with_login", "serve"]

_PREFIX = re.compile(r"(?:/[\w.~-]+)*", re.ASCII)
_NEEDED = ["boot_id", "cancel", "changes", "counts", "get_dependants", "get_task", "is_forked", "purge"]
_NEEDED += ["purge_preview", "remove", "revision", "run_again", "run_again_preview", "snapshot", "subscribe"]


class Dashboard:
    """The live panel as a Flask extension.

    One dashboard may be put into several apps, and several dashboards, with prefixes of their own, into one app. It
    starts no thread before the first websocket is opened, and ends its threads with the last one.

    Args:
        taskman: the manager to show; may be given to `init_app` instead.
        app: an app to mount in at once.
        url_prefix: where the panel stands in the app, "" for its root.
        authorize: asked about every request with the request: answers True or "operator" for who may do
            everything, "viewer" for who may see and export, a set of "view", "export", "cancel", "purge" and "run" for
            these, something false for a refusal. Without it only this machine is let in.
        title: what the pages are headed with.
        mask: given every text that is about to leave, passwords and their like masked already; answers what may. Holds
            for all panels of the process.
        color: the theme's colour, as "#7c3aed"; its hue is used, in a lightness that can be read in light and dark.
    """

    #: The rhythm of the live channel; set another one before `init_app`.
    pace: Pace = Pace()

    _owns_app = False

    def __init__(
        self,
        taskman: TaskControl | None = None,
        app: Flask | None = None,
        *,
        url_prefix: str = "/tasks",
        authorize: Authorize | None = None,
        title: str | None = None,
        mask: Mask | None = None,
        color: str | None = None,
    ) -> None:
        _check_taskman(taskman)
        _check_options(url_prefix, authorize, title, mask)
        if mask is not None:
            add_mask(mask, self)
        self.url_prefix = url_prefix.rstrip("/")
        self._taskman = taskman
        self._authorize = authorize
        self._title = title or "Task Control"
        self._color = read_colour(color)
        #: One for each app that it is mounted in.
        self.panels: list[Panel] = []
        #: One for each app as well, for extensions that ask for blueprints.
        self.blueprints: list[Blueprint] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, taskman: TaskControl | None = None) -> None:
        """Mount the panel in an app; `taskman` is the manager to show there, by default the dashboard's own."""
        if not isinstance(app, Flask):
            raise TypeError(f"app must be a Flask app, not {type(app).__name__}")
        _check_taskman(taskman)
        manager = taskman if taskman is not None else self._taskman
        if manager is None:
            raise TypeError("there is no task manager to show: give one to Dashboard(...) or to init_app(app, ...)")
        mounted = app.extensions.setdefault("task_control", {})
        if self.url_prefix in mounted:
            raise ValueError(f"there is a dashboard at {self.url_prefix or '/'!r} already: give another url_prefix")
        settings = Settings(app.config)
        panel = Panel(
            name=_name_for(self.url_prefix),
            prefix=self.url_prefix,
            title=self._title,
            color=self._color,
            app=app,
            taskman=manager,
            authorize=self._authorize,
            settings=settings,
            hub=Hub(manager, settings, self.pace),
            assets=Assets(Path(__file__).parent / "static"),
        )
        # Without a prefix the app's other addresses are the host's to answer, but for an app of the panel's own.
        blueprint = blueprint_of(panel, takes_strays=bool(self.url_prefix) or self._owns_app)
        app.register_blueprint(blueprint)
        self.blueprints.append(blueprint)
        mounted[self.url_prefix] = self
        self.panels.append(panel)
        processes.watch(panel)

    def close(self, reason: str = "The server is stopping.") -> None:
        """Close all open websockets, the reason told, and take no more; for when the server stops. From any thread."""
        for panel in self.panels:
            panel.hub.close(reason)


def create_app(
    taskman: TaskControl,
    *,
    url_prefix: str = "",
    authorize: Authorize | None = None,
    title: str | None = None,
    mask: Mask | None = None,
    color: str | None = None,
) -> Flask:
    """Make an app that is nothing but the panel, at its root unless `url_prefix` says otherwise.

    The dashboard in it is `app.extensions["task_control"][url_prefix]`.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    _WholeApp(url_prefix=url_prefix, authorize=authorize, title=title, mask=mask, color=color).init_app(app, taskman)
    return app


def create_app_with_login(
    taskman: TaskControl,
    login: Login,
    host: str,
    *,
    title: str | None = None,
    mask: Mask | None = None,
    color: str | None = None,
) -> Flask:
    """Make an app that is nothing but the panel behind a login, to be served on `host` under this machine's names."""
    app = create_app(taskman, authorize=login.authorize, title=title, mask=mask, color=color)
    app.config["TASK_CONTROL_HOSTS"] = names_of_this_machine(host)
    login.init_app(app)
    return app


def serve(
    taskman: TaskControl,
    *,
    host: str = "127.0.0.1",
    port: int = 5000,
    authorize: Authorize | None = None,
    title: str | None = None,
    color: str | None = None,
    password: str | None = None,
    mask: Mask | None = None,
) -> Served:
    """Serve the panel beside a script, on a thread of its own, and return at once with its `url` and `close()`.

    `port` 0 takes any free one. An address that others reach needs `authorize`, or a `password` that the panel asks
    for. Raises CannotServe, an OSError, for an address that can't be had.
    """
    if password is None:
        app = create_app(taskman, authorize=authorize, title=title, mask=mask, color=color)
    elif authorize is None:
        app = create_app_with_login(taskman, Login(password), host, title=title, mask=mask, color=color)
    else:
        raise TypeError("give authorize or password, not both: the one that is asked decides")
    listener = listen(host, port, may_be_public=not (authorize is None and password is None))
    return Served(app, listener, app.extensions["task_control"][""].close, host)


class _WholeApp(Dashboard):
    """The dashboard of an app that has nothing else."""

    _owns_app = True


def _check_taskman(taskman: object) -> None:
    if taskman is None:
        return
    if isinstance(taskman, type):
        raise TypeError(f"taskman must be a task manager, not the class {taskman.__name__}: give {taskman.__name__}()")
    if missing := [name for name in _NEEDED if not hasattr(taskman, name)]:
        raise TypeError(
            f"taskman must be an engine.TaskControl: this {type(taskman).__name__} has no {', '.join(missing)}"
        )


def _check_options(url_prefix: object, authorize: object, title: object, mask: object) -> None:
    if not isinstance(url_prefix, str):
        raise TypeError(f"url_prefix must be a string such as '/tasks', not {type(url_prefix).__name__}")
    if not _PREFIX.fullmatch(url_prefix.rstrip("/")) or (url_prefix.endswith("//")):
        raise ValueError(
            f"url_prefix must be '' or begin with '/' and be made of letters, digits, '.', '_', '~', '-' "
            f"and single '/', such as '/tasks': it is {url_prefix!r}"
        )
    if authorize is not None and not callable(authorize):
        raise TypeError(f"authorize must be a function that takes the request, not {type(authorize).__name__}")
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title must be a string, not {type(title).__name__}")
    if mask is not None and not callable(mask):
        raise TypeError(f"mask must be a function that takes a text and answers one, not {type(mask).__name__}")


def _name_for(prefix: str) -> str:
    """A blueprint's name for a prefix, another one for each: dots aren't allowed in it, slashes would confuse."""
    return "task_control" + re.sub(r"[^a-z0-9]", lambda found: f"_{ord(found[0]):x}_", prefix)
