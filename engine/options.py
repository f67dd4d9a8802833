"""How a task is to be run: what ``add`` is told beside name, function and dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .retries import Retry

if TYPE_CHECKING:
    from .task import Backend


@dataclass(frozen=True, slots=True)
class Options:
    """Shared by tasks, and kept of those that have failed.

    Attributes:
        takes_handle: whether the function is called with the task's handle.
        keeps_result: whether the record keeps what it returns.
        limit: the task's own limit in seconds; None means the manager's default.
        backend: None if the task's own thread runs the function; else the function is what calls it, given the task.
        retry: when it is tried again; None for never.
        runs_anyway: whether it runs though a task has failed that it depends on.
        retry_of: the id of the task that it is run again for.
    """

    takes_handle: bool
    keeps_result: bool = False
    limit: float | None = None
    backend: Backend | None = None
    retry: Retry | None = None
    runs_anyway: bool = False
    retry_of: str | None = None


#: Those of most tasks, which say no more than the first two, indexed by these.
PLAIN = (Options(False), Options(False, True)), (Options(True), Options(True, True))
