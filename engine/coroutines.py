"""A coroutine as a task: it has an event loop of its own, and a stop reaches it as ``asyncio.CancelledError``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from .interrupts import shield
from .task import Task, check, is_shielded

if TYPE_CHECKING:
    import asyncio

#: How long the loop may take to hear of a stop, and the coroutine to close once it is told; seconds. After that its
#: thread is interrupted as that of any function.
HEAR_S = 0.25
CLOSE_S = 5.0

#: How long a cancellation waits for the end of a shield before it looks again; seconds.
_SHIELD_S = 0.01


def run_coroutine(coroutine: Coroutine[Any, Any, Any], task: Task) -> Any:
    """Runs the coroutine to its end in the calling thread, the task's own; what it returns or raises."""
    assert task.worker is not None
    try:
        check(task)
        with shield:  # half a module or half a loop would be left behind
            import asyncio  # for those who use it: it takes longer to load than the engine

            runner = asyncio.Runner()
            loop = task.worker.loop = TaskLoop(task, runner.get_loop())
        with runner:
            return runner.run(loop.main(coroutine))
    finally:
        coroutine.close()  # if it has never begun; else there is nothing left to close


class TaskLoop:
    """The event loop of one task's coroutine, as whoever stops the task sees it."""

    def __init__(self, task: Task, loop: asyncio.AbstractEventLoop) -> None:
        self.task = task
        self._loop = loop
        self._has_heard = False
        #: Made by the loop itself, before it can be rung.
        self._main: asyncio.Task[Any]

    async def main(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Awaits the coroutine so that a stop cancels it."""
        import asyncio

        main = asyncio.current_task()
        assert main is not None
        self._main = main
        self.task.add_alarm(self._ring)  # after a stop, too: alarms are sounded again until the thread is done
        return await coroutine

    def _ring(self) -> None:
        self._call(self._cancel)

    def _call(self, callback: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            pass  # the loop is closed: the coroutine is at its end

    def _cancel(self) -> None:
        self._has_heard = True
        if is_shielded(self.task):
            self._loop.call_later(_SHIELD_S, self._cancel)
        else:
            self._main.cancel()

    def _hear(self) -> None:
        self._has_heard = True

    def closes_in_order(self, stopped_s: float) -> bool:
        """Whether it may go on closing ``stopped_s`` seconds after the stop; asked again and again by the supervisor.

        The loop has heard of the stop, still runs, and hasn't taken too long.
        """
        has_heard, self._has_heard = self._has_heard, False
        self._call(self._hear)  # wakes it, too: a loop that sleeps can't be interrupted
        return stopped_s < HEAR_S or (has_heard and stopped_s < CLOSE_S)
