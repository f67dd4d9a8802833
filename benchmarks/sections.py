"""The sections, in the order in which they are run and told."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType

from . import (
    crowd,
    deadlines,
    graphs,
    growth,
    live,
    load,
    multitude,
    scroll,
    sleepers,
    start,
    store,
    throughput,
    watchers,
)
from .report import Report, figure
from .timing import load_average


@dataclass(frozen=True)
class Section:
    """Something that is measured: its heading, how it is measured, and the way to do it, quickly or in full."""

    title: str
    about: str
    run: Callable[[bool], Report]


@dataclass(frozen=True)
class Outcome:
    """What a section's run came to: the text for the page, and its report."""

    markdown: str
    report: Report


def _section(module: ModuleType) -> Section:
    return Section(module.TITLE, module.ABOUT.strip(), module.run)


SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        module.__name__.rpartition(".")[2]: _section(module)
        for module in (
            throughput,
            growth,
            store,
            start,
            graphs,
            sleepers,
            deadlines,
            watchers,
            crowd,
            live,
            scroll,
            load,
            multitude,
        )
    }
)


def run(section: Section, quick: bool) -> Outcome:
    """Measure one section; raises Unavailable where something that it needs isn't there."""
    load_before, begun = load_average(), time.monotonic()
    report = section.run(quick)
    circumstances = _circumstances(load_before, time.monotonic() - begun, quick)
    return Outcome(f"{section.about}\n\n{report.markdown()}\n\n{circumstances}", report)


def _circumstances(load_before: float | None, took_s: float, quick: bool) -> str:
    """On what and amid how much else it was measured."""
    said = f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} processors"
    load_after = load_average()
    if load_before is not None and load_after is not None:
        said += f", with a load average of {figure(load_before)} before and {figure(load_after)} after"
    return f"*{'A quick run: ' if quick else ''}{said}; took {took_s:.0f} s.*"
