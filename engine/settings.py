"""How a manager is set up, checked."""

from __future__ import annotations

from typing import NamedTuple

from . import arguments


class Settings(NamedTuple):
    """What :class:`TaskControl` was given; times in seconds, None for no limit."""

    max_workers: int
    max_processes: int | None
    captures_logs: bool
    stuck_after_s: float | None
    keep_for_s: float | None
    max_records: int | None


def check_settings(
    max_workers: int,
    max_processes: int | None,
    capture_logs: bool,
    stuck_after: float | None,
    keep_for: float | None,
    max_records: int | None,
) -> Settings:
    """The settings. Raises TypeError or ValueError for what makes no sense."""
    return Settings(
        arguments.check_whole(max_workers, "max_workers"),
        None if max_processes is None else arguments.check_whole(max_processes, "max_processes"),
        bool(capture_logs),
        arguments.check_limit(stuck_after, "stuck_after"),
        arguments.check_limit(keep_for, "keep_for"),
        None if max_records is None else arguments.check_whole(max_records, "max_records"),
    )
