"""The futures of one executor that aren't over: what its shutdown, the interpreter's exit and a fork have to know."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .errors import ShutDown
from .exit import finish_at_exit
from .forks import follow_forks
from .interrupts import shield

if TYPE_CHECKING:
    from .futures import TaskFuture


class ShieldedLock:
    """A re-entrant lock that a task is not interrupted with, as nobody else could have it ever after.

    It is for conditions: a thread that waits in one may be interrupted.
    """

    def __init__(self) -> None:
        lock: Any = threading.RLock
        self._lock = lock()
        # What threading.Condition takes from a re-entrant lock besides; ``locked`` is there since 3.14.
        self._is_owned = self._lock._is_owned  # noqa: SLF001
        self.locked = getattr(self._lock, "locked", None)

    def acquire(self) -> bool:
        """As ``threading.RLock`` does, but there is no end to the patience."""
        shield.__enter__()
        return bool(self._lock.acquire())

    def release(self) -> None:
        """As ``threading.RLock`` does."""
        self._lock.release()
        shield.__exit__(None, None, None)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()


class Outstanding:
    """Futures from their submission until their callbacks have run. To the exit hook, it is one more manager."""

    def __init__(self) -> None:
        #: Guards everything below; no other lock is taken while it is held.
        self._condition = threading.Condition(ShieldedLock())  # type: ignore[arg-type]  # it has all that is used
        self._futures: dict[TaskFuture[Any], None] = {}
        self._is_shut_down = False
        finish_at_exit(self)
        follow_forks(self)

    def add(self, future: TaskFuture[Any]) -> None:
        """Takes a future in; raises ShutDown after :meth:`shut_down`."""
        with self._condition:
            if self._is_shut_down:
                raise ShutDown("TaskExecutor")
            self._futures[future] = None

    def discard(self, future: TaskFuture[Any]) -> None:
        """The future is over, or its task was never added."""
        with self._condition:
            self._futures.pop(future, None)
            self._condition.notify_all()

    def shut_down(self) -> list[TaskFuture[Any]]:
        """Lets nothing in any more; returns what there is, oldest first."""
        with self._condition:
            self._is_shut_down = True
            return list(self._futures)

    # -- as exit and forks want it

    @property
    def is_idle(self) -> bool:
        """Whether all are over."""
        return not self._futures

    @property
    def is_stalled(self) -> bool:
        """Never: their manager is."""
        return False

    def wait_for_all(self, timeout: float | None = None) -> bool:
        """Until all are over, but for those whose callback it is that asks; False after ``timeout`` seconds."""
        with self._condition:
            own = sum(future.is_told_here for future in self._futures)
            return self._condition.wait_for(lambda: len(self._futures) <= own, timeout)

    def cancel_all(self) -> None:
        """Nothing: their manager cancels their tasks."""

    def close(self, join_s: float) -> None:
        """Nothing: there are no threads of its own."""

    def hold(self) -> None:
        """Keeps everything as it is until :meth:`let_go`."""
        self._condition.acquire()

    def let_go(self) -> None:
        """Ends what :meth:`hold` began."""
        self._condition.release()

    def orphan(self) -> None:
        """In a forked child: their tasks run in the parent, and nobody waits here."""
        self._futures.clear()
