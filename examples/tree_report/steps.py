"""What is done with the files of one part: count them, hash them, compress them."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from engine import TaskHandle
from examples.tree_report.folders import temporary_folder
from examples.tree_report.reading import BLOCK, blocks, each_file
from examples.tree_report.scanning import File
from examples.tree_report.words import number, percent, size


@dataclass(repr=False)
class Counts:
    """Lines are counted in text files: those without a NUL byte in their first block."""

    files: int = 0
    bytes: int = 0
    lines: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)  # bytes right in each folder
    unreadable: frozenset[str] = frozenset()

    def include(self, other: Counts) -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.lines += other.lines
        self.suffixes.update(other.suffixes)
        self.folders.update(other.folders)
        self.unreadable |= other.unreadable

    def __repr__(self) -> str:
        return f"{number(self.files, 'file')}, {size(self.bytes)}, {number(self.lines, 'line')}"


@dataclass(repr=False)
class Digests:
    """The files of a part by the SHA-256 of their content."""

    by_hash: dict[str, list[File]] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        files = sum(len(same) for same in self.by_hash.values())
        return f"{number(files, 'file')} with {number(len(self.by_hash), 'content')}"


@dataclass(repr=False)
class Packed:
    """How small a part became. Its archive was read back and is gone again."""

    files: int = 0
    bytes: int = 0
    archive_bytes: int = 0
    unreadable: frozenset[str] = frozenset()

    def include(self, other: Packed) -> None:
        self.files += other.files
        self.bytes += other.bytes
        self.archive_bytes += other.archive_bytes
        self.unreadable |= other.unreadable

    def __repr__(self) -> str:
        ratio = percent(self.archive_bytes, self.bytes)
        return f"{size(self.bytes)} became {size(self.archive_bytes)} ({ratio})"


def count(handle: TaskHandle, root: Path, files: Sequence[File], seconds: float) -> Counts:
    """Count files, bytes and lines, and the files by suffix."""
    counts = Counts()

    def read(file: File) -> None:
        read_bytes = lines = 0
        text, last = True, b"\n"
        for block in blocks(handle, root, file):
            text = text and (read_bytes > 0 or b"\0" not in block)
            read_bytes += len(block)
            lines += block.count(b"\n") if text else 0
            last = block[-1:]
        counts.files += 1
        counts.bytes += read_bytes
        counts.lines += lines + (text and last != b"\n")  # a last line may lack its end
        counts.suffixes[PurePath(file.path).suffix.lower() or "(none)"] += 1
        counts.folders[os.path.dirname(file.path)] += read_bytes

    counts.unreadable = each_file(handle, files, seconds, read)
    return counts


def digest(handle: TaskHandle, root: Path, files: Sequence[File], seconds: float) -> Digests:
    """Hash each file's content with SHA-256."""
    by_hash: defaultdict[str, list[File]] = defaultdict(list)

    def read(file: File) -> None:
        sha256 = hashlib.sha256()
        read_bytes = 0
        for block in blocks(handle, root, file):
            sha256.update(block)
            read_bytes += len(block)
        by_hash[sha256.hexdigest()].append(File(file.path, read_bytes))

    unreadable = each_file(handle, files, seconds, read)
    return Digests(dict(by_hash), unreadable)


def compress(handle: TaskHandle, root: Path, files: Sequence[File], seconds: float) -> Packed:
    """Pack the files to a zip archive in a temporary folder, read it back, and remove it."""
    packed = Packed()
    with temporary_folder(handle) as folder:
        path = folder / "part.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:

            def read(file: File) -> None:
                source = blocks(handle, root, file)
                first = next(source, b"")  # a file that can't be opened leaves no entry
                # As bytes, so that any name can be stored and no two become the same.
                name = os.fsencode(file.path).decode("latin-1")
                with archive.open(name, "w", force_zip64=True) as entry:
                    entry.write(first)
                    packed.bytes += len(first)
                    for block in source:
                        entry.write(block)
                        packed.bytes += len(block)
                packed.files += 1

            packed.unreadable = each_file(handle, files, seconds, read)
        packed.archive_bytes = path.stat().st_size
        _read_back(handle, path, packed)
    return packed


def _read_back(handle: TaskHandle, path: Path, packed: Packed) -> None:
    """Unpack it all, which verifies the checksums: a full disk must not pass for a good compression."""
    with zipfile.ZipFile(path) as archive:
        unpacked = 0
        for name in archive.namelist():
            with archive.open(name) as entry:
                while block := entry.read(BLOCK):
                    unpacked += len(block)
                    handle.checkpoint()
    if unpacked != packed.bytes:
        raise zipfile.BadZipFile(f"{packed.bytes} bytes were packed, but {unpacked} came back")
