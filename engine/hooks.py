"""Users' functions that are called at every transition, on a thread of their own that the engine never waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from . import logs, records
from .errors import RevisionGone
from .feed import Change
from .status import FINAL, UNFINISHED, is_code
from .store import Keeper, Moment
from .subscription import Subscription

#: How long the thread stays when nothing is to be told; seconds.
_STAY_S = 10.0


class Transition(NamedTuple):
    """A task has come from one state to another.

    Attributes:
        id: the task's id.
        name: its name.
        before: the status code it had; None if it has just been added.
        after: the status code it has now.
        record: the version after the transition, read-only.
        revision: the number of that change.
    """

    id: str
    name: str
    before: int | None
    after: int
    record: Mapping[str, Any]
    revision: int


Hook = Callable[[Transition], Any]


class Hooks:
    """The hooks of one manager. The thread starts when a task is there, and ends when all has been told and done.

    Args:
        keeper: whose changes are followed.
        may_rest: whether all tasks have ended.
    """

    def __init__(self, keeper: Keeper, may_rest: Callable[[], bool]) -> None:
        self._keeper = keeper
        self._may_rest = may_rest
        #: Guards the start of the thread. No other lock is taken within.
        self._lock = threading.RLock()  # a finalizer may come back here
        #: Each hook with the revision after which it is told.
        self._hooks: dict[Hook, int] = {}
        self._thread: threading.Thread | None = None
        # The thread's own, while there is one: up to where it has told, and the states of unfinished tasks there.
        self._told = 0
        self._statuses: dict[str, int] = {}

    def add(self, hook: Hook) -> None:
        """Has the hook be told what happens from now on."""
        moment = self._keeper.moment()
        with self._lock:
            if not self._hooks and self._thread is None:
                self._begin(moment)
            self._hooks.setdefault(hook, moment.revision)
        if not self._may_rest():
            self.ensure_thread()

    def remove(self, hook: Hook) -> bool:
        """Has the hook not be called any more; whether it was there. A call that is under way goes on."""
        with self._lock:
            return self._hooks.pop(hook, None) is not None

    def ensure_thread(self) -> None:
        """Starts the thread if there is somebody to be told and it isn't there. Called after a task was added."""
        if self.is_there or not self._hooks:
            return
        with self._lock:
            if self._thread is not None:
                return
            thread = self._thread = threading.Thread(target=self._run, name="task-control-hooks", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # out of threads, or the interpreter is on its way out: the next call tries again
            self._thread = None

    @property
    def is_there(self) -> bool:
        """Whether the thread has been started and hasn't ended; may be asked without the lock."""
        return self._thread is not None

    def join(self, timeout: float) -> None:
        """Waits up to ``timeout`` seconds until everything has been told, once no more changes are to come."""
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)  # one that another thread is about to start can't be joined

    def _begin(self, moment: Moment) -> None:
        self._told = moment.revision
        self._statuses = {r["id"]: r["status"] for r in moment.records if _is_known(r) and r["status"] in UNFINISHED}

    def _run(self) -> None:
        subscription = None
        while True:
            try:
                subscription = subscription or Subscription(self._keeper.feed, self._told)
                changes = subscription.get(_STAY_S)
            except RevisionGone:
                self._skip()
                subscription = None
                continue
            for change in changes:
                self._take(change)
            if changes:
                continue
            if self._ends():
                return
            subscription = None  # somebody may have begun anew meanwhile

    def _ends(self) -> bool:
        if self._keeper.feed.is_closed:
            return True
        if self._hooks and not self._may_rest():
            return False
        self._thread = None  # before the look at what is new: whoever adds a task looks at this after it
        if not self._hooks or self._keeper.revision == self._told:
            return True
        with self._lock:
            if self.is_there:
                return True  # another one has been started for it
            self._thread = threading.current_thread()
            return False

    def _skip(self) -> None:
        """Goes on from now, as what comes next isn't held any more."""
        moment = self._keeper.moment()
        missing = moment.revision - self._told
        logs.tell(logs.WARNING, "hooks are too slow to be told all transitions: %d changes were passed over", missing)
        self._begin(moment)

    def _take(self, change: Change) -> None:
        self._told = change.revision
        record, task_id = change.record, change.id
        if task_id is None or not _is_known(record):
            return
        before, after = self._statuses.get(task_id), record["status"]
        is_news = change.kind == "added" or (change.kind == "changed" and before is not None and before != after)
        if change.kind == "removed" or after in FINAL:
            self._statuses.pop(task_id, None)
        elif is_news:
            self._statuses[task_id] = after
        if is_news:
            self._tell(Transition(task_id, record["name"], before, after, record, change.revision))

    def _tell(self, transition: Transition) -> None:
        for hook, since in tuple(self._hooks.items()):
            if since < transition.revision and hook in self._hooks:
                try:
                    hook(transition)
                except BaseException as error:  # whatever it was: the others are to be told, and what comes next
                    logs.tell(logs.ERROR, "hook %r failed at task %s", hook, transition.id, error=error)


def _is_known(record: Mapping[str, Any]) -> bool:
    return records.is_task(record) and is_code(record["status"])
