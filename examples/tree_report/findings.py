"""Brings the parts' findings together: summaries, duplicates, largest folders, compression."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from examples.tree_report.scanning import File, Listing
from examples.tree_report.steps import Counts, Digests, Packed
from examples.tree_report.words import number, size

LARGEST = 50  # folders kept


@dataclass(repr=False)
class Summary:
    """One part, or several added up."""

    counts: Counts = field(default_factory=Counts)
    packed: Packed = field(default_factory=Packed)
    links: int = 0
    special: int = 0
    unreadable: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"{self.counts!r}; {self.packed!r}; {len(self.unreadable)} unreadable"


@dataclass(frozen=True, repr=False)
class Duplicates:
    """Groups of non-empty files with the same content, those that waste most first."""

    groups: tuple[tuple[File, ...], ...]

    @property
    def wasted_bytes(self) -> int:
        return sum(wasted(group) for group in self.groups)

    def __repr__(self) -> str:
        return f"{number(len(self.groups), 'content')} more than once, {size(self.wasted_bytes)} too many"


def summarise(listing: Listing, counts: Counts, digests: Digests, packed: Packed) -> Summary:
    """One part's findings. A file that any step could not read is unreadable."""
    unreadable = listing.unreadable | counts.unreadable | digests.unreadable | packed.unreadable
    return Summary(counts, packed, listing.links, listing.special, unreadable)


def add_up(summaries: Iterable[Summary]) -> Summary:
    """All parts as one."""
    total = Summary()
    for part in summaries:
        total.counts.include(part.counts)
        total.packed.include(part.packed)
        total.links += part.links
        total.special += part.special
        total.unreadable |= part.unreadable
    return total


def find_duplicates(parts: Iterable[Digests]) -> Duplicates:
    """The files with the same content, wherever in the tree they lie."""
    by_hash: dict[str, list[File]] = {}
    for digests in parts:
        for digest, files in digests.by_hash.items():
            by_hash.setdefault(digest, []).extend(files)
    same = [tuple(sorted(files, key=lambda file: file.path)) for files in by_hash.values()]
    wasteful = [group for group in same if wasted(group)]
    return Duplicates(tuple(sorted(wasteful, key=lambda group: (-wasted(group), group[0].path))))


def largest_folders(parts: Iterable[Counts]) -> tuple[tuple[str, int], ...]:
    """The largest folders with the bytes of all below them."""
    held: Counter[str] = Counter()
    for counts in parts:
        for folder, count in counts.folders.items():
            held[folder] += count
            while folder:
                folder = os.path.dirname(folder)
                held[folder] += count
    return tuple(sorted(held.items(), key=lambda item: (-item[1], item[0]))[:LARGEST])


def compare_ratios(packed: Iterable[tuple[str, Packed]]) -> tuple[tuple[str, Packed], ...]:
    """The parts with something in them, by how small they became."""
    filled = [(label, part) for label, part in packed if part.bytes]
    return tuple(sorted(filled, key=lambda item: item[1].archive_bytes / item[1].bytes))


def wasted(group: tuple[File, ...]) -> int:
    """The bytes that all but one of the same files take."""
    return group[0].size * (len(group) - 1)
