"""What fork() means for managers: the child has a copy of the records, and none of the threads."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

from .interrupts import gates


class Forkable(Protocol):
    """What is asked of a manager's inner life around a fork."""

    def hold(self) -> None:
        """Keeps everything as it is until :meth:`let_go`."""

    def let_go(self) -> None:
        """Ends what :meth:`hold` began."""

    def orphan(self) -> None:
        """In the child: nothing runs here any more."""


_managers: weakref.WeakSet[Forkable] = weakref.WeakSet()
_held: list[Forkable] = []


def follow_forks(manager: Forkable) -> None:
    """Has the manager's records be whole in children of this process, and nothing wait there for its tasks."""
    _managers.add(manager)


def _before() -> None:
    _held.extend(_managers)
    for manager in _held:
        manager.hold()


def _in_parent() -> None:
    while _held:
        _held.pop().let_go()


def _in_child() -> None:
    gates.clear()  # of threads that aren't here, and of one that runs no task of this process's
    while _held:
        manager = _held.pop()
        manager.let_go()
        manager.orphan()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
