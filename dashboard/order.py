"""What each column sorts by; static/js/order.js says the same."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from . import wire
from .text import clean

Record = Mapping[str, Any]

SORTS = ("added", "id", "name", "status", "waited", "run", "progress", "error", "thread")


def sort_key(sort: str) -> Callable[[Record], Any]:
    """The key by which records are sorted in this column, one of SORTS but `added`."""
    if sort in ("waited", "run"):
        now = time.time()
        return _waited(now) if sort == "waited" else _ran(now)
    return {"id": _id, "name": _name, "status": _status, "progress": _progress, "error": _error, "thread": _thread}[
        sort
    ]


def _id(record: Record) -> str:
    return str(record["id"])


def _name(record: Record) -> str:
    return clean(record.get("name"), wire.NAME_LIMIT).lower()


def _status(record: Record) -> int:
    return wire.STATUS_ORDER.index(record["status"])


def _error(record: Record) -> str:
    return clean(record.get("error"), wire.ERROR_LIMIT).lower()


def _progress(record: Record) -> float:
    """How much of it is done; what tells no progress comes before what does."""
    told = wire.progress(record)
    if told is None:
        return -1.0
    return told["done"] / told["total"] if told["total"] else 0.0


def _thread(record: Record) -> float:
    return _moment(record, "thread") or -1.0


def _waited(now: float) -> Callable[[Record], float]:
    def seconds(record: Record) -> float:
        until = _moment(record, "started_at") or _moment(record, "finished_at") or now
        return until - (_moment(record, "added_at") or now)

    return seconds


def _ran(now: float) -> Callable[[Record], float]:
    def seconds(record: Record) -> float:
        started = _moment(record, "started_at")
        if started is None:
            return 0.0
        finished = _moment(record, "finished_at")
        return now - started if finished is None else _moment(record, "perf") or finished - started

    return seconds


def _moment(record: Record, field: str) -> float | None:
    value = record.get(field)
    return value if isinstance(value, int | float) and math.isfinite(value) else None
