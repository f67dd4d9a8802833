"""How a running thread is interrupted without ever hitting the wrong task or cutting the engine's own code.

Each worker has a :class:`Gate`. The supervisor, the only injector, sends an asynchronous exception only while it holds
the gate's lock, which it takes without waiting, and only if the gate is still for the run that it means. The worker
holds that lock until it calls a task's function and takes it back when the function has returned, then drains what is
still pending; for a while it takes it with :data:`shield`, around every step of the engine that must not be cut in two.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from threading import get_ident
from types import TracebackType

from .errors import TaskInterrupt

# PyThreadState_SetAsyncExc, https://docs.python.org/3/c-api/init.html: called with the GIL held (PYFUNCTYPE).
_send = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.py_object)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)
_clear = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)


_clock_of: Callable[[int], int] | None = getattr(time, "pthread_getcpuclockid", None)  # not on every system


#: Up to 3.11 one flag tells all threads that one of them has an exception to receive. A thread with a tracer (a
#: debugger's, or one that measures coverage) that sees it goes no further until it is lowered, which is done by whoever
#: receives an exception; a thread that has one raises it anew when it takes the interpreter.
_HALTS_TRACED_THREADS = sys.version_info < (3, 12)


class _Seen(BaseException):
    """What a thread sends itself and receives at once, to lower that flag."""


def drain(ident: int) -> None:
    """Takes back an asynchronous exception that thread ``ident``, the calling one, has not yet received.

    Python delivers one when it next looks, which it does after each call; but up to 3.12 a thread that receives its
    own also lowers the flag that makes the others look, so theirs may come much later.
    """
    _clear(ident, None)
    if _HALTS_TRACED_THREADS:
        try:
            _send(ident, _Seen)
        except _Seen:
            pass


class Gate:
    """Says whether the run of a task may be interrupted right now. Made shut, by the thread that runs the task.

    A gate serves one run after the other until an interrupt has been sent through it. After that run it is thrown
    away, as only a gate that nothing has passed is certainly held exactly once.

    Attributes:
        lock: held by the running thread while it must not be interrupted. Re-entrant, so that it may be taken
            again after an interrupt that landed in the act of taking it.
        run: the task that it is for. Written by the thread that holds ``lock``.
        was_used: an interrupt was sent at least once. Written and read under ``lock``.
        depth: how many shields are nested; only the running thread touches it.
    """

    __slots__ = ("depth", "ident", "lock", "run", "was_used")

    def __init__(self, ident: int) -> None:
        self.lock = threading.RLock()
        self.lock.acquire()
        self.ident = ident
        self.run: object = None
        self.was_used = False
        self.depth = 0

    def interrupt(self, run: object, why: type[TaskInterrupt]) -> None:
        """Sends ``why`` to the thread of that run, in place of one that it hasn't received yet; not while it's shut.

        Supervisor only.
        """
        if self.lock.acquire(blocking=False):
            try:
                if self.run is run:
                    self.was_used = True
                    _send(self.ident, why)
                    if _HALTS_TRACED_THREADS:
                        try:
                            _send(get_ident(), _Seen)  # not by a function, whose call would halt here
                        except _Seen:
                            pass
            finally:
                self.lock.release()

    def cpu_s(self, run: object) -> float | None:
        """The processor time that the thread of that run has used, in seconds; None if that can't be told now.

        Supervisor only. Asked while the lock is held, as a thread that has ended must not be asked about.
        """
        if _clock_of is None or not self.lock.acquire(blocking=False):
            return None
        try:
            return time.clock_gettime(_clock_of(self.ident)) if self.run is run else None
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
        except BaseException:  # pragma: no cover  # too rare to be tried
            # An interrupt landed between the lock and the draining: give the lock back if we got it.
            try:
                self.lock.release()
            except RuntimeError:
                pass
            raise

    def reopen(self) -> None:
        """Ends what :meth:`shut` began; nothing if that was in another thread or run, as it may be in a generator."""
        if self.depth:
            self.depth -= 1
            if not self.depth:
                self.lock.release()


#: The gates of the threads that run tasks, by thread identifier; each thread writes its own entry, and takes it out in
#: the end. Thread-local data would take half a kilobyte more of each thread.
gates: dict[int, Gate] = {}


def own_gate() -> Gate | None:
    """The gate of the calling thread; None if it runs no tasks."""
    return gates.get(get_ident())


class Shield:
    """``with shield:`` keeps interrupts of the current thread's task out of a block; free where no task runs."""

    __slots__ = ()

    def __enter__(self) -> None:
        gate = gates.get(get_ident())
        if gate is not None:
            gate.shut()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        gate = gates.get(get_ident())
        if gate is not None:
            gate.reopen()


#: The one shield; it has no state of its own.
shield = Shield()
