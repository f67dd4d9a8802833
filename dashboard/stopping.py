"""The end of a server: open pages are told, tasks are canceled, and the log says how it came out."""

from __future__ import annotations

import logging
import threading
import time

from . import processes

#: How long canceled tasks get to stop; seconds.
GRACE_S = 1.5

_log = logging.getLogger("task_control.dashboard")


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
