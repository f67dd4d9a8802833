"""The tasks beside the report that end otherwise: failing, over a limit, or cancelled by hand.

Nothing is feigned: the link leads nowhere, half of the archive is missing, and nobody connects the drive.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
import zipfile
from pathlib import Path

from engine import TaskHandle
from examples.tree_report.folders import temporary_folder
from examples.tree_report.pace import Pace
from examples.tree_report.words import number, printable, size

WATCH_S = 120.0
_LOOK_EVERY_S = 1.0
_SHORTEST_LIMIT_S = 0.5


class Trouble:
    """The functions of these tasks. What waits for a failing one would run if that one succeeded."""

    def __init__(self, root: Path, pace: Pace) -> None:
        self._root = root
        self._seconds = pace.of("gather")
        self.drive_limit_s = max(_SHORTEST_LIMIT_S, pace.seconds / 8)
        self._notes = ""
        self._names: list[str] = []
        self._drive = Path(tempfile.gettempdir(), f"backup-drive-{secrets.token_hex(4)}")

    def read_linked_notes(self, handle: TaskHandle) -> str:
        """Raises FileNotFoundError: the link's target was moved away."""
        with temporary_folder(handle) as folder:
            link = folder / "notes.txt"
            link.symlink_to("moved-away.txt")
            handle.log(f"{link.name} leads to {os.readlink(link)}")
            handle.sleep(self._seconds)
            self._notes = link.read_text()
        return self._notes

    def count_words(self, handle: TaskHandle) -> int:
        handle.log("The notes could be read")
        return len(self._notes.split())

    def open_broken_archive(self, handle: TaskHandle) -> int:
        """Raises BadZipFile: only the first half of the archive arrived."""
        with temporary_folder(handle) as folder:
            path = folder / "yesterday.zip"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("numbers.txt", "\n".join(map(str, range(1000))))
            os.truncate(path, path.stat().st_size // 2)
            handle.log(f"{path.name} has {path.stat().st_size} bytes")
            handle.sleep(self._seconds)
            with zipfile.ZipFile(path) as archive:
                self._names = archive.namelist()
        return len(self._names)

    def list_archive(self, handle: TaskHandle) -> list[str]:
        handle.log("The archive could be opened")
        return self._names

    def compare_with_today(self, handle: TaskHandle) -> list[str]:
        handle.log("Names that only one of the two has")
        return sorted(set(self._names).symmetric_difference(os.listdir(self._root)))

    def wait_for_drive(self, handle: TaskHandle) -> str:
        """Ends by its limit, unless somebody makes the folder that its log names."""
        handle.log(f"Waiting for {self._drive}")
        began = time.monotonic()
        while not self._drive.is_dir():
            handle.progress(round(time.monotonic() - began, 1), None, "seconds, and no drive yet")
            handle.sleep(0.2)
        return str(self._drive)

    def measure_drive(self, handle: TaskHandle) -> str:
        handle.log(f"Somebody made {self._drive}")
        return f"{size(shutil.disk_usage(self._drive).free)} free"

    def watch(self, handle: TaskHandle) -> int:
        """Watch what lies right under the root for two minutes and return how many changes were seen."""
        before, changes = _stamps(self._root), 0
        began = time.monotonic()
        while (watched_s := time.monotonic() - began) < WATCH_S:
            handle.progress(round(watched_s), round(WATCH_S), f"{number(changes, 'change')} seen")
            handle.sleep(_LOOK_EVERY_S)
            now = _stamps(self._root)
            changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
            for name in changed:
                handle.log(f"{printable(name)}: {_what_happened(name, before, now)}")
            before, changes = now, changes + len(changed)
        return changes


def _what_happened(name: str, before: dict[str, int], now: dict[str, int]) -> str:
    if name not in now:
        return "gone"
    return "changed" if name in before else "new"


def _stamps(root: Path) -> dict[str, int]:
    """The times of change, in nanoseconds, of all that lies right under the root."""
    stamps: dict[str, int] = {}
    with os.scandir(root) as listing:
        for entry in listing:
            try:
                stamps[entry.name] = entry.stat(follow_symlinks=False).st_mtime_ns
            except FileNotFoundError:  # gone since it was listed: its absence tells so
                continue
    return stamps
