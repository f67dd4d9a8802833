"""One mounted panel: the manager it shows, where it stands, and what its requests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, request, url_for

from engine import TaskControl

from .assets import Assets
from .hub import Hub
from .limits import Limit
from .previews import Previews
from .settings import Settings

Authorize = Callable[[Request], Any]

#: Stands for a task's id in the addresses that scripts fill in.
ANY_TASK = "TASK_ID"


@dataclass(frozen=True)
class Panel:
    """What the routes of one blueprint work with."""

    name: str
    prefix: str
    title: str
    color: str | None
    app: Flask
    taskman: TaskControl
    authorize: Authorize | None
    settings: Settings
    hub: Hub
    assets: Assets
    previews: Previews[str] = field(default_factory=Previews)
    actions: Limit = field(default_factory=Limit)

    def url(self, endpoint: str, **values: Any) -> str:
        """The path of one of the panel's own routes, whatever it is mounted under."""
        built = url_for(f"{self.name}.{endpoint}", _external=False, **values)
        # A websocket's is built with scheme and host all the same; a page's script knows better where it came from.
        return urlsplit(built)._replace(scheme="", netloc="").geturl()

    def asset(self, path: str) -> str:
        """The path of a static file, its version in it."""
        return self.url("static", version=self.assets.version(), name=path)

    def links(self) -> dict[str, str]:
        """The panel's addresses for templates and scripts."""
        return {
            "home": self.url("home"),
            "live": self.url("live"),
            "changes": self.url("changes"),
            "tasks": self.url("tasks"),
            "purges": self.url("purges"),
            "health": self.url("health"),
            "task": self.url("task", task_id=ANY_TASK),
            "detail": self.url("detail", task_id=ANY_TASK),
            "cancellation": self.url("cancellation", task_id=ANY_TASK),
            "runs": self.url("runs", task_id=ANY_TASK),
            "static": self.asset("-").removesuffix("-"),
        }

    def is_page(self) -> bool:
        """Whether the current request asks for a page: people read those, scripts read everything else."""
        local = request.path.removeprefix(self.prefix)
        return not local.startswith(("/api/", "/s/")) and local not in ("/live", "/healthz", "/api", "/s")
