"""Waiting for tasks from within an event loop, which goes on meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .task import Task
from .waiting import Waiting

if TYPE_CHECKING:
    import asyncio


class Bell:
    """What the end of a task rings, from whatever thread, for a coroutine. More than once, and for nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rung: asyncio.Event) -> None:
        self._loop = loop
        self._rung = rung

    def wake(self) -> None:
        """Ends the sleep, or the next one."""
        try:
            self._loop.call_soon_threadsafe(self._rung.set)
        except RuntimeError:
            pass  # the loop is closed, and nobody sleeps there any more

    async def sleep(self) -> None:
        """Until it's rung."""
        await self._rung.wait()
        self._rung.clear()


class Awaiting:
    """Lets coroutines wait for tasks as ``waiting`` lets threads do it, those that run as tasks included."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        #: What the coroutines of each task wait for. An entry is touched by its task's own thread alone.
        self._awaited: dict[Task, list[frozenset[Task]]] = {}

    async def wait(self, ids: Iterable[str] | None, timeout: float | None) -> bool:
        """The same as :meth:`Waiting.wait`. Cancelled, it leaves nothing behind."""
        import asyncio  # who waits here has it; others needn't load it

        me = self._waiting.own_task()
        targets = self._waiting.targets(ids, me, is_bounded=timeout is not None)
        if not targets:
            return True
        awaited = frozenset(targets if timeout is None else ())
        bell = Bell(asyncio.get_running_loop(), asyncio.Event())
        if me is not None:
            self._begin(me, awaited)
        try:
            async with asyncio.timeout(timeout):
                await self._sleep_through(targets, bell)
        except TimeoutError:
            pass
        finally:
            if me is not None:
                self._end(me, awaited)
        return all(target.has_ended for target in targets)

    async def _sleep_through(self, targets: list[Task], bell: Bell) -> None:
        """Sleeps for one target after the other, the newest first: when that has ended, most others have, too."""
        for target in reversed(targets):
            try:
                while not target.has_ended and self._waiting.lie_down(target, bell):
                    await bell.sleep()
            finally:
                if not target.has_ended:
                    self._waiting.get_up(target, bell)

    def _begin(self, me: Task, awaited: frozenset[Task]) -> None:
        under_way = self._awaited.setdefault(me, [])
        under_way.append(awaited)
        self._waiting.leave_seat(me, frozenset().union(*under_way))

    def _end(self, me: Task, awaited: frozenset[Task]) -> None:
        under_way = self._awaited[me]
        under_way.remove(awaited)
        if under_way:
            self._waiting.leave_seat(me, frozenset().union(*under_way))
        else:
            del self._awaited[me]
            self._waiting.come_back(me)
