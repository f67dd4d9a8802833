"""The end of a server: open pages are told, tasks are canceled, and the log says how it came out."""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time

from . import processes

#: How long canceled tasks get to stop; seconds.
GRACE_S = 1.5

#: How long the main thread sleeps in one piece; seconds. Python handles a signal only in it, and one that comes in the
#: instant before it falls asleep, or to another thread, doesn't wake it.
_PIECE_S = 0.5

_log = logging.getLogger("task_control.dashboard")


class StopSignal:
    """Takes the first SIGTERM or Ctrl-C from now on; the next one meets the system's own reaction. Main thread only."""

    def __init__(self) -> None:
        self._came: queue.SimpleQueue[int] = queue.SimpleQueue()  # the one queue that a signal handler may put to
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, self._take)

    def _take(self, number: int, _frame: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        self._came.put(number)

    def wait(self) -> None:
        """Until it has come."""
        while True:
            try:
                self._came.get(timeout=_PIECE_S)
                return
            except queue.Empty:
                pass


def stop(grace_s: float = GRACE_S) -> bool:
    """Close the websockets of all panels of this process and shut their managers down; whether all tasks have ended.

    From any thread but a signal handler's, which must not wait for locks.
    """
    _log.info("Stopping: open pages are told, tasks are canceled.")
    deadline = time.monotonic() + grace_s
    panels = processes.panels()
    managers = list({id(panel.taskman): panel.taskman for panel in panels}.values())
    closing = [threading.Thread(target=panel.hub.close, args=("The server is stopping.",)) for panel in panels]
    for thread in closing:
        thread.start()
    for manager in managers:  # all are asked before one is waited for
        manager.shutdown(wait=False, cancel_futures=True)
    ended = [manager.shutdown(timeout=max(0.0, deadline - time.monotonic())) for manager in managers]
    for thread in closing:
        thread.join()
    if all(ended):
        _log.info("The engine is shut down: all tasks have ended.")
    else:
        _log.warning("The engine is shut down: tasks in calls that can't be interrupted end with the process.")
    return all(ended)
