"""Where the threads of running tasks are now: the frames of the tasks' own code."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from .handle import call
from .task import Task

#: Where code is nobody's own: the interpreter's, what is frozen into it, the engine's; and installed packages.
_FOREIGN = (os.path.dirname(threading.__file__), os.path.dirname(__file__), "<frozen")
_PACKAGES = frozenset({"site-packages", "dist-packages"})


def current_frames() -> Mapping[int, FrameType]:
    """The innermost frame of each thread now, by the thread's identifier."""
    return sys._current_frames()  # noqa: SLF001  # Python's documented way, for want of a better name


def frames_of(task: Task, current: Mapping[int, FrameType]) -> list[FrameType]:
    """The frames from the task's function on, outermost first; [] if ``current`` doesn't show the task.

    The thread runs meanwhile, and may have gone on to another task: so it is asked afterwards whether it is done.
    """
    worker = task.worker
    frame = None if worker is None else current.get(worker.ident)
    frames: list[FrameType] = []
    while frame is not None and frame.f_code is not call.__code__:
        frames.append(frame)
        frame = frame.f_back
    return [] if frame is None or task.is_thread_done else frames[::-1]


def stack_of(task: Task) -> list[str]:
    """The task's stack now, an entry for each frame as tracebacks have it, outermost first; [] if it isn't running."""
    lines = [(frame, frame.f_lineno) for frame in frames_of(task, current_frames())]
    return [] if task.is_thread_done else traceback.StackSummary.extract(iter(lines), lookup_lines=False).format()


def place(frames: list[FrameType]) -> str:
    """The innermost line of one's own code, as ``file.py:12 in function``; the very innermost if none is."""
    own = [frame for frame in frames if _is_own(frame.f_code.co_filename)] or frames
    code = own[-1].f_code
    return f"{Path(code.co_filename).name}:{own[-1].f_lineno} in {code.co_name}"


def _is_own(file: str) -> bool:
    return not file.startswith(_FOREIGN) and _PACKAGES.isdisjoint(Path(file).parts)
