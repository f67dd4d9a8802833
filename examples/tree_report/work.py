"""The functions that the tasks of a round run, and the notes that one leaves for the next."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any, TypeVar

from engine import TaskHandle
from examples.tree_report import findings, steps
from examples.tree_report.pace import Pace
from examples.tree_report.parts import Part
from examples.tree_report.report import Report
from examples.tree_report.scanning import Listing, scan
from examples.tree_report.words import size

Found = TypeVar("Found")


class Notes:
    """Findings by step and part, kept and read by any thread.

    The results in the tasks' records would not do: a person may purge what is done while the rest still runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _found
        self._found: dict[tuple[str, int], Any] = {}

    def keep(self, step: str, part: int, found: Found) -> Found:
        with self._lock:
            self._found[step, part] = found
        return found

    def get(self, step: str, part: int = 0) -> Any:
        with self._lock:
            return self._found[step, part]


class PartWork:
    """What is done with one part of the tree."""

    def __init__(self, whole: TreeWork, number: int) -> None:
        self.part = whole.parts[number]
        self._whole = whole
        self._number = number

    def scan(self, handle: TaskHandle) -> Listing:
        listing = scan(handle, self._whole.root, self.part, self._whole.skip, self._seconds("scan"))
        return self._keep(handle, "scan", listing)

    def count(self, handle: TaskHandle) -> steps.Counts:
        counts = steps.count(handle, self._whole.root, self._get("scan").files, self._seconds("count"))
        return self._keep(handle, "count", counts)

    def hash(self, handle: TaskHandle) -> steps.Digests:
        digests = steps.digest(handle, self._whole.root, self._get("scan").files, self._seconds("hash"))
        return self._keep(handle, "hash", digests)

    def compress(self, handle: TaskHandle) -> steps.Packed:
        """Only what could be read when it was hashed."""
        missing = self._get("hash").unreadable
        files = [file for file in self._get("scan").files if file.path not in missing]
        packed = steps.compress(handle, self._whole.root, files, self._seconds("compress"))
        return self._keep(handle, "compress", packed)

    def sum_up(self, handle: TaskHandle) -> findings.Summary:
        handle.sleep(self._seconds("sum up"))
        found = (self._get("scan"), self._get("count"), self._get("hash"), self._get("compress"))
        return self._keep(handle, "sum up", findings.summarise(*found))

    def _seconds(self, step: str) -> float:
        return self._whole.seconds(step, self.part)

    def _keep(self, handle: TaskHandle, step: str, found: Found) -> Found:
        handle.log(repr(found))
        return self._whole.notes.keep(step, self._number, found)

    def _get(self, step: str) -> Any:
        return self._whole.notes.get(step, self._number)


class TreeWork:
    """What is done with the whole tree, before and after its parts."""

    def __init__(self, root: Path, skip: frozenset[str], parts: list[Part], pace: Pace) -> None:
        self.root = root
        self.skip = skip
        self.parts = parts
        self.pace = pace
        self.notes = Notes()
        self._heaviest = max(part.weight for part in parts)

    def seconds(self, step: str, part: Part) -> float:
        """How long a step may take with a part: the longer, the more it holds beside the others."""
        return self.pace.of(step, part.weight / self._heaviest if self._heaviest else 1.0)

    def look(self, handle: TaskHandle) -> str:
        for part in self.parts:
            handle.log(f"{part.label}: about {part.weight:,} entries")
        place = tempfile.gettempdir()
        handle.log(f"Archives go to {place}, where {size(shutil.disk_usage(place).free)} are free")
        return f"{len(os.listdir(self.root))} entries at the top level; work in {len(self.parts)} parts"

    def find_duplicates(self, handle: TaskHandle) -> findings.Duplicates:
        handle.sleep(self.pace.of("gather"))
        return self.notes.keep("duplicates", 0, findings.find_duplicates(self._all("hash")))

    def rank_folders(self, handle: TaskHandle) -> tuple[tuple[str, int], ...]:
        handle.sleep(self.pace.of("gather"))
        return self.notes.keep("folders", 0, findings.largest_folders(self._all("count")))

    def compare_archives(self, handle: TaskHandle) -> tuple[tuple[str, steps.Packed], ...]:
        handle.sleep(self.pace.of("gather"))
        labels = [part.label for part in self.parts]
        ratios = findings.compare_ratios(zip(labels, self._all("compress"), strict=True))
        return self.notes.keep("ratios", 0, ratios)

    def report(self, handle: TaskHandle) -> Report:
        handle.sleep(self.pace.of("report"))
        total = findings.add_up(self._all("sum up"))
        get = self.notes.get
        report = Report(
            str(self.root), tuple(sorted(self.skip)), total, get("duplicates"), get("folders"), get("ratios")
        )
        handle.log(f"{len(self.parts)} parts: {total!r}")
        return report

    def _all(self, step: str) -> list[Any]:
        return [self.notes.get(step, number) for number in range(len(self.parts))]
