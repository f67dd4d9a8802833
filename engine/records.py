"""A task's record: its fields, the versions that others than the task itself make of it, and errors as text; pure."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any

from .errors import RemoteTraceback
from .status import Status, is_code, may_be_written, word_of

Record = dict[str, Any]
Line = dict[str, Any]

SUSPENDED, RUNNING = Status.SUSPENDED.value, Status.RUNNING.value
COMPLETED, ERROR, CANCELED = Status.COMPLETED.value, Status.ERROR.value, Status.CANCELED.value

#: What ``waiting_for`` says of a suspended task.
DEPENDENCIES, SEAT, PROCESS, RETRY = "dependencies", "seat", "process", "retry"

#: What ``stopping`` says after an end was decided while the thread still runs.
STOP_REQUESTED, INTERRUPT_SENT, STILL_BLOCKED = "stop requested", "interrupt sent", "still blocked"

TIMED_OUT = "Killed by timeout"
ON_REQUEST = "Canceled on request"
#: How the error of a task begins that was canceled for the sake of another.
BECAUSE = "Canceled: "

#: How many log lines and runs of it a record keeps, and how long each, an error line and a traceback may get.
MAX_LOG_LINES = 200
MAX_RERUNS = 100
MAX_LINE_CHARS = 2_000
MAX_ERROR_CHARS = 10_000
MAX_TRACEBACK_CHARS = 60_000


def _sharing(fields: Record) -> Record:
    """A dict whose copies have one table of keys together, as those of a class's instances have: each is a third less.

    Only the memory that they take depends on it; see https://peps.python.org/pep-0412/.
    """

    class _Fields:
        pass

    holder = _Fields()
    for key, value in fields.items():
        setattr(holder, key, value)
    return vars(holder)


#: What all tasks have in common when they are added. The ten keys of the original come first, in its order.
FRESH: Record = _sharing(
    {
        "id": "",
        "timestamp": "",
        "name": "",
        "depend_on": None,
        "status": SUSPENDED,
        "get_result": False,
        "perf": 0,
        "error": None,
        "result": None,
        "thread": None,
        "added_at": 0.0,
        "started_at": None,
        "finished_at": None,
        "waiting_for": None,
        "thread_timeout": None,
        "progress": None,
        "stopping": None,
        "stuck": None,
        "traceback": None,
        "log": (),
        "process": None,
    }
)


def stopped(record: Record, status: int, run_s: float | None, error: str | None) -> Record:
    """The version of a task that somebody else has ended; ``run_s`` seconds after its start, None if it never ran."""
    version = record.copy()
    version["status"] = status
    version["perf"] = run_s or 0.0
    version["error"] = error
    version["finished_at"] = time.time()
    version["waiting_for"] = version["stuck"] = None
    version["stopping"] = None if run_s is None else STOP_REQUESTED
    return version


def line(at: float, level: str, message: str, logger: str | None = None) -> Line:
    """A line of a task's log; ``logger`` is who logged it, None for what the task's handle was told."""
    return {"at": at, "level": level, "message": _cut(message, MAX_LINE_CHARS), "logger": logger}


def logged(record: Record, lines: Sequence[Line]) -> Record:
    """The version with more log lines; the oldest go first."""
    return {**record, "log": (*(record["log"] or ()), *lines)[-MAX_LOG_LINES:]}


def tried(record: Record, run_s: float, error: str, trace: str | None, *, stopping: str | None) -> Record:
    """The version of a task that is to be tried again; ``attempts`` is there only where there were some before."""
    attempt = {
        "started_at": record["started_at"],
        "run_s": run_s,
        "error": error,
        "traceback": trace,
    }
    return {
        **record,
        "status": SUSPENDED,
        "started_at": None,
        "waiting_for": RETRY,
        "progress": None,
        "stopping": stopping,
        "stuck": None,
        "attempts": (*record.get("attempts", ()), attempt),
        "retry_at": None,
    }


def rerun(record: Record, new_id: str) -> Record:
    """The version of a task that a new one does again; ``reruns`` is there only where there is one."""
    return {**record, "reruns": (*(record.get("reruns") or ()), new_id)[-MAX_RERUNS:]}


def is_task(document: Mapping[str, Any]) -> bool:
    """Whether a document of the table is a task's record, rather than something a user put there."""
    return isinstance(document.get("id"), str) and "added_at" in document and "status" in document


def reviewed(old: Record, new: Record, can_end: bool, run_s: float | None) -> tuple[Record, list[str]]:
    """What is stored when a user writes ``new`` over a task's record, and what of it was undone, in words.

    A status may be written only to end what hasn't ended, if it ``can_end`` now, ``run_s`` seconds after its start
    (None if it never ran); what a task is (its id, what it depends on) stays.
    """
    undone = []
    fixed = dict(new)
    for key in ("id", "depend_on"):
        if key in old and (key not in new or not _is_same(new[key], old[key])):
            undone.append(f"{key} can't be changed")
            fixed[key] = old[key]
    status = new.get("status")
    if can_end and may_be_written(old["status"], status):
        return _ended_by_hand(old, fixed, run_s), undone
    if not is_code(status) or status != old["status"]:
        undone.append(f"status can't go from {word_of(old['status'])} to {word_of(status)}")
    fixed["status"] = old["status"]
    for key in old:
        if key not in fixed and key in FRESH:
            undone.append(f"{key} can't be removed")
            fixed[key] = old[key]
    return fixed, undone


def _ended_by_hand(old: Record, new: Record, run_s: float | None) -> Record:
    """A task that a user has ended through the database, completed by what the engine would have written."""
    status = int(new["status"])
    complete = FRESH | {key: old[key] for key in FRESH if key in old} | new
    error = complete["error"]
    if error is None and status != COMPLETED:
        error = "Canceled through the database" if status == CANCELED else "Ended with Error through the database"
    return stopped(complete, status, run_s, error)


def _is_same(new: object, old: object) -> bool:
    return new is old or (type(new) is type(old) and new == old)


@lru_cache(maxsize=4)
def local_time(second: int) -> str:
    """A moment in whole epoch seconds as people write it, here."""
    return time.strftime("%d.%m.%Y %H:%M:%S", time.localtime(second))


# -- errors as text


def one_line(error: BaseException) -> str:
    """What was raised, as ``Type: message`` on one line; works for exceptions whose ``str`` raises."""
    try:
        message = str(error)
    except BaseException as broken:  # the task's own code runs here
        message = f"<its message can't be shown: {type(broken).__name__}>"
    name = type(error).__name__
    line = " ".join(f"{name}: {message}".split()) if message else name
    return _cut(line, MAX_ERROR_CHARS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def traceback_text(error: BaseException) -> str:
    """The traceback from the task's own function on, cut in the middle if it is very long."""
    tb = _own_frames(error.__traceback__)
    try:
        is_remote = isinstance(error.__cause__, RemoteTraceback)
        text = str(error.__cause__) if is_remote else "".join(traceback.format_exception(type(error), error, tb))
    except BaseException:  # the task's own code runs here
        frames = "".join(traceback.format_tb(tb))
        text = f"Traceback (most recent call last):\n{frames}{type(error).__name__}: <its message can't be shown>\n"
    if len(text) > MAX_TRACEBACK_CHARS:
        half = MAX_TRACEBACK_CHARS // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
    return text


#: The modules whose frames lie between a worker and a coroutine's own.
_AROUND_COROUTINES = frozenset({f"{__package__}.coroutines", "asyncio.runners", "asyncio.base_events"})


def _own_frames(tb: TracebackType | None) -> TracebackType | None:
    """The traceback without the two frames of the engine that every task's function is called from.

    A coroutine is called from some more, and from some of asyncio's.
    """
    for _ in range(2):
        if tb is not None and tb.tb_next is not None:
            tb = tb.tb_next
    while tb is not None and tb.tb_next is not None and tb.tb_frame.f_globals.get("__name__") in _AROUND_COROUTINES:
        tb = tb.tb_next
    return tb
