"""Which records a list shows and in what order; the page and the API ask the same way."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine import Reason, Status, TaskControl, UnknownTask

from . import wire
from .order import SORTS, sort_key
from .search import BadTerm, Test, read_test
from .text import clean

Record = Mapping[str, Any]

DIRECTIONS = ("asc", "desc")
Q_LIMIT = 200


class BadQuery(ValueError):
    """A query parameter can't be read; `hint` says what it may be."""

    def __init__(self, error: str, hint: str) -> None:
        self.hint = hint
        super().__init__(error)


@dataclass(frozen=True)
class Query:
    """A filter and an order: an empty `statuses` means all; newest first unless told otherwise.

    `q` is a search, see `search`; with `before`, the id of a task, only tasks that were added before it are asked for.
    """

    statuses: tuple[int, ...] = ()
    q: str = ""
    sort: str = "added"
    direction: str = "desc"
    before: str = ""

    def as_parameters(self) -> dict[str, Any]:
        """The same as the parameters of an address, `status` both as written there and as a list."""
        status = ",".join(str(code) for code in self.statuses)
        return {
            "status": status,
            "statuses": list(self.statuses),
            "q": self.q,
            "sort": self.sort,
            "dir": self.direction,
        }


def read_query(parameters: Mapping[str, str], *, strict: bool) -> Query:
    """Read `status`, `q`, `sort` and `dir` of an address.

    What can't be read raises BadQuery if `strict` (a script should know), else counts as not given (a page
    should open).
    """
    q = parameters.get("q", "")[:Q_LIMIT].strip()
    try:
        _read_search(q, strict=True)
        statuses = _read_statuses(parameters.get("status", ""))
        sort = _one_of("sort", parameters.get("sort"), SORTS, "added")
        direction = _one_of("dir", parameters.get("dir"), DIRECTIONS, "desc")
    except BadQuery:
        if strict:
            raise
        return _lenient(parameters, q)
    return Query(statuses, q, sort, direction, parameters.get("before", "")[:40])


def read_count(parameters: Mapping[str, str], name: str, default: int, biggest: int) -> int:
    """Read a whole number from 0 to `biggest`; BadQuery for anything else."""
    given = parameters.get(name)
    if given is None or given == "":
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 18 and int(given) <= biggest):
        raise BadQuery(f"{name}={clean(given, 40)} can't be read.", f"{name} is a whole number from 0 to {biggest}.")
    return int(given)


@dataclass(frozen=True)
class Chosen:
    """The records that a query asks for, in its order, and how many its search alone finds of each status."""

    records: list[Record]
    counts: list[int]


def choose(records: Sequence[Record], query: Query) -> Chosen:
    """Choose among the shown ones. `records` come oldest first. Raises BadQuery if the task `before` isn't there."""
    found = [record for record in _older(records, query.before) if wire.is_shown(record)]
    if query.q:
        test = _read_search(query.q, strict=False)
        found = [record for record in found if test(record)]
    counts = [0] * len(Status)
    for record in found:
        counts[record["status"]] += 1
    if query.statuses:
        found = [record for record in found if record["status"] in query.statuses]
    if query.sort != "added":
        found.sort(key=sort_key(query.sort))
    if query.direction == "desc":
        found.reverse()
    return Chosen(found, counts)


def find_detail(taskman: TaskControl, task_id: str) -> wire.Json | None:
    """One task with its neighbours as the wire has it, or None if no such task is shown."""
    record = _record_of(taskman, task_id)
    if record is None:
        return None
    before, after = wire.dependencies(record), taskman.get_dependants(task_id)
    listed = [
        [wire.neighbour(one, _record_of(taskman, one)) for one in ids[: wire.NEIGHBOURS_LIMIT]]
        for ids in (before, after)
    ]
    named = record.get("retry_of")
    origin = wire.neighbour(named, _record_of(taskman, named)) if isinstance(named, str) else None
    totals, reason = (len(before), len(after)), _reason(taskman, task_id)
    return wire.detail(record, listed[0], listed[1], totals, reason, origin, _reruns(taskman, record))


def _reruns(taskman: TaskControl, record: Record) -> list[wire.Json]:
    """The newest of those that do a task again, as far as their records are there."""
    found = ((one, _record_of(taskman, one)) for one in reversed(wire.reruns(record)))
    return [wire.neighbour(*pair) for pair in islice((pair for pair in found if pair[1]), wire.RERUNS_LIMIT)]


def _reason(taskman: TaskControl, task_id: str) -> Reason | None:
    try:
        return taskman.why(task_id)
    except UnknownTask:  # removed in this very moment
        return None


def _record_of(taskman: TaskControl, task_id: str) -> Record | None:
    return next((record for record in taskman.get_task(task_id) if wire.is_shown(record)), None)


def _lenient(parameters: Mapping[str, str], q: str) -> Query:
    statuses: tuple[int, ...] = ()
    try:
        statuses = _read_statuses(parameters.get("status", ""))
    except BadQuery:
        pass  # the page shows all states instead
    sort, direction = parameters.get("sort", ""), parameters.get("dir", "")
    return Query(statuses, q, sort if sort in SORTS else "added", direction if direction in DIRECTIONS else "desc")


def _read_statuses(given: str) -> tuple[int, ...]:
    codes = {str(int(status)): int(status) for status in Status}
    parts = [part.strip() for part in given[:100].split(",") if part.strip()]
    if any(part not in codes for part in parts):
        raise BadQuery(
            f"status={clean(given, 40)} can't be read.",
            "status is one or more of the codes 0 Completed, 1 Error, 2 Suspended, 3 Running, 4 Canceled: 2,3",
        )
    return tuple(dict.fromkeys(codes[part] for part in parts))


def _one_of(name: str, given: str | None, allowed: tuple[str, ...], default: str) -> str:
    if not given:
        return default
    if given not in allowed:
        raise BadQuery(f"{name}={clean(given, 40)} can't be read.", f"{name} is one of {', '.join(allowed)}.")
    return given


def _read_search(q: str, *, strict: bool) -> Test:
    try:
        return read_test(q, time.time(), strict=strict)
    except BadTerm as error:
        raise BadQuery(str(error), error.hint) from None


def _older(records: Sequence[Record], before: str) -> Sequence[Record]:
    if not before:
        return records
    for index, record in enumerate(records):
        if record.get("id") == before:
            return records[:index]
    raise BadQuery(f"before={clean(before, 40)} can't be read.", "before is the id of a task whose record is there.")
