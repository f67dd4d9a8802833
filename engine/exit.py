"""What the end of the interpreter means for managers: unfinished tasks end first, Ctrl-C cancels them."""

from __future__ import annotations

import atexit
import sys
import weakref
from typing import Protocol


class Managed(Protocol):
    """What is asked of a manager at the end."""

    def wait(self) -> bool:
        """Until all tasks have ended."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: float | None = None) -> bool:
        """The end of the manager."""


#: How long canceled tasks get to stop before the interpreter goes; seconds.
_GRACE_S = 1.0

_managers: weakref.WeakSet[Managed] = weakref.WeakSet()


def finish_at_exit(manager: Managed) -> None:
    """Has the interpreter's exit wait for the manager's tasks. Their threads are daemons, so nothing else would."""
    _managers.add(manager)


@atexit.register
def _finish_all() -> None:
    # A script that Ctrl-C has ended gets here with the KeyboardInterrupt as its last, uncaught exception.
    interrupted = getattr(sys, "last_type", None) is KeyboardInterrupt
    for manager in list(_managers):
        try:
            if not interrupted:
                manager.wait()
        except KeyboardInterrupt:
            interrupted = True
        manager.shutdown(cancel_futures=True, timeout=_GRACE_S)
