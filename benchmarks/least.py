"""The least engine: what none can leave out that runs tasks on threads and keeps their records; a floor for graphs.

It does each step in the shortest way known here that is right with threads, and nothing else: no cancel, no limit that
is ever reached, no failure, one thread that runs tasks, no database that may be written to, no look while all is well.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

from engine import Status

COMPLETED, SUSPENDED, RUNNING = Status.COMPLETED.value, Status.SUSPENDED.value, Status.RUNNING.value
_HISTORY, _WRITE_DOWN_FROM = 16_384, 256

Record = dict[str, Any]
_FRESH: Record = dict.fromkeys(["id", "timestamp", "name", "depend_on", "error", "result", "thread"])
_FRESH |= {"status": SUSPENDED, "get_result": False, "perf": 0}


class _Node:
    """What is known of a task that hasn't ended."""

    __slots__ = (
        "id",
        "function",
        "takes_handle",
        "context",
        "keeps_result",
        "number",
        "record",
        "countdown",
        "dependants",
        "waiters",
        "stop",
        "has_ended",
    )

    def __init__(self, task_id: str, function: Callable[..., Any], keeps_result: bool, record: Record) -> None:
        self.id, self.function, self.keeps_result, self.record = task_id, function, keeps_result, record
        self.takes_handle = function.__code__.co_argcount == 1
        self.context = copy_context()
        self.number = 0
        self.countdown: list[int] = []
        self.dependants: dict[_Node, None] = {}
        self.waiters: tuple[Any, ...] = ()
        self.stop: type[BaseException] | None = None
        self.has_ended = False


class _Handle:
    """What a function is given."""

    __slots__ = ("node",)

    def __init__(self, node: _Node) -> None:
        self.node = node


class LeastEngine:
    """Runs tasks on one thread, each after those that it depends on; use it in ``with``."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.numbers: dict[str, int] = {}
        self._counts = [0] * 5
        self.changes: deque[tuple[str, Record]] = deque(maxlen=_HISTORY)
        self.limit: float | None = None
        self._ids = itertools.count(1)
        self._live: dict[str, _Node] = {}
        self._moves: deque[tuple[str, _Node, Record]] = deque()
        self._lock = threading.Lock()
        self._ready: deque[_Node | None] = deque()
        self._is_idle, self._alarm = False, threading.Lock()
        self._alarm.acquire()
        self._thread = threading.Thread(target=self._run, name="benchmark-least")
        self._thread.start()

    def __enter__(self) -> LeastEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._put(None)
        self._thread.join()

    def add(
        self, name: str, function: Callable[..., Any], depend_on: Sequence[str] | None = None, get_result: bool = False
    ) -> str:
        """Adds a task and returns its id; it starts when those have ended."""
        if not isinstance(name, str):
            raise TypeError("name must be a string")
        named = None if depend_on is None else list(dict.fromkeys(depend_on))
        task_id, now = f"{next(self._ids):010x}", time.time()
        record = _FRESH.copy()
        record["id"], record["timestamp"], record["name"], record["depend_on"] = task_id, now, name, named
        record["get_result"] = get_result
        node = _Node(task_id, function, get_result, record)
        blockers = []
        for one in named or ():
            blocker = self._live.get(one)
            if blocker is not None:
                blockers.append(blocker)
            elif one not in self.numbers:
                self._write_down()
                if one not in self.numbers:
                    raise LookupError(one)
        self._live[task_id] = node
        self._post("added", node, record)
        if blockers:
            node.countdown = list(range(len(blockers)))
            for blocker in blockers:
                blocker.dependants[node] = None
            for blocker in blockers:
                if blocker.has_ended and blocker.dependants.pop(node, self) is None and not node.countdown.pop():
                    self._put(node)
        else:
            self._put(node)
        return task_id

    def wait(self) -> None:
        """Until all tasks have ended, the newest first."""
        for node in reversed(list(self._live.values())):
            if node.has_ended:
                continue
            alarm = threading.Lock()
            alarm.acquire()
            node.waiters = (alarm,)
            if not node.has_ended and not alarm.acquire(timeout=60):
                raise RuntimeError(f"task {node.id} hasn't ended: nothing was measured")

    def counts(self) -> list[int]:
        """How many records have each status."""
        self._write_down()
        return self._counts

    def _put(self, node: _Node | None) -> None:
        self._ready.append(node)
        if self._is_idle:
            self._is_idle = False
            try:
                self._alarm.release()
            except RuntimeError:
                pass  # it has gone off already, and may do so for nothing

    def _take(self) -> _Node | None:
        while True:
            try:
                return self._ready.popleft()
            except IndexError:
                self._is_idle = True
            if not self._ready:
                self._alarm.acquire()

    def _run(self) -> None:
        gate, thread = threading.RLock(), threading.get_ident()
        gate.acquire()
        while (node := self._take()) is not None:
            limit, began = self.limit, time.monotonic()
            record = node.record = node.record.copy()
            record["status"], record["thread"] = RUNNING, thread
            self._post("changed", node, record)
            value = error = None
            try:
                gate.release()
                if node.stop is None:
                    arguments = (_Handle(node),) if node.takes_handle else ()
                    value = node.context.run(node.function, *arguments)
            except BaseException as raised:
                error = raised
            gate.acquire()
            if error is not None or limit is not None or self._live.pop(node.id, None) is None:
                raise RuntimeError("no task fails here, none has a limit, and each ends once") from error
            record = node.record.copy()
            record["status"], record["perf"] = COMPLETED, time.monotonic() - began
            if node.keeps_result:
                record["result"] = value
            self._post("changed", node, record)
            node.has_ended = True
            for waiter in node.waiters:
                waiter.release()
            for dependant in list(node.dependants):
                if node.dependants.pop(dependant, self) is None and not dependant.countdown.pop():
                    self._ready.append(dependant)

    def _post(self, kind: str, node: _Node, record: Record) -> None:
        self._moves.append((kind, node, record))
        if len(self._moves) > _WRITE_DOWN_FROM and self._lock.acquire(False):
            try:
                self._write_all()
            finally:
                self._lock.release()

    def _write_down(self) -> None:
        with self._lock:
            self._write_all()

    def _write_all(self) -> None:
        records, counts, changes, moves = self.records, self._counts, self.changes, self._moves
        for _ in range(len(moves)):
            kind, node, record = moves.popleft()
            number = node.number
            if not number:
                number = node.number = len(records) + 1
                self.numbers[node.id] = number
            else:
                counts[records[number]["status"]] -= 1
            records[number] = record
            counts[record["status"]] += 1
            changes.append((kind, record))
