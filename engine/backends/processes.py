"""Tasks in processes: how many may run at once, and how a task's thread has a process run its function."""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from ..errors import ProcessDied
from ..interrupts import shield
from ..journal import Journal
from ..records import PROCESS
from ..records import Line as LogLine
from ..task import Task
from .parcels import (
    Call,
    Line,
    Message,
    Progress,
    Raised,
    Returned,
    check_surroundings,
    pack,
    unpack_error,
    unpack_value,
)
from .reserve import GRACE_S, Reserve

if TYPE_CHECKING:
    from .process import Process


class Processes:
    """Runs functions in processes, each supervised by the thread that runs the task.

    A task takes a place before it begins, so that its clock and its thread don't run while it waits for one. Processes
    are started when a task needs one and none is idle, and are used again.
    """

    def __init__(
        self,
        max_processes: int | None,
        submit: Callable[[Task], None],
        call_at: Callable[[float, Callable[[Any], None]], None],
        journal: Journal,
    ) -> None:
        self.max_processes = max_processes or _cpu_count()
        self._submit = submit
        self._journal = journal
        self._reserve = Reserve(call_at)
        #: Guards everything below; no other lock is taken within.
        self._lock = threading.RLock()  # a finalizer may come back here
        #: The tasks that have a place, each with its process until that is in use; those that wait, in their order.
        self._holders: dict[Task, Process | None] = {}
        self._parked: deque[Task] = deque()

    def packed(self, function: Callable[..., Any], takes_handle: bool) -> Callable[[Task], Any]:
        """What a task calls in place of a function that is to run in a process.

        Raises NotSendable, a TypeError, for a function that can't be sent there.
        """
        check_surroundings()
        return partial(self._run, pack(function), takes_handle)

    def close(self, grace_s: float) -> None:
        """Ends the processes: those that are idle now, within some seconds, and the others when their task ends."""
        self._reserve.close(grace_s)

    def orphan(self) -> None:
        """In a forked child: all of them belong to its parent."""
        self._lock = threading.RLock()
        self._holders.clear()
        self._parked.clear()
        self._reserve.orphan()

    # -- places. Called by worker threads while no interrupt can reach them

    def enter(self, task: Task) -> bool:
        """Gives a task a place and a process that is ready; without a place, it is submitted when it has got one.

        A process that can't be started is tried again when the task has begun: then it is the task's error.
        """
        with self._lock:
            has_place = task in self._holders or len(self._holders) < self.max_processes
            if has_place:
                self._holders[task] = None
            else:
                self._parked.append(task)
        if not has_place:
            self._journal.tell_waiting([task], PROCESS)
            return False
        try:
            self._holders[task] = self._reserve.take()
        except Exception:
            pass
        return True

    def leave(self, task: Task) -> None:
        """Gives a task's place, if it has one, to the first of those that wait."""
        following = None
        with self._lock:
            if task not in self._holders:
                return
            unused = self._holders.pop(task)
            while self._parked and following is None:
                first = self._parked.popleft()
                if first.stop is None:
                    following = first
                    self._holders[first] = None
        if unused is not None:
            self._reserve.keep(unused)
        if following is not None:
            self._submit(following)

    # -- running. Called by worker threads within a task

    def _run(self, function: bytes, takes_handle: bool, task: Task) -> Any:
        call = Call(task.id, task.name, takes_handle, task.options.keeps_result, sys.path, function)
        with shield:
            answer = self._ask(call, task)
        if isinstance(answer, Raised):
            raise unpack_error(answer)
        return unpack_value(answer)

    def _ask(self, call: Call, task: Task) -> Returned | Raised:
        """Has a process run a call; it is killed the moment that the task's end is decided."""
        process, self._holders[task] = self._holders[task] or self._reserve.take(), None
        self._journal.tell_process(task, process.pid)
        task.add_alarm(process.kill)
        if task.stop is not None:  # a stop from here on sets the alarm off
            process.kill()
        is_whole = False
        try:
            answer = _converse(process, call, task, self._journal)
            is_whole = answer is not None and _take_back(process, task)
        finally:
            if is_whole:
                self._reserve.keep(process)
            else:
                self._reserve.discard(process, 0.0 if task.stop is not None else GRACE_S)
        if answer is None:
            raise ProcessDied(process.exit_code)
        return answer


def _take_back(process: Process, task: Task) -> bool:
    """Has the end of a task not kill its process any more; False if it just does."""
    try:
        task.alarms.remove(process.kill)
    except ValueError:
        return False
    return True


def _converse(process: Process, call: Call, task: Task, journal: Journal) -> Returned | Raised | None:
    """Hands over a call, writes down what its function tells, and returns what came of it; None if the process died."""
    try:
        process.send(call)
        while True:
            message: Message = process.receive()
            if message.task_id != task.id:
                continue  # from a thread that an earlier task has left behind
            if isinstance(message, Progress):
                journal.tell_progress(task, message.told)
            elif isinstance(message, Line):
                _take_down(message.line, task, journal)
            elif isinstance(message, Returned | Raised):
                return message
    except (OSError, EOFError, UnpicklingError):
        return None


def _take_down(line: LogLine, task: Task, journal: Journal) -> None:
    if line["logger"] is None:
        journal.tell_lines(task, line)
    elif not journal.lines.is_off:
        journal.lines.add(task, line)


def _cpu_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
