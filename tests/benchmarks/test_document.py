"""docs/benchmarks.md quotes full runs, and no figure stands where a run doesn't put it."""

from __future__ import annotations

import re

import pytest

from benchmarks.document import PAGE, write
from benchmarks.sections import SECTIONS

BLOCK = re.compile(r"<!-- measured: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)

TWO_PLACES = """# Benchmarks

<!-- measured: store -->
old
<!-- end -->

between

<!-- measured: start -->
<!-- end -->
"""


@pytest.mark.parametrize("name", SECTIONS)
def test_the_page_quotes_a_full_run(name):
    """Each section has its description as the code tells it, a table, its targets, and on what it was measured."""
    text = dict(BLOCK.findall(PAGE.read_text(encoding="utf-8")))[name]

    assert SECTIONS[name].about in text, f'its description has changed: run make bench ARGS="{name} --write"'
    assert "\n| :-- |" in text
    assert "\n- Target: " in text
    assert "\n*Python 3." in text


def test_no_figure_outside_of_the_marks():
    """What was measured stands only where a run puts it."""
    prose = BLOCK.sub("", PAGE.read_text(encoding="utf-8"))

    assert [] == re.findall(r"\d+", prose)


def test_second_run_leaves_no_trace_of_the_first(tmp_path):
    """Figures are replaced, whatever characters they hold, and the rest of the page stays as it is."""
    path = tmp_path / "page.md"
    path.write_text(TWO_PLACES, encoding="utf-8")

    write({"store": "first"}, path)
    write({"store": r"| \1 | new |"}, path)

    assert TWO_PLACES.replace("old\n", "\n| \\1 | new |\n\n") == path.read_text(encoding="utf-8")
