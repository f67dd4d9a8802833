"""What ``logging`` is told inside of tasks goes to the tasks' logs as well; the host's logging stays as it is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from . import records
from .handle import current_run
from .interrupts import shield
from .logs import NAME
from .task import Task

Factory = Callable[..., logging.LogRecord]


class _Busy(threading.local):
    """The task whose log record this thread is taking in: what that itself logs is not taken in."""

    task: Task | None = None


_busy = _Busy()
_lock = threading.Lock()  # guards the flag
_is_installed = False


def install() -> None:
    """Has the log records that are made inside of tasks seen here; once for the process, and for good.

    Neither a handler nor a filter: a handler on the root logger would keep ``logging.basicConfig`` from doing anything
    and silence the handler of last resort.
    """
    global _is_installed
    with _lock:
        if not _is_installed:
            logging.setLogRecordFactory(_seeing(logging.getLogRecordFactory()))
            _is_installed = True


def _seeing(make: Factory) -> Factory:
    def make_and_see(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        run = current_run()
        if run is not None and not run[1].is_off and _busy.task is not run[0]:
            task, lines = run
            try:
                _busy.task = task
                line = _line(record)
                if line is not None:
                    with shield:
                        lines.add(task, line)
            except Exception:
                pass  # whatever is odd about a record, the one who logs doesn't pay for it
            finally:
                _busy.task = None
        return record

    return make_and_see


def _line(record: logging.LogRecord) -> records.Line | None:
    """The line for a task's log; None for the engine's own, and for what ``makeLogRecord`` will fill in later."""
    name: Any = record.name
    if not isinstance(name, str) or name == NAME or name.startswith(f"{NAME}."):
        return None
    try:
        message = record.getMessage()
    except Exception as error:  # arguments that don't fit, or whose own code fails
        message = f"{record.msg if isinstance(record.msg, str) else ''} ({records.one_line(error)})".lstrip()
    if record.exc_info and record.exc_info[1] is not None:
        message = f"{message}\n{records.one_line(record.exc_info[1])}"
    return records.line(record.created, record.levelname, message, name)
