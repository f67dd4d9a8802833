"""What the engine tells its host's log. Handlers are other people's code: what they raise ends here."""

from __future__ import annotations

import logging
import threading
from logging import ERROR, WARNING

__all__ = ["ERROR", "NAME", "WARNING", "tell"]

#: The logger's name, and the beginning of the panel's.
NAME = "task_control"

_log = logging.getLogger(NAME)
# A library is silent until its host configures logging; the records tell what failed all the same.
_log.addHandler(logging.NullHandler())


def tell(level: int, message: str, *args: object, error: BaseException | None = None) -> None:
    """Logs a message. Raises what a signal has raised, and nothing else; never called with a lock held."""
    try:
        _log.log(level, message, *args, exc_info=error, stacklevel=2)
    except BaseException as broken:  # there is nobody left to tell
        if not isinstance(broken, Exception) and threading.current_thread() is threading.main_thread():
            raise  # such as Ctrl-C
