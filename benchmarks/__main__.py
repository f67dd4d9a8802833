"""`python -m benchmarks`: runs the sections, prints their tables, and writes them into the docs if asked to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import document
from .report import Target, Unavailable
from .sections import SECTIONS, run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; 0 whether targets are met or not, since other programs disturb them."""
    options = _parse(arguments)
    figures: dict[str, str] = {}
    targets: list[tuple[str, Target]] = []
    for name in options.sections or SECTIONS:
        section = SECTIONS[name]
        print(f"Measuring {name} ...", file=sys.stderr, flush=True)
        try:
            outcome = run(section, options.quick)
        except Unavailable as reason:
            print(f"## {section.title}\n\nSkipped: {reason}.\n", flush=True)
            continue
        figures[name] = outcome.markdown
        targets += [(name, target) for target in outcome.report.targets]
        print(f"## {section.title}\n\n{outcome.markdown}\n", flush=True)
    missed = [name for name, target in targets if not target.is_met]
    print(
        f"{len(targets) - len(missed)} of {len(targets)} targets met"
        + (f"; missed: {', '.join(dict.fromkeys(missed))}" * bool(missed))
    )
    if options.write:
        document.write(figures)
        print(f"Written into {document.PAGE.name}: {', '.join(figures)}", file=sys.stderr)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures Task Control side by side with its peers and prints the tables as Markdown.",
        epilog="; ".join(f"{name}: {section.title}" for name, section in SECTIONS.items()),
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sizes")
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{document.PAGE.name} as well")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no such section: {', '.join(unknown)} (there are: {', '.join(SECTIONS)})")
    if options.quick and options.write:
        parser.error("--write needs the full run: --quick leaves figures out")
    return options


if __name__ == "__main__":
    sys.exit(main())
