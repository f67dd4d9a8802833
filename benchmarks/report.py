"""What a section found, and how that reads as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .timing import Ratio


class Unavailable(LookupError):
    """What a section needs isn't to be had on this machine; the text says what, and what to do."""


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head. The first column is text, the others are figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table as Markdown."""
        rule = [":--", *["--:"] * (len(self.head) - 1)]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (self.head, rule, *self.rows))


@dataclass(frozen=True)
class Target:
    """Something that is to be reached, and what was measured."""

    claim: str
    measured: str
    is_met: bool

    def markdown(self) -> str:
        """One line that says whether it is met."""
        return f"Target: {self.claim}. **{'Met' if self.is_met else 'Missed'}**: {self.measured}."


@dataclass(frozen=True)
class Report:
    """What a section found. Without `targets` there is nothing to reach yet, and the report says so."""

    table: Table
    targets: Sequence[Target] = ()
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Table, targets and notes, as Markdown."""
        targets = [target.markdown() for target in self.targets] or ["Target: none yet."]
        return "\n\n".join([self.table.markdown(), "\n".join(f"- {line}" for line in [*targets, *self.notes])])


def figure(value: float) -> str:
    """A number with about three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def micros(value_s: float) -> str:
    """A time in microseconds."""
    return figure(value_s * 1e6)


def millis(value_s: float) -> str:
    """A time in milliseconds."""
    return figure(value_s * 1e3)


def percent(share: float) -> str:
    """A share of one."""
    return f"{share * 100:.0f} %"


def times(ratio: Ratio) -> str:
    """The ratio of the medians, and in brackets between which values those of the single rounds lay."""
    return f"{figure(ratio.of_medians)} ({figure(ratio.lowest)} to {figure(ratio.highest)})"
