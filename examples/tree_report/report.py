"""The report: all that was found out about a tree, and its text as a person reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from examples.tree_report.findings import Duplicates, Summary, wasted
from examples.tree_report.steps import Packed
from examples.tree_report.words import number, percent, printable, size

SHOWN = 5  # of each list in the text


@dataclass(frozen=True, repr=False)
class Report:
    """All that was found out about a tree. Its text is what a person reads."""

    root: str
    left_out: tuple[str, ...]
    total: Summary
    duplicates: Duplicates
    folders: tuple[tuple[str, int], ...]  # path and bytes with all below it, the largest first
    ratios: tuple[tuple[str, Packed], ...]  # part and how small it became, the smallest first

    def __repr__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        sections = (self._totals(), self._suffixes(), self._folders(), self._doubles(), self._packing())
        return "\n".join(chain.from_iterable(sections))

    def _totals(self) -> Iterable[str]:
        counts = self.total.counts
        yield f"Report on {printable(self.root)}"
        if self.left_out:
            yield f"  left out: folders named {', '.join(self.left_out)}"
        yield f"  {counts!r} of text"
        others = (number(self.total.links, "link"), number(self.total.special, "special file"))
        yield f"  {others[0]} and {others[1]} not followed, {len(self.total.unreadable):,} unreadable"

    def _suffixes(self) -> Iterable[str]:
        yield "Most frequent suffixes"
        yield from (f"  {count:>9,}  {printable(name)}" for name, count in _first(self.total.counts.suffixes))

    def _folders(self) -> Iterable[str]:
        yield "Largest folders"
        yield from (f"  {size(held):>9}  {printable(path) or '.'}" for path, held in self.folders[:SHOWN])

    def _doubles(self) -> Iterable[str]:
        yield f"Duplicates: {self.duplicates!r}"
        for group in self.duplicates.groups[:SHOWN]:
            yield f"  {size(wasted(group)):>9}  {len(group)} x {printable(group[0].path)}"

    def _packing(self) -> Iterable[str]:
        yield f"Compression: {self.total.packed!r}"
        for label, packed in self.ratios[:SHOWN]:
            yield f"  {percent(packed.archive_bytes, packed.bytes):>9}  {label}"


def _first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
