"""Chooses the parts in which a tree is worked on: not too many, about equally heavy, no file in two."""

from __future__ import annotations

import heapq
import math
import os
import zlib
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from examples.tree_report.tree import Folder, survey, weigh
from examples.tree_report.words import printable, shortened

MAX_PARTS = 18
WORTH_SPLITTING = 8  # entries; a part of no more isn't split further


@dataclass(frozen=True)
class Unit:
    """A folder with all below it, without the subfolders of other units; or an equal share of its files."""

    folder: str = ""
    without: frozenset[str] = frozenset()
    share: int = 0
    shares: int = 1

    @property
    def label(self) -> str:
        name = shortened(printable(self.folder)) or "top level"
        return name if self.shares == 1 else f"{name} ({self.share + 1} of {self.shares})"

    def holds(self, path: str) -> bool:
        """Whether a file below the folder belongs to this share."""
        return zlib.crc32(os.fsencode(path)) % self.shares == self.share


@dataclass(frozen=True)
class Part:
    """What one row of tasks works on. `weight`: how many entries it holds, as far as was seen."""

    units: tuple[Unit, ...]
    weight: int

    @property
    def label(self) -> str:
        others = len(self.units) - 1
        return self.units[0].label + (f" +{others}" if others else "")


def choose_parts(root: Path, skip: frozenset[str] = frozenset()) -> list[Part]:
    """Choose one part for a tiny or empty tree and up to MAX_PARTS for others, in order of their labels."""
    folders = survey(root, skip)
    weights = weigh(folders)
    whole = Part((Unit(),), weights[""])
    return sorted(_merge(_split(whole, folders, weights)), key=lambda part: part.label)


def _split(whole: Part, folders: dict[str, Folder], weights: dict[str, int]) -> list[Part]:
    """Split whatever is heavier than an equal part would be, as far as that goes."""
    target = max(WORTH_SPLITTING, math.ceil(whole.weight / MAX_PARTS))
    to_look_at, done = [whole], []
    while to_look_at:
        part = to_look_at.pop()
        pieces = _pieces(part, folders, weights, target) if part.weight > target else []
        to_look_at.extend(pieces)
        if not pieces:
            done.append(part)
    return done


def _pieces(part: Part, folders: dict[str, Folder], weights: dict[str, int], target: int) -> list[Part]:
    (unit,) = part.units
    if unit.shares > 1:
        return []
    seen = folders.get(unit.folder, Folder((), 0))
    children = [child for child in seen.subfolders if child not in unit.without]
    if children:
        rest = Part((Unit(unit.folder, unit.without | set(children)),), seen.entries)
        return [rest, *(Part((Unit(child),), weights.get(child, 1)) for child in children)]
    shares = min(part.weight // target, MAX_PARTS)
    if shares < 2:
        return []
    each = math.ceil(part.weight / shares)
    return [Part((Unit(unit.folder, unit.without, n, shares),), each) for n in range(shares)]


def _merge(pieces: list[Part]) -> list[Part]:
    """Merge the two lightest until there are few enough, and none that is empty beside others."""
    numbers = count()
    heap = [(piece.weight, next(numbers), piece) for piece in pieces]
    heapq.heapify(heap)
    while len(heap) > MAX_PARTS or (len(heap) > 1 and heap[0][0] == 0):
        _, _, light = heapq.heappop(heap)
        _, _, heavier = heapq.heappop(heap)
        merged = Part(heavier.units + light.units, heavier.weight + light.weight)
        heapq.heappush(heap, (merged.weight, next(numbers), merged))
    return [piece for _, _, piece in heap]
