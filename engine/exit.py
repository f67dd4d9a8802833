"""What the end of the interpreter means for managers: unfinished tasks end first, Ctrl-C cancels them."""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from typing import Protocol


class Managed(Protocol):
    """What is asked of a manager's inner life at the end. Its threads hold it, whoever holds the manager."""

    @property
    def is_idle(self) -> bool:
        """Whether all tasks have ended."""

    @property
    def is_stalled(self) -> bool:
        """Whether tasks wait for a thread, none is at work, and the system gives no other."""

    def wait_for_all(self, timeout: float | None = None) -> bool:
        """Until all tasks have ended."""

    def cancel_all(self) -> None:
        """Ends all tasks."""

    def close(self, join_s: float) -> None:
        """Ends the threads."""


#: How long canceled tasks get to stop before the interpreter goes, and a thread may take to be had; seconds.
_GRACE_S = 1.0
_STALL_S = 1.0

_managers: weakref.WeakSet[Managed] = weakref.WeakSet()


def finish_at_exit(manager: Managed) -> None:
    """Has the interpreter's exit wait for the manager's tasks. Their threads are daemons, so nothing else would."""
    _managers.add(manager)


def _finish_all() -> None:
    # A script that Ctrl-C has ended gets here with the KeyboardInterrupt as its last, uncaught exception.
    interrupted = getattr(sys, "last_type", None) is KeyboardInterrupt
    managers = list(_managers)
    try:
        while not interrupted and not all(manager.is_idle for manager in managers):
            for manager in managers:  # tasks may add tasks meanwhile, to another manager as well
                if not manager.wait_for_all(_STALL_S) and manager.is_stalled:
                    manager.cancel_all()  # Python 3.12.0 to 3.12.2 start no thread any more
    except KeyboardInterrupt:
        interrupted = True
    for manager in managers:
        manager.cancel_all()
    for manager in managers:
        manager.close(_GRACE_S)


# Where threading joins its threads, so before atexit's hooks take away what tasks may still use (temporary folders).
# It isn't public, but concurrent.futures stands on it as well; without it, atexit comes next.
getattr(threading, "_register_atexit", atexit.register)(_finish_all)
