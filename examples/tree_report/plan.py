"""The graph: which tasks there are and who waits for whom, from the first look at the tree to the report."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import TaskControl, TaskHandle
from examples.tree_report.pace import LANES, PACE_S, Pace
from examples.tree_report.parts import choose_parts
from examples.tree_report.tree import left_out
from examples.tree_report.trouble import Trouble
from examples.tree_report.work import PartWork, TreeWork

MAX_ROUNDS = 100
WATCH = "Watch the tree for changes"

Function = Callable[[TaskHandle], Any]


def plan(taskman: TaskControl, root: str | os.PathLike[str], *, pace: float = PACE_S, rounds: int = 1) -> list[str]:
    """Add the tasks of a report on the tree below `root` and return their ids at once, the report's last.

    `pace`: about how many seconds a round takes; 0: as fast as it goes. A round begins when the one before
    has made its report. Where an argument is wrong, raises ValueError or NotADirectoryError and adds nothing.
    """
    folder = _checked(root, pace, rounds)
    skip = left_out(folder)
    parts = choose_parts(folder, skip)
    ids: list[str] = []
    for number in range(1, rounds + 1):
        work = TreeWork(folder, skip, parts, Pace(pace, len(parts)))
        suffix = f" (round {number})" if rounds > 1 else ""
        ids += _Graph(taskman, work, suffix).add(after=ids[-1] if ids else None)
    return ids


def _checked(root: str | os.PathLike[str], pace: float, rounds: int) -> Path:
    if not (math.isfinite(pace) and pace >= 0):
        raise ValueError(f"A pace of {pace} seconds is not possible: give 0 or more")
    if not 1 <= rounds <= MAX_ROUNDS:
        raise ValueError(f"{rounds} rounds are not possible: give a number from 1 to {MAX_ROUNDS}")
    folder = Path(root).absolute()
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder: name one that exists")
    return folder


class _Graph:
    """Adds the tasks of one round."""

    def __init__(self, taskman: TaskControl, work: TreeWork, suffix: str) -> None:
        self._taskman = taskman
        self._work = work
        self._suffix = suffix
        self._ids: list[str] = []

    def add(self, after: str | None) -> list[str]:
        look = self._task("Look at the tree", self._work.look, after)
        scans: list[str] = []
        counts, hashes, archives, summaries = [], [], [], []
        for number in range(len(self._work.parts)):
            part = PartWork(self._work, number)
            label = part.part.label
            # Scans go in lanes, one behind the other, so that the disk isn't asked for everything at once.
            before = scans[-LANES] if len(scans) >= LANES else look
            scans.append(self._task(f"Scan {label}", part.scan, before))
            counts.append(self._task(f"Count {label}", part.count, scans[-1]))
            hashes.append(self._task(f"Hash {label}", part.hash, scans[-1]))
            archives.append(self._task(f"Compress {label}", part.compress, hashes[-1]))
            summaries.append(self._task(f"Sum up {label}", part.sum_up, [counts[-1], archives[-1]]))
        self._add_trouble(look)
        duplicates = self._task("Find duplicates", self._work.find_duplicates, hashes)
        folders = self._task("Rank the folders", self._work.rank_folders, counts)
        ratios = self._task("Compare the archives", self._work.compare_archives, archives)
        self._task("Write the report", self._work.report, [*summaries, duplicates, folders, ratios])
        return self._ids

    def _add_trouble(self, look: str) -> None:
        """What fails, what is over its limit, what is canceled for that, and what a person may cancel."""
        trouble = Trouble(self._work.root, self._work.pace)
        notes = self._task("Read the notes behind a link", trouble.read_linked_notes, look)
        self._task("Count the words of the notes", trouble.count_words, notes)
        opened = self._task("Open the archive of yesterday", trouble.open_broken_archive, look)
        listed = self._task("List the archive of yesterday", trouble.list_archive, opened)
        self._task("Compare yesterday with today", trouble.compare_with_today, listed)
        limit_s = trouble.drive_limit_s
        drive = self._task("Wait for the backup drive", trouble.wait_for_drive, look, limit_s)
        self._task("Measure the backup drive", trouble.measure_drive, drive)
        self._task(WATCH, trouble.watch, look)

    def _task(self, name: str, function: Function, after: str | list[str] | None, limit_s: float | None = None) -> str:
        name += self._suffix
        task_id = self._taskman.add(name, function, depend_on=after, get_result=True, thread_timeout=limit_s)
        self._ids.append(task_id)
        return task_id
