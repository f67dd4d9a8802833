"""Reads files one after the other, block by block; a file that can't be read doesn't end the task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from pathlib import Path

from engine import TaskHandle
from examples.tree_report.pace import Steps
from examples.tree_report.scanning import File
from examples.tree_report.words import printable

BLOCK = 1 << 18  # bytes; between two blocks a task can be stopped


class Unreadable(Exception):
    """A file of the tree can't be read: it is counted and logged, and the task goes on."""

    def __init__(self, path: str, reason: OSError) -> None:
        super().__init__(f"{printable(path)} can't be read: {reason.strerror or reason}")
        self.path = path


def each_file(
    handle: TaskHandle, files: Sequence[File], seconds: float, read: Callable[[File], None]
) -> frozenset[str]:
    """Call `read` with one file after the other, paced; return the paths of those that can't be read."""
    steps = Steps(handle, len(files), seconds)
    unreadable: set[str] = set()
    for count, file in enumerate(files, 1):
        try:
            read(file)
        except Unreadable as error:
            unreadable.add(error.path)
            handle.log(str(error), level="WARNING")
        steps.done(count, printable(file.path))
    steps.finish()
    return frozenset(unreadable)


def blocks(handle: TaskHandle, root: Path, file: File) -> Iterator[bytes]:
    """A file's content in blocks. Raises Unreadable, but for what its user raises between two blocks."""
    with _opened(root, file.path) as source:
        while block := _next(source, file.path):
            yield block
            handle.checkpoint()


def _opened(root: Path, path: str) -> FileIO:
    try:
        return FileIO(root / path)
    except OSError as error:
        raise Unreadable(path, error) from error


def _next(source: FileIO, path: str) -> bytes | None:
    try:
        return source.read(BLOCK)
    except OSError as error:
        raise Unreadable(path, error) from error
