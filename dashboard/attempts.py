"""What a task that is tried several times went through, as it travels: its attempts, and the states between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine import Status

from .figures import number_of
from .text import clean

Record = Mapping[str, Any]
Json = dict[str, Any]
#: An attempt that failed before the one that goes on, with its number from 1.
Attempt = tuple[int, Record]
Moment = tuple[Status, int | float | None, str]

MOST_TOLD = 20
ERROR_LIMIT = 300
TRACEBACK_LIMIT = 4_000


def tried(record: Record) -> list[Attempt]:
    """The attempts of a record that failed before the one that goes on."""
    given = record.get("attempts")
    found = enumerate(given, 1) if isinstance(given, list | tuple) else ()
    return [(number, one) for number, one in found if isinstance(one, Mapping)]


def told(attempts: Sequence[Attempt]) -> list[Json]:
    """The last of them one by one."""
    return [
        {
            "number": number,
            "at": number_of(one.get("started_at")),
            "run_s": number_of(one.get("run_s")),
            "error": clean(one.get("error"), ERROR_LIMIT),
            "traceback": clean(one.get("traceback"), TRACEBACK_LIMIT, keep_end=True),
        }
        for number, one in attempts[-MOST_TOLD:]
    ]


def earlier(attempts: Sequence[Attempt]) -> Json | None:
    """How many there were, how long they ran in all, and when the first began."""
    if not attempts:
        return None
    run_s = sum(number_of(one.get("run_s")) or 0 for _, one in attempts)
    began = number_of(attempts[0][1].get("started_at"))
    return {"attempts": len(attempts), "run_s": number_of(run_s), "started_at": began}


def transitions(record: Record, attempts: Sequence[Attempt]) -> list[Json]:
    """The states the task went through, each with its moment, the seconds since the one before, and a note."""
    status = Status(record["status"])
    moments: list[Moment] = [(Status.SUSPENDED, number_of(record.get("added_at")), ""), *_between(attempts)]
    note = f"attempt {len(attempts) + 1}" if attempts else ""
    moments.append((Status.RUNNING, number_of(record.get("started_at")), note))
    if status.is_final:
        moments.append((status, number_of(record.get("finished_at")), ""))
    steps: list[Json] = []
    before: float | None = None
    for state, at, note in moments:
        if at is not None:
            after_s = None if before is None else max(0.0, at - before)
            steps.append({"status": int(state), "word": state.word, "at": at, "after_s": after_s, "note": note})
            before = at
    return steps


def _between(attempts: Sequence[Attempt]) -> Iterator[Moment]:
    """The begin and the failure of each of the last attempts; of those before only the last failure."""
    cut = max(0, len(attempts) - MOST_TOLD)
    for place, (number, one) in enumerate(attempts[max(0, cut - 1) :], max(0, cut - 1)):
        began, run_s = number_of(one.get("started_at")), number_of(one.get("run_s"))
        failed = None if began is None or run_s is None else began + run_s
        if place >= cut:
            yield Status.RUNNING, began, f"attempt {number}"
        yield Status.SUSPENDED, failed, "failed" if place >= cut else f"attempts 1 to {number} failed"
