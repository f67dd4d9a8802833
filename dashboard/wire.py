"""Records as they travel: the only place that names the fields of rows, details and messages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from engine import Reason, Status

from . import attempts
from .failures import fingerprint
from .figures import number_of
from .text import clean, shown

Record = Mapping[str, Any]
Json = dict[str, Any]

#: The order in which the states are listed and sorted: what moves first.
STATUS_ORDER = (Status.RUNNING, Status.SUSPENDED, Status.COMPLETED, Status.ERROR, Status.CANCELED)

NAME_LIMIT = 300
ERROR_LIMIT = 300
LONG_LIMIT = 20_000
RESULT_LIMIT = 4_000
NEIGHBOURS_LIMIT = 500
RERUNS_LIMIT = 5

_STATUS_CODES = frozenset(int(status) for status in Status)
_PIECE = 200  # rows encoded at once


def encode(payload: object) -> bytes:
    """JSON that every browser reads: ASCII, without NaN."""
    return json.dumps(payload, allow_nan=False, check_circular=False, separators=(",", ":")).encode("ascii")


def is_shown(record: Record) -> bool:
    """Whether this is a task's record: users may put any document into the store."""
    status = record.get("status")
    return isinstance(record.get("id"), str) and type(status) is int and status in _STATUS_CODES


def dependencies(record: Record) -> list[str]:
    """The ids that the task waits for, as a list whatever the record holds."""
    named = record.get("depend_on")
    if named is None:
        return []
    if isinstance(named, str):
        return [named]
    return [one for one in named if isinstance(one, str)] if isinstance(named, list | tuple) else []


def reruns(record: Record) -> list[str]:
    """The ids of the tasks that do this one again, oldest first."""
    named = record.get("reruns")
    return [one for one in named if isinstance(one, str)] if isinstance(named, list | tuple) else []


def row(record: Record) -> Json:
    """A shown record as a row of the list: small, without result, traceback and log.

    A row is made each time a task changes that somebody watches: what most tasks don't have costs no call.
    """
    try:
        fields = _fields_of(record)
    except KeyError:  # a document that a user has put there
        fields = _fields_of({**_NO_FIELDS, **record})
    task_id, name, status, timestamp, added_at, started_at, finished_at, perf = fields[:8]
    depend_on, error, thread, told, waiting_for, stopping, stuck, limit = fields[8:]
    return {
        "id": task_id,
        "name": clean(name, NAME_LIMIT),
        "status": status,
        "timestamp": _label(timestamp) or "",
        "added_at": number_of(added_at),
        "started_at": number_of(started_at),
        "finished_at": number_of(finished_at),
        "perf": number_of(perf) or 0,
        "depend_on": [] if depend_on is None else dependencies(record),
        "error": None if error is None else clean(error, ERROR_LIMIT),
        "failure": fingerprint(record) if status == Status.ERROR else None,
        "thread": number_of(thread),
        "progress": None if told is None else progress(record),
        "waiting_for": None if waiting_for is None else _label(waiting_for),
        "stopping": None if stopping is None else _label(stopping),
        "stuck": None if stuck is None else _stuck(stuck),
        "thread_timeout": None if limit is None else number_of(limit),
    }


_ALWAYS = ("id", "name", "status", "timestamp", "added_at", "started_at", "finished_at", "perf")
_RARELY = ("depend_on", "error", "thread", "progress", "waiting_for", "stopping", "stuck", "thread_timeout")
_NO_FIELDS: Json = dict.fromkeys(_ALWAYS + _RARELY)
_fields_of: Callable[[Record], tuple[Any, ...]] = itemgetter(*_NO_FIELDS)


def detail(
    record: Record,
    waits_for: Sequence[Json],
    needed_by: Sequence[Json],
    totals: tuple[int, int],
    reason: Reason | None = None,
    origin: Json | None = None,
    again: Sequence[Json] = (),
) -> Json:
    """A shown record with everything that the page of one task says.

    `waits_for` and `needed_by` are neighbours; `totals` says how many there are of each, listed or not; `reason` says
    why the task doesn't run or end; `origin` is the neighbour that it does again, `again` are those that do it again.
    """
    error, trace = record.get("error"), record.get("traceback")
    # Only a task that keeps its result has one, and None is a result too.
    kept = record.get("get_result") is True and record["status"] == Status.COMPLETED
    tried = attempts.tried(record)
    return row(record) | {
        "process": number_of(record.get("process")),
        "get_result": record.get("get_result") is True,
        "result": shown(record.get("result"), RESULT_LIMIT) if kept else None,
        "error": None if error is None else clean(error, LONG_LIMIT),
        "traceback": None if trace is None else clean(trace, LONG_LIMIT, keep_end=True),
        "log": _log(record.get("log")),
        "attempts": attempts.told(tried),
        "earlier": attempts.earlier(tried),
        "retry_of": origin,
        "reruns": list(again),
        "why": None if reason is None else clean(reason.text, ERROR_LIMIT + NAME_LIMIT),
        "why_since": None if reason is None else number_of(reason.since),
        "waits_for": list(waits_for),
        "needed_by": list(needed_by),
        "waits_for_count": totals[0],
        "needed_by_count": totals[1],
        "transitions": attempts.transitions(record, tried),
    }


def neighbour(task_id: str, record: Record | None) -> Json:
    """A task that another one waits for, or that waits for it; without status if its record is gone."""
    if record is None or not is_shown(record):
        return {"id": task_id, "name": "", "status": None}
    return {"id": task_id, "name": clean(record.get("name"), NAME_LIMIT), "status": record["status"]}


def statuses() -> list[Json]:
    """The five states in the order in which they are listed."""
    return [{"code": int(status), "word": status.word, "slug": status.word.lower()} for status in STATUS_ORDER]


def snapshot(boot_id: str, revision: int, counts: Sequence[int], rows: Sequence[Json]) -> bytes:
    """Everything at one moment, rows oldest first: what a page starts from."""
    return _encode_with_rows(_message("snapshot", boot_id, revision, counts), rows)


def delta(boot_id: str, revision: int, counts: Sequence[int], rows: Sequence[Json], removed: Sequence[str]) -> bytes:
    """What changed since a revision: the newest version of each row, and the ids that are gone."""
    message = _message("delta", boot_id, revision, counts) | {"removed": list(removed)}
    return _encode_with_rows(message, rows)


def heartbeat(boot_id: str, revision: int, counts: Sequence[int]) -> bytes:
    """Nothing has changed, and the connection lives."""
    return encode(_message("heartbeat", boot_id, revision, counts))


def closing(reason: str) -> bytes:
    """The last message of a socket that the server closes."""
    return encode({"type": "closing", "reason": reason})


def standing(boot_id: str, revision: int, counts: Sequence[int]) -> Json:
    """Which engine this is and how it stands; part of every message and list."""
    return {"boot_id": boot_id, "revision": revision, "counts": list(counts), "total": sum(counts)}


def _encode_with_rows(message: Json, rows: Sequence[Json]) -> bytes:
    """The same for a message whose `rows` may be many: in pieces, as encoding lets no other thread run meanwhile."""
    pieces = [encode(rows[start : start + _PIECE])[1:-1] for start in range(0, len(rows), _PIECE)]
    return encode(message)[:-1] + b',"rows":[' + b",".join(pieces) + b"]}"


def _message(kind: str, boot_id: str, revision: int, counts: Sequence[int]) -> Json:
    return {"type": kind, **standing(boot_id, revision, counts), "server_time": time.time()}


def _label(value: object) -> str | None:
    """A short word of the engine's own, which holds no secret."""
    if type(value) is str and len(value) <= 40 and value.isascii():
        return value
    return clean(value, 40) if isinstance(value, str) else None


def progress(record: Record) -> Json | None:
    """How far the task says it is, or None where it doesn't."""
    value = record.get("progress")
    if not isinstance(value, Mapping):
        return None
    done, message = number_of(value.get("done")), value.get("message")
    if done is None:
        return None
    total = number_of(value.get("total"))
    return {"done": done, "total": total, "message": None if message is None else clean(message, NAME_LIMIT)}


def _stuck(value: object) -> Json | None:
    """Since when the task's thread hasn't moved, and from where."""
    if not isinstance(value, Mapping):
        return None
    since = number_of(value.get("since"))
    return None if since is None else {"since": since, "at": clean(value.get("at"), NAME_LIMIT)}


def _log(lines: object) -> list[Json]:
    if not isinstance(lines, Iterable) or isinstance(lines, str | bytes):
        return []
    return [
        {
            "at": number_of(line.get("at")),
            "level": clean(line.get("level"), 20),
            "message": clean(line.get("message"), 2000),
            "logger": None if line.get("logger") is None else clean(line.get("logger"), NAME_LIMIT),
        }
        for line in lines
        if isinstance(line, Mapping)
    ]
