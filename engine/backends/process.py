"""One process for tasks, as the manager's process holds it: started, called, killed, seen out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection

from .parcels import Call, Message, Ready

#: How long a killed process may take to be gone before nobody waits for it any more, and between two looks; seconds.
_KILL_S = 1.0
_LOOK_S = 0.001


class Process:
    """A fresh interpreter that runs :mod:`.inside`, in a process group of its own.

    Not forked: a fork of a process with threads may find any lock held. Not by ``multiprocessing``, which runs the
    main script again in the new process.

    Raises OSError when the system can't start one.
    """

    def __init__(self) -> None:
        #: Monotonic seconds since when it has been idle, or asked to leave.
        self.since = 0.0
        #: What it has ended with by itself, once it is seen out.
        self.exit_code: int | None = None
        #: Guards the process's number, which may be another's as soon as it is reaped. A finalizer may come back here.
        self._lock = threading.RLock()
        self._is_reaped = False
        self._socket, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; "
            f"from {__package__}.inside import main; main({theirs.fileno()}, {lifeline})"
        )
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), lifeline),
                process_group=0,
            )
        except BaseException:
            self._socket.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self.pid = self._popen.pid
        self._channel: Connection[Call, Message] = Connection(os.dup(self._socket.fileno()))

    def is_ready(self, patience_s: float) -> bool:
        """Whether it comes to take calls within some seconds. Asked once."""
        try:
            return self._channel.poll(patience_s) and isinstance(self._channel.recv(), Ready)
        except (OSError, EOFError):
            return False

    def send(self, call: Call) -> None:
        """Hands over a call. Raises OSError if the process is gone."""
        self._channel.send(call)

    def receive(self) -> Message:
        """The next message, after waiting for it. Raises OSError or EOFError if the process is gone."""
        return self._channel.recv()

    def kill(self) -> None:
        """Ends it and all that it has started, at once, and wakes who waits in :meth:`receive`. From any thread."""
        with self._lock:
            if not self._is_reaped:
                for kill, number in ((os.killpg, self.pid), (os.kill, self.pid)):
                    try:
                        kill(number, signal.SIGKILL)
                    except (ProcessLookupError, PermissionError):  # macOS says the latter of what is dead already
                        pass
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # closed already

    def dismiss(self) -> None:
        """Has it end by itself, soon. It must be idle."""
        self._channel.close()
        self._socket.close()

    def see_out(self, patience_s: float) -> bool:
        """Waits some seconds for it to end by itself, then kills it, and what it has started in any case.

        False if even that doesn't end it soon: then this may be called again.
        """
        ended_itself = self._wait_for_death(patience_s)
        self.kill()
        if not self._wait_for_death(_KILL_S):
            return False
        with self._lock:
            code = self._popen.wait()
            self._is_reaped = True
        if ended_itself:
            self.exit_code = code
        self.let_go()
        return True

    @property
    def is_dead(self) -> bool:
        """Whether it has ended. It keeps its number until it is seen out."""
        if not hasattr(os, "waitid"):  # macOS up to Python 3.12: it can't be asked without giving the number back
            with self._lock:
                self._is_reaped = self._popen.poll() is not None
                return self._is_reaped
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            self._is_reaped = True  # by somebody else, or by the system where SIGCHLD is ignored
            return True

    def let_go(self) -> None:
        """Closes our ends of all connections."""
        self.dismiss()
        lifeline, self._lifeline = self._lifeline, -1
        if lifeline >= 0:
            os.close(lifeline)

    def forget(self) -> None:
        """In a forked child: it is another process's."""
        self.let_go()
        self._is_reaped = True
        self._popen.returncode = 0  # else its finalizer warns of a process that still runs

    def _wait_for_death(self, patience_s: float) -> bool:
        until = time.monotonic() + patience_s
        while not self.is_dead:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_S)
        return True
