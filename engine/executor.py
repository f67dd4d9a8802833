"""A manager as an executor of the standard library: submit, map, futures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from .arguments import check_limit
from .control import TaskControl, add_watched
from .futures import TaskFuture
from .outstanding import Outstanding

Params = ParamSpec("Params")
Result = TypeVar("Result")


class TaskExecutor(Executor):
    """Runs calls as tasks: what takes a ``concurrent.futures.Executor`` takes this, and the panel shows what runs.

    Args:
        taskman: the manager that runs them; it stays its owner's to shut down. None: one of the executor's own, which
            is shut down with it.
        max_workers: how many may run at once, of an own manager.
        thread_timeout: the limit in seconds of each call; None for the manager's.

    Attributes:
        taskman: the manager.
    """

    def __init__(
        self,
        taskman: TaskControl | None = None,
        *,
        max_workers: int | None = None,
        thread_timeout: float | None = None,
    ) -> None:
        if taskman is not None and max_workers is not None:
            raise TypeError(
                "max_workers is the manager's: TaskExecutor(TaskControl(max_workers=...)), or leave out taskman"
            )
        self._limit = check_limit(thread_timeout)
        self._is_owner = taskman is None
        if taskman is None:
            taskman = TaskControl() if max_workers is None else TaskControl(max_workers=max_workers)
        self.taskman = taskman
        self._outstanding = Outstanding()

    def submit(
        self, fn: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs
    ) -> TaskFuture[Result]:
        """Adds a task that calls ``fn(*args, **kwargs)``, named as the function; returns its future.

        Raises ShutDown, a RuntimeError, after :meth:`shutdown`.
        """
        return self._submit([], partial(fn, *args, **kwargs), fn)

    def submit_after(
        self,
        depend_on: str | TaskFuture[Any] | Iterable[str | TaskFuture[Any]],
        fn: Callable[Params, Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> TaskFuture[Result]:
        """As :meth:`submit`; the task starts when those (ids or futures) have completed, and is cancelled with them."""
        several = [depend_on] if isinstance(depend_on, (str, TaskFuture)) else list(depend_on)
        ids = [one.task_id if isinstance(one, TaskFuture) else one for one in several]
        return self._submit(ids, partial(fn, *args, **kwargs), fn)

    def _submit(self, dependencies: list[str], call: Callable[[], Result], function: object) -> TaskFuture[Result]:
        future: TaskFuture[Result] = TaskFuture(self.taskman, self._outstanding.discard)
        self._outstanding.add(future)
        try:
            add_watched(self.taskman, future, _name_of(function), call, dependencies, self._limit)
        except BaseException:
            self._outstanding.discard(future)
            raise
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more calls. The manager goes on, unless it is the executor's own.

        Args:
            wait: whether to return only when all calls have ended and their callbacks have run.
            cancel_futures: cancels those that have not begun.
        """
        futures = self._outstanding.shut_down()
        if cancel_futures:
            for future in futures:
                future.cancel_pending()
        if wait:
            self.taskman.wait([future.task_id for future in futures])
            self._outstanding.wait_for_all()
        if self._is_owner:
            self.taskman.shutdown(wait=wait)


def _name_of(function: object) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
