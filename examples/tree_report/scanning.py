"""Finds the files of a part: each regular file once, and no link followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import TaskHandle
from examples.tree_report.pace import Steps
from examples.tree_report.parts import Part, Unit
from examples.tree_report.tree import is_folder
from examples.tree_report.words import number, printable, size


@dataclass(frozen=True)
class File:
    """A regular file: its path relative to the root, and its bytes when it was found."""

    path: str
    size: int


@dataclass(frozen=True, repr=False)
class Listing:
    """What a part holds. `special` are pipes, sockets and devices, which nobody opens."""

    files: tuple[File, ...] = ()
    links: int = 0
    special: int = 0
    unreadable: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"{number(len(self.files), 'file')}, {size(sum(file.size for file in self.files))}"


def scan(handle: TaskHandle, root: Path, part: Part, skip: frozenset[str], seconds: float) -> Listing:
    """List a part's files in order of their paths. `skip`: names of folders that are passed over."""
    scanner = _Scanner(handle, root, skip)
    steps = Steps(handle, part.weight, seconds)
    seen = 0
    for unit in part.units:
        for path, entry in scanner.entries(unit):
            scanner.take(path, entry)
            seen += 1
            steps.done(seen, printable(path))
    steps.finish()
    return scanner.listing()


class _Scanner:
    """One task's findings; used by its thread alone."""

    def __init__(self, handle: TaskHandle, root: Path, skip: frozenset[str]) -> None:
        self._handle = handle
        self._root = root
        self._skip = skip
        self._files: list[File] = []
        self._links = 0
        self._special = 0
        self._unreadable: set[str] = set()

    def entries(self, unit: Unit) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """All entries below a unit's folder that belong to its share and aren't folders themselves."""
        self._handle.log(f"Looking into {unit.label}")
        waiting = [unit.folder]
        while waiting:
            folder = waiting.pop()
            for entry in self._list(folder, unit):
                path = os.path.join(folder, entry.name)
                if not is_folder(entry):
                    if unit.holds(path):
                        yield path, entry
                elif entry.name not in self._skip and path not in unit.without:
                    waiting.append(path)

    def take(self, path: str, entry: os.DirEntry[str]) -> None:
        try:
            if entry.is_symlink():
                self._links += 1
            elif entry.is_file(follow_symlinks=False):
                self._files.append(File(path, entry.stat(follow_symlinks=False).st_size))
            else:
                self._special += 1
        except OSError as error:
            self._miss(path, error)

    def listing(self) -> Listing:
        files = tuple(sorted(self._files, key=lambda file: file.path))
        return Listing(files, self._links, self._special, frozenset(self._unreadable))

    def _list(self, folder: str, unit: Unit) -> list[os.DirEntry[str]]:
        self._handle.checkpoint()
        try:
            with os.scandir(self._root / folder) as listing:
                return list(listing)
        except OSError as error:
            if unit.holds(folder):  # of the tasks that share a folder, one counts it
                self._miss(folder, error)
            return []

    def _miss(self, path: str, error: OSError) -> None:
        self._unreadable.add(path)
        self._handle.log(f"{printable(path) or 'The root'} can't be read: {error.strerror}", level="WARNING")
