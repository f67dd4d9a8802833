"""What makes two failures the same, and all failures grouped by that."""

from __future__ import annotations

import hashlib
import re
import sysconfig
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import engine
from engine import Status

from .text import clean

Record = Mapping[str, Any]
Json = dict[str, Any]

MOST_GROUPS = 500
_ERROR_LIMIT = 300

_FRAME = re.compile(r'File "([^"]{1,500})", line \d{1,9}, in ([^\n]{1,200})')
#: Code that is nobody's own: the interpreter's, installed packages and the engine.
_FOREIGN = tuple({*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), *engine.__path__, "<"})


def fingerprint(record: Record) -> str | None:
    """A short name for a failure, the same for errors of one type that came the same way through one's own code.

    Lines and messages don't count, so that it stays the same when they change. None for what hasn't failed.
    """
    if record.get("status") != Status.ERROR:
        return None
    return _fingerprint(_type_of(record), str(record.get("traceback") or ""))


def grouped(records: Iterable[Record]) -> list[Json]:
    """Failures by fingerprint, the newest first: type, where they come from, how many, when first and last."""
    groups: dict[str, Json] = {}
    for record in records:
        key = fingerprint(record)
        if key is None:
            continue
        at = record.get("finished_at")
        at = at if isinstance(at, float) else 0.0
        group = groups.setdefault(key, {"fingerprint": key, "count": 0, "first_at": at, "last_at": at})
        group["count"] += 1
        group["first_at"] = min(group["first_at"], at)
        if at >= group["last_at"]:
            group |= {"last_at": at, "newest": record}
    newest_first = sorted(groups.values(), key=lambda group: group["last_at"], reverse=True)
    return [_told(group) for group in newest_first[:MOST_GROUPS]]


def _told(group: Json) -> Json:
    record = group.pop("newest")
    frames = own_frames(str(record.get("traceback") or ""))
    where = f"{Path(frames[-1][0]).name}, in {frames[-1][1]}" if frames else ""
    return group | {
        "type": clean(_type_of(record), 100),
        "error": clean(record.get("error"), _ERROR_LIMIT),
        "where": clean(where, 200),
        "name": clean(record.get("name"), _ERROR_LIMIT),
        "id": record["id"],
    }


@lru_cache(maxsize=4096)
def _fingerprint(kind: str, trace: str) -> str:
    way = "|".join(f"{file}:{function}" for file, function in own_frames(trace))
    return hashlib.sha256(f"{kind}|{way}".encode("utf-8", "replace")).hexdigest()[:8]


def own_frames(trace: str) -> list[tuple[str, str]]:
    """File and function of each frame of a traceback that is in one's own code, outermost first; all if none is."""
    frames = _FRAME.findall(trace)
    return [frame for frame in frames if not frame[0].startswith(_FOREIGN)] or frames


def _type_of(record: Record) -> str:
    return str(record.get("error") or "").split(":")[0].strip()
