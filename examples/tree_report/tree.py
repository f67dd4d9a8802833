"""Looks at the upper folders of a tree: how much they hold and what lies in them, within a budget."""

from __future__ import annotations

import os
import sysconfig
from collections import deque
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

# A plan is made at once, even for millions of files: beyond these, a tree is not looked at beforehand.
MAX_FOLDERS = 500
MAX_ENTRIES = 50_000

# Installed packages and compiled files often lie inside the standard library's folder and are no part of it.
NOT_STANDARD_LIBRARY = frozenset({"site-packages", "dist-packages", "__pycache__"})


@dataclass(frozen=True)
class Folder:
    """What was seen in one folder: its subfolders (relative to the root) and how many other entries."""

    subfolders: tuple[str, ...]
    entries: int


def standard_library() -> Path:
    """The folder of the running Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def left_out(root: Path) -> frozenset[str]:
    """The names of folders that are not read, wherever they lie; none, but in the standard library."""
    same = os.path.realpath(root) == os.path.realpath(standard_library())
    return NOT_STANDARD_LIBRARY if same else frozenset()


def survey(root: Path, skip: frozenset[str]) -> dict[str, Folder]:
    """List the uppermost folders, those nearest to the root first, by their path relative to it.

    Folders that can't be listed count as empty here: the task that reads them says so.
    """
    folders: dict[str, Folder] = {}
    waiting = deque([""])
    budget = MAX_ENTRIES
    while waiting and len(folders) < MAX_FOLDERS and budget > 0:
        path = waiting.popleft()
        folder = _list(root, path, skip, budget)
        folders[path] = folder
        waiting.extend(folder.subfolders)
        budget -= folder.entries + len(folder.subfolders)
    return folders


def weigh(folders: dict[str, Folder]) -> dict[str, int]:
    """How many entries each folder holds with all below it, as far as was seen; a subfolder at least one."""
    weights: dict[str, int] = {}
    # A folder stands before its subfolders, so backwards each finds theirs summed up already.
    for path, folder in reversed(folders.items()):
        weights[path] = folder.entries + sum(weights.get(child, 1) for child in folder.subfolders)
    return {path: max(weight, 1) if path else weight for path, weight in weights.items()}


def _list(root: Path, path: str, skip: frozenset[str], budget: int) -> Folder:
    try:
        with os.scandir(root / path) as listing:
            entries = list(islice(listing, budget))
    except OSError:
        return Folder((), 0)
    children = sorted(entry.name for entry in entries if is_folder(entry))
    subfolders = tuple(os.path.join(path, name) for name in children if name not in skip)
    return Folder(subfolders, len(entries) - len(children))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder itself: links to folders are not followed, so no file is read twice."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
