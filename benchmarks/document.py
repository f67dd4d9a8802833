"""The page of the docs that quotes what was measured: which part of it belongs to which section."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


class NoPlace(LookupError):
    """The page has no markers for a section."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the page has no place for {name}: add the lines <!-- measured: {name} --> and <!-- end -->")
        self.name = name


def with_figures(page: str, figures: Mapping[str, str]) -> str:
    """The page with the sections' new figures; what stands outside of their markers stays. Raises NoPlace."""
    for name, text in figures.items():
        begin, end = f"<!-- measured: {name} -->\n", "<!-- end -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise NoPlace(name)
        page = f"{before}{begin}\n{text}\n\n{end}{after}"
    return page


def write(figures: Mapping[str, str], path: Path = PAGE) -> None:
    """Put the figures on the page."""
    page = with_figures(path.read_text(encoding="utf-8"), figures)
    path.write_text(page, encoding="utf-8")
