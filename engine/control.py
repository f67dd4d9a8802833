"""TaskControl: the task manager that users hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import replace
from threading import get_ident
from types import TracebackType
from typing import Any, NoReturn

from . import arguments, records
from .awaiting import Awaiting
from .calls import Call, to_rerun, why_not
from .clearing import Clearing
from .errors import ShutDown, TaskCancelled
from .feed import Change
from .hooks import Hook
from .ids import NewIds
from .interrupts import gates, shield
from .options import PLAIN, Options
from .retries import Retry, check_retries
from .runtime import Runtime
from .settings import check_settings
from .status import WORDS
from .store import Keeper, Query, TinyDB
from .subscription import Subscription
from .task import Task
from .watching import Watcher

#: The usual number of further attempts. Any other that is as much, like False, is checked like the rest.
_NEVER = 0


class TaskControl(Clearing):
    """Runs functions as tasks on threads of this process and keeps a record of each.

    Every method may be called from any thread, from inside tasks as well. No thread is started before the first
    task is added; the threads that run tasks are reused and end when they have been idle for a while.

    Args:
        max_workers: how many tasks may run at once. Those beyond it stay Suspended, ``waiting_for`` a ``"seat"``.
        history: how many changes are kept for those who follow them, see :meth:`subscribe`.
        capture_logs: whether what ``logging`` emits inside of a task goes to the task's log as well.
        stuck_after: for how many seconds the thread of a running task must not have moved to be called stuck on the
            task's record; None to never look.
        max_processes: how many tasks with ``isolation="process"`` may run at once; None for one on each processor.
        keep_for: for how many seconds after a task's end its record is kept; None to keep all.
        max_records: how many records are kept, unfinished tasks' included; beyond it, those go that ended first.

    Attributes:
        db: the records, as a TinyDB in memory: all its methods work, at any time.
        dbQuery: a TinyDB ``Query``, for conditions such as ``taskman.dbQuery.status == 1``.
        status_code: the five descriptions, indexed by status code.
    """

    def __init__(
        self,
        *,
        max_workers: int = 1000,
        history: int = 16_384,
        capture_logs: bool = True,
        stuck_after: float | None = 60.0,
        max_processes: int | None = None,
        keep_for: float | None = None,
        max_records: int | None = None,
    ) -> None:
        settings = check_settings(max_workers, max_processes, capture_logs, stuck_after, keep_for, max_records)
        keeper = Keeper(arguments.check_whole(history, "history"))
        super().__init__(keeper, Runtime(keeper, settings, self.remove))
        self.db: TinyDB = self._keeper.db
        self.dbQuery = Query()
        self.status_code = list(WORDS)
        self._awaiting = Awaiting(self._runtime.waiting)
        self._new_id = NewIds().take
        self._find_live, self._admit = self._runtime.tasks.live.get, self._runtime.life.admit
        self._wait_outside = self._runtime.waiting.wait_outside

    @property
    def boot_id(self) -> str:
        """A random text of this manager: revisions of another manager mean nothing here."""
        return self._runtime.boot_id

    @property
    def is_forked(self) -> bool:
        """Whether this is a forked child's copy of a manager that had been used: it can be read, and runs nothing."""
        return self._runtime.is_orphan

    # -- settings

    @property
    def max_workers(self) -> int:
        """How many tasks may run at once."""
        return self._runtime.pool.max_workers

    @property
    def thread_timeout(self) -> float | None:
        """The limit in seconds of tasks that have none of their own; None for no limit. Read when a task starts."""
        return self._runtime.life.thread_timeout

    @thread_timeout.setter
    def thread_timeout(self, seconds: float | None) -> None:
        self._runtime.life.thread_timeout = arguments.check_limit(seconds)

    @property
    def suspend_refresh(self) -> float:
        """Suspended tasks are looked at again at least this often, in seconds.

        Normally nothing waits for it: a task starts the moment its last dependency has completed.
        """
        return self._runtime.refresh.interval_s

    @suspend_refresh.setter
    def suspend_refresh(self, seconds: float) -> None:
        checked = arguments.check_limit(seconds, "suspend_refresh")
        if checked is None:
            raise TypeError("suspend_refresh must be a number of seconds, not None; float('inf') never looks again")
        with shield:
            self._runtime.refresh.interval_s = checked

    # -- tasks

    def add(
        self,
        name: str,
        function: Callable[..., Any],
        depend_on: str | Iterable[str] | None = None,
        get_result: bool = False,
        thread_timeout: float | None = None,
        *,
        isolation: str = "thread",
        retries: int | Retry = _NEVER,
        on_failure: str = "cancel",
    ) -> str:
        """Adds a task and returns its id, ten hexadecimal digits, at once. The task starts as soon as it may.

        Args:
            name: what people see.
            function: called with the task's :class:`TaskHandle`; without it, if it takes no argument.
            depend_on: the id of a task, or several, that must be Completed first. If one of them ends otherwise,
                or its record is removed before, this task becomes Canceled; see ``on_failure``.
            get_result: whether to keep what the function returns.
            thread_timeout: the task's own limit in seconds, from the call of its function on; None for the
                manager's default, ``float("inf")`` for no limit.
            isolation: ``"process"`` to have the function run in a process of its own, which a cancel or the limit
                kills, and whose crash is only the task's error; needs the package ``cloudpickle``.
            retries: how many further attempts there may be after a failure, or a :class:`Retry` that says more. Between
                attempts the task is Suspended, and ``thread_timeout`` is for each attempt.
            on_failure: ``"run"`` to run this task all the same when one that it depends on doesn't complete.

        Raises:
            TypeError, ValueError: an argument is not as described; nothing was added.
            UnknownTask: ``depend_on`` names a task that isn't known here.
            ShutDown: the manager has been shut down.
            Forked: this process is a child of the one that the manager belongs to.
        """
        if not isinstance(name, str):
            raise arguments.no_name(name)
        takes_handle = arguments.takes_handle(function)
        named: str | tuple[str, ...] = ()
        blockers: Sequence[Task] | None = ()
        if depend_on is not None:
            named, blockers = arguments.check_dependencies(depend_on, self._find_live)
        options = PLAIN[takes_handle][bool(get_result)]
        if not (thread_timeout is None and retries is _NEVER and isolation == "thread" and on_failure == "cancel"):
            limit, retry = arguments.check_limit(thread_timeout), check_retries(retries)
            runs_anyway, backend = arguments.check_on_failure(on_failure), None
            if arguments.check_isolation(isolation):
                backend = self._runtime.processes
                function = backend.packed(function, takes_handle)
            options = Options(takes_handle, options.keeps_result, limit, backend, retry, runs_anyway)
        task_id = self._new_id()
        task = Task(task_id, name, function, options, copy_context(), named)
        if get_ident() not in gates:
            self._admit(task, blockers)
        else:  # in a task, which may be interrupted
            with shield:
                self._admit(task, blockers)
        return task_id

    def run_again(self, ids: str | Iterable[str], failed_dependants: bool = False) -> list[str]:
        """Adds new tasks that do what failed ones were to do, each once; returns their ids, oldest origin first.

        Args:
            ids: one task, which must be one that can be run again; or several, of which others are passed over.
            failed_dependants: whether to run those again as well that were canceled because of them. The new ones
                depend on each other as the old ones did.

        The new records name their origin as ``retry_of``; the old ones stay, and name in ``reruns`` what does them
        again. Of a single task raises UnknownTask, and ValueError if it hasn't ended as Error or Canceled, or depends
        on one that hasn't completed. Raises ShutDown and Forked.
        """
        if isinstance(ids, str):
            self._record(ids)
        found = self._by_id()
        reruns = to_rerun(self._runtime.calls, found, set(arguments.check_ids(ids)), failed_dependants)
        if isinstance(ids, str) and not reruns:
            raise why_not(self._runtime.calls, found, ids)
        new_ids: dict[str, str] = {}
        for rerun in reruns:
            # What has completed may be removed while others are added.
            kept = [one for one in rerun.depends_on if one in new_ids or self._keeper.find(one) is not None]
            dependencies = [new_ids.get(one, one) for one in kept]
            new_ids[rerun.task_id] = self._add_call(rerun.call, dependencies, rerun.task_id)
        return list(new_ids.values())

    def run_again_preview(self, ids: str | Iterable[str], failed_dependants: bool = False) -> list[str]:
        """The ids of the tasks that :meth:`run_again` with these arguments would run again now, oldest first."""
        named = set(arguments.check_ids(ids))
        return [rerun.task_id for rerun in to_rerun(self._runtime.calls, self._by_id(), named, failed_dependants)]

    def _by_id(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for record in self._keeper.moment().records:
            found.setdefault(record["id"], record)
        return found

    def _add_call(self, call: Call, dependencies: list[str], origin: str) -> str:
        task_id = self._new_id()
        depend_on = dependencies[0] if len(dependencies) == 1 else dependencies
        named, blockers = arguments.check_dependencies(depend_on, self._find_live)
        options = replace(call.options, retry_of=origin)
        task = Task(task_id, call.name, call.function, options, copy_context(), named)
        with shield:
            self._admit(task, blockers)
            self._runtime.journal.tell_rerun(origin, task_id)
        return task_id

    def cancel(self, task_id: str) -> bool:
        """Ends a task as Canceled: True if this call did it, False if the task had ended. Never waits for its thread.

        A task that waits never starts. One that runs is asked to stop, then interrupted; its record's ``stopping``
        says how far that is. Raises UnknownTask.
        """
        task = self._runtime.tasks.find(task_id)
        if task is None:
            self._record(task_id)
            return False
        with shield:
            return self._runtime.life.decide(task, records.CANCELED, records.ON_REQUEST, TaskCancelled)

    def wait(self, ids: str | Iterable[str] | None = None, timeout: float | None = None) -> bool:
        """Waits until these tasks (None: all that are known now) have ended or are gone; False when time is over.

        Inside a task, the task lends its seat meanwhile, tasks that can't end before it are left out of "all", and
        naming one of them without a timeout raises WaitCycle. ``timeout`` is in seconds.
        """
        if timeout is None and type(ids) is str and get_ident() not in gates:
            return self._wait_outside(ids)
        named = None if ids is None else arguments.check_ids(ids)
        return self._runtime.waiting.wait(named, arguments.check_timeout(timeout))

    async def wait_async(self, ids: str | Iterable[str] | None = None, timeout: float | None = None) -> bool:
        """Waits as :meth:`wait` does, in a coroutine: the event loop goes on meanwhile."""
        named = None if ids is None else arguments.check_ids(ids)
        return await self._awaiting.wait(named, arguments.check_timeout(timeout))

    # -- following

    def subscribe(self, since: int | None = None) -> Subscription:
        """An iterator over all changes from now on, or from a revision on, in order. Close it, or use it in ``with``.

        Raises RevisionGone if the changes after ``since`` are not held any more.
        """
        return Subscription(self._keeper.feed, self.revision if since is None else arguments.check_revision(since))

    def changes(self, since: int, *, newest_only: bool = False) -> list[Change]:
        """The changes after a revision, in order. Raises RevisionGone if they are not held any more.

        ``newest_only`` leaves out all but the newest of each task, for those who only want to know how things stand.
        """
        return list(self._keeper.feed.after(arguments.check_revision(since), newest_only=newest_only))

    def on_transition(self, function: Hook) -> Hook:
        """Has ``function`` called with a :class:`Transition` whenever a task comes to another state, from now on.

        Returns the function, so this is a decorator, too. It is called on a thread for all hooks, one transition after
        the other in their order. Raises TypeError for what can't be called.
        """
        arguments.check_hook(function)
        with shield:
            self._runtime.ensure_hooks().add(function)
        return function

    def off_transition(self, function: Hook) -> bool:
        """Has a function not be called at transitions any more; False if it wasn't. A call under way goes on."""
        with shield:
            return self._runtime.hooks is not None and self._runtime.hooks.remove(function)

    # -- the end

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False, timeout: float | None = None) -> bool:
        """Takes no more tasks; lets those that there are end, or cancels them. True if all have ended.

        Args:
            wait: whether to return only when all tasks have ended (within ``timeout`` seconds, None: for ever) and
                their threads with them, as far as those can be stopped.
            cancel_futures: cancels what waits and what runs.
        """
        limit = arguments.check_timeout(timeout)
        with shield:
            self._runtime.life.refusal = ShutDown
            if cancel_futures:
                self._runtime.cancel_all()
        has_ended = self._runtime.wait_for_all(limit if wait else 0.0)
        with shield:
            self._runtime.close(join_s=_JOIN_S if wait else 0.0)
        return has_ended

    def __enter__(self) -> TaskControl:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.shutdown(cancel_futures=kind is not None and issubclass(kind, KeyboardInterrupt))

    # -- parts

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a TaskControl belongs to its process and can't be pickled. Have the function return what the next task "
            "needs, and add that task here."
        )


def add_watched(
    taskman: TaskControl,
    watcher: Watcher,
    name: str,
    call: Callable[[], Any],
    depend_on: list[str],
    limit: float | None,
) -> None:
    """Adds a task as :meth:`TaskControl.add` does, whose end is told to ``watcher``; that gets the task's id first."""
    named, blockers = arguments.check_dependencies(depend_on, taskman._find_live)  # noqa: SLF001  # of this file
    task_id = watcher.task_id = taskman._new_id()  # noqa: SLF001
    task = Task(task_id, name, call, Options(takes_handle=False, limit=limit), copy_context(), named)
    task.watcher = watcher
    with shield:
        taskman._admit(task, blockers)  # noqa: SLF001


#: How long shutdown waits for threads whose tasks have all ended; seconds. They need a moment, or can't be stopped.
_JOIN_S = 1.0
