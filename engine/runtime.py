"""All that is behind one manager, put together; its end, and what a fork means for it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from . import capture
from .attempts import Attempts
from .backends import Processes
from .calls import Calls
from .edits import Edits
from .endings import Endings
from .errors import Forked, ShutDown
from .exit import finish_at_exit
from .forks import follow_forks
from .hooks import Hooks
from .journal import Journal
from .lifecycle import Lifecycle
from .moves import next_version
from .pool import Pool
from .refresh import Refresh
from .retention import Retention
from .settings import Settings
from .stopping import Stopper
from .store import Keeper
from .stuck import StuckWatch
from .supervisor import Supervisor
from .task import Task
from .unfinished import Unfinished
from .waiting import Waiting


class Runtime:
    """The parts of a manager. The threads hold it, whoever holds the manager.

    Args:
        remove: removes ended tasks' records by id.

    Attributes:
        is_orphan: whether this is a forked child, so that the tasks are another process's.
    """

    def __init__(self, keeper: Keeper, settings: Settings, remove: Callable[[list[str]], object]) -> None:
        self._keeper = keeper
        self._lock = keeper.lock
        self.boot_id = secrets.token_hex(8)
        self.is_orphan = False
        self.tasks = tasks = Unfinished()
        self.calls = Calls()
        self.supervisor = Supervisor(self._expire, may_rest=lambda: self.is_idle)
        call_at = self.supervisor.call_at
        self.journal = Journal(keeper, call_at)
        self.journal.lines.is_off = not settings.captures_logs
        if settings.captures_logs:
            capture.install()
        self.pool = Pool(settings.max_workers, call_at, self.journal.tell_waiting, self._watch_threads)
        self.processes = Processes(settings.max_processes, self.pool.submit, call_at, self.journal)
        self._watch = StuckWatch(settings.stuck_after_s, self.pool.in_hand, call_at, self.journal)
        stop, submit = Stopper(self.supervisor, self.pool, self.journal).stop, self.pool.submit
        note = None
        if settings.keep_for_s is not None or settings.max_records is not None:
            note = Retention(keeper, self.supervisor, settings.keep_for_s, settings.max_records, remove).note
        parts = keeper, tasks, self.journal, self.calls, self.supervisor
        self.endings = Endings(*parts, submit, stop, note)
        self.refresh = Refresh(self.supervisor, self.endings)
        attempts = Attempts(keeper, self.journal, self.supervisor, stop, submit)
        self.life = self.pool.engine = Lifecycle(*parts, self.pool, self.endings, self.refresh, attempts)
        self.waiting = Waiting(keeper, tasks.live, self.pool)
        #: Made with the first hook.
        self.hooks: Hooks | None = None
        edits = Edits(keeper, tasks, self.journal, self.calls.forget, self.life.follow_edit)
        keeper.watch(tasks.live, next_version, edits.review, edits.react)
        finish_at_exit(self)
        follow_forks(self)

    def _expire(self, task: Task) -> None:
        self.life.expire(task)

    def _watch_threads(self) -> None:
        self._watch.plan()

    def ensure_hooks(self) -> Hooks:
        """What calls users' functions at transitions."""
        with self._lock:
            if self.hooks is None:
                self.hooks = Hooks(self._keeper, lambda: self.is_idle)
                self.life.on_admission = self.hooks.ensure_thread
            return self.hooks

    # -- the end

    @property
    def is_idle(self) -> bool:
        """Whether all tasks have ended."""
        self._keeper.look()
        return self.tasks.is_empty

    @property
    def is_stalled(self) -> bool:
        """Whether tasks wait for a thread, none is at work, and the system gives no other."""
        return self.pool.is_stalled

    def wait_for_all(self, timeout: float | None = None) -> bool:
        """Until all tasks have ended; False when ``timeout`` seconds are over first."""
        return self.waiting.wait(None, timeout)

    def cancel_all(self) -> None:
        """Ends all tasks as Canceled on request. Called within ``shield``."""
        self.life.cancel_all()

    def close(self, join_s: float) -> None:
        """Lets threads and subscriptions end when their work is done; waits up to ``join_s`` seconds for threads."""
        self.life.refusal = self.life.refusal or ShutDown
        self.endings.is_closing = True
        if self.is_orphan:
            return  # none of the threads is here, and one that isn't may have held a lock
        self.endings.close_feed()
        self.pool.close()
        self.supervisor.close()
        until = time.monotonic() + join_s
        self.pool.join(join_s)
        self.processes.close(max(0.0, until - time.monotonic()))
        self.supervisor.join(max(0.0, until - time.monotonic()))
        if self.hooks is not None:
            self.hooks.join(join_s)

    # -- around a fork

    def hold(self) -> None:
        """Keeps records and tasks as they are until :meth:`let_go`."""
        self._lock.acquire()

    def let_go(self) -> None:
        """Ends what :meth:`hold` began."""
        self._lock.release()

    def orphan(self) -> None:
        """In a forked child: the records stay as they were, and nothing is waited for.

        A manager that had nothing to do before the fork is a new one here, not to be taken for its parent's.
        """
        self.is_orphan = self.is_orphan or self._keeper.revision > 0
        if self.is_orphan:
            self.life.refusal = self.life.refusal or Forked
            self.journal.lines.is_off = True  # nobody would write them down
        else:
            self.boot_id = secrets.token_hex(8)
        self.tasks.clear()
        self.calls.clear()
        self.processes.orphan()
