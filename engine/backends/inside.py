"""What runs in a task's process: it takes calls, runs them one after the other, and sends back what becomes of them.

It is started as a fresh interpreter with a main of its own, so the script that adds tasks is never run again in it.
"""

from __future__ import annotations

import faulthandler
import fcntl
import os
import pickle
import select
import signal
import sys
import threading
import time
from collections import deque
from contextvars import copy_context
from multiprocessing.connection import Connection
from typing import Any

from .. import capture, records
from ..handle import call
from ..options import Options
from ..task import NO_ALARMS, Task
from . import parcels
from .parcels import Call, Line, Message, Progress, Raised, Ready, Returned


class Outbox:
    """Where a task's handle writes to in this process. From any thread of the function's, also after its end."""

    is_off = False

    def __init__(self, channel: Connection[Message, Call]) -> None:
        self._channel = channel
        #: What logging is told comes here, too.
        self.lines = self
        #: Keeps messages whole.
        self._lock = threading.RLock()  # a finalizer may come back here
        self._messages: deque[Message] = deque()
        self._is_sending = False

    def send(self, message: Message) -> None:
        """Sends a message whole."""
        self._messages.append(message)
        with self._lock:
            if self._is_sending:
                return  # by the same thread, further down
            self._is_sending = True
            try:
                while self._messages:
                    self._channel.send(self._messages.popleft())
            finally:
                self._is_sending = False

    def tell_progress(self, task: Task, progress: dict[str, Any]) -> None:
        """Has the record say how far a task is."""
        self.send(Progress(task.id, progress))

    def tell_log(self, task: Task, level: str, message: str) -> None:
        """Adds a line to a task's log."""
        self.add(task, records.line(time.time(), level, message))

    def add(self, task: Task, line: records.Line) -> None:
        """Adds a line that was logged."""
        self.send(Line(task.id, line))


def main(channel_fd: int, lifeline_fd: int) -> None:
    """Serves calls until the connection is closed."""
    _die_with(lifeline_fd)
    channel: Connection[Message, Call] = Connection(channel_fd)
    for fd in (channel_fd, lifeline_fd):
        os.set_inheritable(fd, False)  # programs that the function starts have no part in it
    os.register_at_fork(after_in_child=channel.close)  # nor processes that it forks off
    parcels.here.is_inside = True
    if sys.stderr is not None:
        faulthandler.enable()
    capture.install()
    outbox = Outbox(channel)
    outbox.send(Ready())
    while True:
        try:
            called = channel.recv()
        except EOFError:
            return
        outbox.send(_answer(called, outbox))


def _answer(called: Call, outbox: Outbox) -> Message:
    """Calls a function, and says what came of it."""
    try:
        task = _unpacked(called)
        value = copy_context().run(call, task, outbox)
    except BaseException as error:
        answer: Message = _raised(called, error)
    else:
        answer = _returned(called, value)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()  # the process may be killed while it is idle
        except (AttributeError, OSError, ValueError):
            pass  # there is none, or it's closed
    return answer


def _unpacked(called: Call) -> Task:
    sys.path[:] = called.path
    function = pickle.loads(called.function)
    task = Task(called.task_id, called.name, function, Options(called.takes_handle), copy_context())
    task.alarms = NO_ALARMS
    return task


def _returned(called: Call, value: object) -> Message:
    try:
        return Returned(called.task_id, parcels.dumps(value if called.keeps_result else None))
    except Exception as error:
        return _raised(called, parcels.not_sent_back("returned", error))


def _raised(called: Call, error: BaseException) -> Raised:
    line, trace = records.one_line(error), records.traceback_text(error)
    try:
        packed = parcels.dumps(error)
    except Exception:
        packed = b""
    return Raised(called.task_id, packed, line, trace)


def _die_with(lifeline_fd: int) -> None:
    """Has this process and those it starts end when the other end of a pipe is closed, as at the parent's death.

    On Linux the kernel does it, so that C code which never lets go of the interpreter can't hold it up.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline_fd, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, fcntl.fcntl(lifeline_fd, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([lifeline_fd], [], [], 0)[0]:
            os.killpg(0, signal.SIGKILL)  # pragma: no cover  # it was closed before the kernel was asked
    else:  # pragma: no cover  # not on Linux; and of a killed process nothing is counted
        threading.Thread(target=_watch, args=(lifeline_fd,), name="task-control-lifeline", daemon=True).start()


def _watch(lifeline_fd: int) -> None:  # pragma: no cover  # as above
    os.read(lifeline_fd, 1)
    os.killpg(0, signal.SIGKILL)
