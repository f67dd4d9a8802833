"""Why a task doesn't run, or doesn't end: one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .records import COMPLETED, DEPENDENCIES, PROCESS, RETRY, RUNNING, SEAT, STILL_BLOCKED, SUSPENDED
from .status import UNFINISHED, word_of

Record = Mapping[str, Any]


class Reason(str):
    """The whole sentence, a plain string; and its parts, for those who let the time in it run on.

    Attributes:
        text: the sentence without the time.
        since: the epoch second that it counts from, or to if that is in the future; None if there is no time in it.
    """

    text: str
    since: float | None

    def __new__(cls, text: str, since: float | None, now: float) -> Reason:
        """Puts the sentence together as it is at ``now``, in epoch seconds."""
        reason = super().__new__(cls, text if since is None else f"{text} {_counted(now - since)}")
        reason.text, reason.since = text, since
        return reason


def reason_of(
    record: Record,
    find: Callable[[str], Record | None],
    seats: int,
    ready_at: float | None,
    now: float,
) -> Reason | None:
    """The reason of one task; None if there is nothing to say.

    Args:
        record: the task's.
        find: finds another one by its id.
        seats: how many tasks may run at once.
        ready_at: since when it has waited for a seat, None if that isn't known. In epoch seconds as ``now`` is.
        now: the time.
    """
    if record.get("stopping"):
        return _for_its_thread(record, now)
    stuck = record.get("stuck")
    if record.get("status") == RUNNING and isinstance(stuck, Mapping):
        return Reason(f"It hasn't moved from {stuck['at']}", stuck["since"], now)
    return _to_start(record, find, seats, ready_at, now) if record.get("status") == SUSPENDED else None


def _to_start(
    record: Record, find: Callable[[str], Record | None], seats: int, ready_at: float | None, now: float
) -> Reason:
    waits_for = record.get("waiting_for")
    if waits_for == RETRY:
        return Reason("It is tried again", record.get("retry_at"), now)
    if waits_for == SEAT:
        taken = "The only seat is" if seats == 1 else f"All {seats} seats are"
        return Reason(f"{taken} taken; it has waited for one", ready_at, now)
    if waits_for == PROCESS:
        return Reason("All processes are taken; it waits for a free one", None, now)
    blockers = _blockers(record, find) if waits_for == DEPENDENCIES else []
    return _for_others(blockers, now) if blockers else Reason("It is about to start", None, now)


def _for_its_thread(record: Record, now: float) -> Reason:
    blocked = record["stopping"] == STILL_BLOCKED
    held = "sits in a call that Python can't interrupt" if blocked else "is being stopped"
    if record.get("status") == SUSPENDED:
        return Reason(f"It is tried again once the thread of the last attempt is done, which {held}", None, now)
    return Reason(f"Its end is decided, but its thread {held}, now", record.get("finished_at"), now)


def _blockers(record: Record, find: Callable[[str], Record | None]) -> list[Record]:
    """The dependencies that haven't completed, those that run first."""
    named = record.get("depend_on")
    ids = [named] if isinstance(named, str) else list(named or ())
    found = [one for one in map(find, ids) if one is not None and one.get("status") != COMPLETED]
    return sorted(found, key=lambda one: one.get("status") != RUNNING)


def _for_others(blockers: list[Record], now: float) -> Reason:
    first, others = blockers[0], len(blockers) - 1
    status = first.get("status")
    more = "" if not others else f" and {others} other{'s' if others > 1 else ''}, of which the first"
    name = f'"{first.get("name")}" ({first.get("id")})'
    since = first.get("started_at") if status == RUNNING else first.get("added_at")
    joint = more or ", which"
    if status not in UNFINISHED:
        return Reason(f"It waits for {name}{joint} has just become {word_of(status)}", None, now)
    return Reason(f"It waits for {name}{joint} has been {word_of(status)}", since, now)


def _counted(seconds: float) -> str:
    return f"for {_span(seconds)}" if seconds >= 0 else f"in {_span(-seconds)}"


def _span(seconds: float) -> str:
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"
