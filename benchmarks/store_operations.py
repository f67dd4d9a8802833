"""The operations on one record that are timed, on stores of several sizes, ours and TinyDB's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from random import Random
from typing import Any, NamedTuple

from tinydb import TinyDB, where
from tinydb.storages import MemoryStorage

from engine import TaskControl

from .timing import Series, interleaved

OURS, PEER = "Task Control", "TinyDB"

#: What processor and memory cost even without a store: the status out of a dict of the same records.
DICT = "(a dict)"

#: Operations timed together: a single one of ours is too short for the clock, and one of TinyDB's long enough.
OUR_BATCH = 100
PEER_BATCHES = {100: 100, 10_000: 5, 100_000: 1}

#: How often the same is done again to the same records.
WARM_PASSES = 5

#: How often ours are timed in each round: their batches are short, so that a little noise hits them hard.
OUR_TURNS = 4

Ids = list[str]
Document = dict[str, Any]


class Case(NamedTuple):
    """One operation on one store."""

    operation: str
    store: str
    size: int
    is_warm: bool = False  #: the same has been done to the same records just before


Measured = dict[Case, Series]


def measure(sizes: Sequence[int], peer_sizes: Sequence[int], rounds: int) -> Measured:
    """The seconds for one operation, for every operation on every store."""
    pattern = _record()
    ours: dict[Case, Callable[[], float]] = {}
    for size in sizes:
        ours |= _ours(size, pattern)
    peers: dict[Case, Callable[[], float]] = {}
    for size in peer_sizes:
        peers |= _peers(size, pattern)
    return interleaved(*[ours] * OUR_TURNS, peers, rounds=rounds)


def _ours(size: int, pattern: Document) -> dict[Case, Callable[[], float]]:
    taskman = TaskControl()
    taskman.db.insert_multiple(_documents(pattern, size))
    batches = _Batches(size, OUR_BATCH)
    cases: dict[Case, Callable[[], float]] = {}
    by_id = {record["id"]: record for record in taskman.db}
    engine = {"get_task": taskman.get_task, "get_status": taskman.get_status}
    bare = {DICT: lambda task_id: by_id[task_id]["status"]}
    for operation, one in {**_on_known(taskman.db), **engine, **bare}.items():
        cases[Case(operation, OURS, size)] = partial(_each, one, batches.known)
        cases[Case(operation, OURS, size, is_warm=True)] = partial(_each_again, one, batches.known)
    for operation, contestant in _on_new(taskman.db, pattern, batches).items():
        cases[Case(operation, OURS, size)] = contestant
    return cases


def _peers(size: int, pattern: Document) -> dict[Case, Callable[[], float]]:
    database = TinyDB(storage=MemoryStorage)
    database.insert_multiple(_documents(pattern, size))
    batches = _Batches(size, PEER_BATCHES[size])
    cases: dict[Case, Callable[[], float]] = {}
    for operation, one in _on_known(database).items():
        cases[Case(operation, PEER, size)] = partial(_each, one, batches.known)
    for operation, contestant in _on_new(database, pattern, batches).items():
        cases[Case(operation, PEER, size)] = contestant
    return cases


def _record() -> Document:
    """The record of a task that has ended, as the engine writes it."""
    with TaskControl() as taskman:
        task_id = taskman.add("Resize a picture", lambda: None)
        taskman.wait()
        return dict(taskman.get_task(task_id)[0])


def _documents(pattern: Document, size: int) -> Iterator[Document]:
    return ({**pattern, "id": _id(number)} for number in range(size))


def _id(number: int) -> str:
    return f"{number:010x}"


class _Batches:
    """Ids for a round's operations: of records that are there, in no order, and of such as aren't there yet."""

    def __init__(self, size: int, length: int) -> None:
        self._size = size
        self._length = length
        self._random = Random(size)
        self._unused = count(size)

    def known(self) -> Ids:
        """Ids of different records, others each time."""
        return [_id(number) for number in self._random.sample(range(self._size), self._length)]

    def new(self) -> Ids:
        """Ids that no record has had."""
        return [_id(next(self._unused)) for _ in range(self._length)]


def _on_known(database: TinyDB) -> dict[str, Callable[[str], object]]:
    """What is done to one record that is there."""
    return {
        "get": lambda task_id: database.get(where("id") == task_id),
        "search": lambda task_id: database.search(where("id") == task_id),
        "update": lambda task_id: database.update({"name": "Seen"}, where("id") == task_id),
    }


def _on_new(database: TinyDB, pattern: Document, batches: _Batches) -> dict[str, Callable[[], float]]:
    """What makes records come and go; each leaves as many records as it found."""

    def insert(task_id: str) -> None:
        database.insert({**pattern, "id": task_id})

    def remove(task_id: str) -> None:
        database.remove(where("id") == task_id)

    def time_insert() -> float:
        ids = batches.new()
        took_s = _each(insert, lambda: ids)
        for task_id in ids:
            remove(task_id)
        return took_s

    def time_remove() -> float:
        ids = batches.new()
        for task_id in ids:
            insert(task_id)
        return _each(remove, lambda: ids)

    return {"insert": time_insert, "remove": time_remove}


def _each(operation: Callable[[str], object], batch: Callable[[], Ids]) -> float:
    """The seconds that the operation takes for one id."""
    ids = batch()
    begun = time.perf_counter()
    for task_id in ids:
        operation(task_id)
    return (time.perf_counter() - begun) / len(ids)


def _each_again(operation: Callable[[str], object], batch: Callable[[], Ids]) -> float:
    """The seconds that the operation takes for one id when it has been done before."""
    ids = batch()
    _each(operation, lambda: ids)
    return _each(operation, lambda: ids * WARM_PASSES)
