"""How a running thread is interrupted without ever hitting the wrong task or cutting the engine's own code.

Each run of a task has a :class:`Gate`. The supervisor, the only injector, sends an asynchronous exception only
while it holds the gate's lock, which it takes without waiting. The thread that runs the task holds that lock until
it calls the function, takes it for good when the function has returned, then drains what is still pending; for a
while it takes it with :data:`shield`, around every step of the engine that must not be cut in two.
"""

from __future__ import annotations

import ctypes
import threading
from types import TracebackType

from .errors import TaskInterrupt, running

# PyThreadState_SetAsyncExc, https://docs.python.org/3/c-api/init.html: called with the GIL held (PYFUNCTYPE).
_send = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_clear = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)


def drain(ident: int) -> None:
    """Takes back an asynchronous exception that thread ``ident``, the calling one, has not yet received.

    Python delivers one when it next looks, which it does after each call; but up to 3.12 a thread that receives its
    own also lowers the flag that makes the others look, so theirs may come much later.
    """
    _clear(ident, None)


class Gate:
    """Says whether one run of a task may be interrupted right now. Made shut, by the thread that runs the task.

    Attributes:
        lock: held by the running thread while it must not be interrupted. Re-entrant, so that it may be taken
            again after an interrupt that landed in the act of taking it.
        was_used: an interrupt was sent at least once. Written and read under ``lock``.
        depth: how many shields are nested; only the running thread touches it.
    """

    __slots__ = ("depth", "ident", "lock", "was_used")

    def __init__(self, ident: int) -> None:
        self.lock = threading.RLock()
        self.lock.acquire()
        self.ident = ident
        self.was_used = False
        self.depth = 0

    def interrupt(self, why: type[TaskInterrupt]) -> None:
        """Sends ``why`` to the running thread, in place of one that it hasn't received yet; not while it's shut.

        Supervisor only.
        """
        if self.lock.acquire(blocking=False):
            try:
                self.was_used = True
                _send(self.ident, why)
            finally:
                self.lock.release()

    def shut(self) -> None:
        """Keeps interrupts out until :meth:`reopen`; takes back one that is under way (it will be sent again)."""
        if self.depth:
            self.depth += 1
            return
        try:
            self.lock.acquire()
            if self.was_used:
                drain(self.ident)
            self.depth = 1
        except BaseException:
            # An interrupt landed between the lock and the draining: give the lock back if we got it.
            try:
                self.lock.release()
            except RuntimeError:
                pass
            raise

    def reopen(self) -> None:
        """Ends what :meth:`shut` began."""
        self.depth -= 1
        if not self.depth:
            self.lock.release()


class Shield:
    """``with shield:`` keeps interrupts of the current thread's task out of a block; free where no task runs."""

    __slots__ = ()

    def __enter__(self) -> None:
        gate = getattr(running, "gate", None)
        if gate is not None:
            gate.shut()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        gate = getattr(running, "gate", None)
        if gate is not None:
            gate.reopen()


#: The one shield; it has no state of its own.
shield = Shield()
