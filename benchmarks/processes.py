"""Measuring in a process of its own, which nothing else has used before, and how much memory such a process holds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from .report import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

_STATUS = Path("/proc/self/status")


def in_child(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function of a module in a fresh process, in its main thread; answers what it returns."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        return executor.submit(function, *args, **kwargs).result()


def resident_bytes() -> int:
    """The memory that this process holds now. Raises Unavailable where the system doesn't tell."""
    return _told("VmRSS")


def peak_bytes() -> int:
    """The most memory that this process has ever held. Raises Unavailable where the system doesn't tell."""
    return _told("VmHWM")  # not getrusage: what that tells includes the process that this one was started from


def _told(field: str) -> int:
    if not _STATUS.is_file():
        raise Unavailable(f"this system doesn't tell a process its memory: there is no {_STATUS}")
    found = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{field}:"))
    return int(found.split()[1]) * 1024
