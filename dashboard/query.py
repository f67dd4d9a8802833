"""Which records a list shows and in what order; the page and the API ask the same way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import Status, TaskControl

from . import wire
from .text import clean

Record = Mapping[str, Any]

SORTS = ("added", "name", "status", "waited", "run")
DIRECTIONS = ("asc", "desc")
Q_LIMIT = 200


class BadQuery(ValueError):
    """A query parameter can't be read; `hint` says what it may be."""

    def __init__(self, error: str, hint: str) -> None:
        self.hint = hint
        super().__init__(error)


@dataclass(frozen=True)
class Query:
    """A filter and an order: an empty `statuses` means all; newest first unless told otherwise."""

    statuses: tuple[int, ...] = ()
    q: str = ""
    sort: str = "added"
    direction: str = "desc"

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
    q = clean(parameters.get("q", "")[:Q_LIMIT], Q_LIMIT).strip()
    try:
        statuses = _read_statuses(parameters.get("status", ""))
        sort = _one_of("sort", parameters.get("sort"), SORTS, "added")
        direction = _one_of("dir", parameters.get("dir"), DIRECTIONS, "desc")
    except BadQuery:
        if strict:
            raise
        return _lenient(parameters, q)
    return Query(statuses, q, sort, direction)


def read_count(parameters: Mapping[str, str], name: str, default: int, biggest: int) -> int:
    """Read a whole number from 0 to `biggest`; BadQuery for anything else."""
    given = parameters.get(name)
    if given is None or given == "":
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 18 and int(given) <= biggest):
        raise BadQuery(f"{name}={clean(given, 40)} can't be read.", f"{name} is a whole number from 0 to {biggest}.")
    return int(given)


def select(records: Sequence[Record], query: Query) -> list[Record]:
    """The shown records that the query asks for, in its order. `records` come oldest first."""
    wanted = [record for record in records if wire.is_shown(record)]
    if query.statuses:
        wanted = [record for record in wanted if record["status"] in query.statuses]
    if query.q:
        needle = query.q.casefold()
        wanted = [record for record in wanted if _matches(record, needle)]
    if query.sort != "added":
        wanted.sort(key=_sort_key(query.sort))
    if query.direction == "desc":
        wanted.reverse()
    return wanted


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
    return wire.detail(record, listed[0], listed[1], (len(before), len(after)))


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


def _matches(record: Record, needle: str) -> bool:
    """Whether id, name or error holds the needle, as the wire has them: a search must not guess secrets."""
    if needle in record["id"].casefold() or _holds(record.get("name"), wire.NAME_LIMIT, needle):
        return True
    error = record.get("error")
    return error is not None and _holds(error, wire.ERROR_LIMIT, needle)


def _holds(value: object, limit: int, needle: str) -> bool:
    if isinstance(value, str) and needle not in value.casefold():
        return False  # cleaning costs; what it adds (the mask) is nothing to search for
    return needle in clean(value, limit).casefold()


def _sort_key(sort: str) -> Callable[[Record], Any]:
    if sort == "name":
        return lambda record: clean(record.get("name"), wire.NAME_LIMIT).casefold()
    if sort == "status":
        return lambda record: wire.STATUS_ORDER.index(record["status"])
    now = time.time()
    return _waited(now) if sort == "waited" else _ran(now)


def _waited(now: float) -> Callable[[Record], float]:
    def seconds(record: Record) -> float:
        until = _moment(record, "started_at") or _moment(record, "finished_at") or now
        return until - (_moment(record, "added_at") or now)

    return seconds


def _ran(now: float) -> Callable[[Record], float]:
    def seconds(record: Record) -> float:
        started = _moment(record, "started_at")
        return 0.0 if started is None else (_moment(record, "finished_at") or now) - started

    return seconds


def _moment(record: Record, field: str) -> float | None:
    value = record.get(field)
    return value if isinstance(value, float) and math.isfinite(value) else None
