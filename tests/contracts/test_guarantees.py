"""docs/guarantees.md and the tests' marks agree: each guarantee names the files that keep it, and no others."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guarantees.md"
CODES = [f"S{number}" for number in range(1, 22)] + [f"P{number}" for number in range(1, 6)]


def sections() -> list[tuple[str, str]]:
    """The guarantees of the page, each with its code and its text."""
    parts = re.split(r"^### ([SP]\d+) ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def named() -> set[tuple[str, str]]:
    """The code of each guarantee with each of the test files that the page names for it."""
    return {
        (code, path)
        for code, text in sections()
        for kept_by in re.findall(r"^Kept by (.*?)\.$", text, flags=re.MULTILINE | re.DOTALL)
        for path in re.findall(r"`([^`]+)`", kept_by)
    }


def codes_in(source: str) -> set[str]:
    """The codes of all guarantee marks in a file of tests."""
    return {
        argument.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.guarantee"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }


def marked() -> set[tuple[str, str]]:
    """The code of each guarantee with each of the test files in which it is marked."""
    return {
        (code, path.relative_to(ROOT).as_posix())
        for path in (ROOT / "tests").rglob("test_*.py")
        for code in codes_in(path.read_text(encoding="utf-8"))
    }


def test_the_page_tells_every_guarantee_once_and_in_order():
    """S1 to S21 and P1 to P5 each have a section."""
    assert [code for code, _ in sections()] == CODES


def test_every_guarantee_names_who_keeps_it():
    """No guarantee is without a test file."""
    assert [code for code in CODES if code not in {code for code, _ in named()}] == []


def test_the_page_names_exactly_the_files_that_carry_the_marks():
    """A file that is named carries the mark, and a file that carries the mark is named."""
    only_named, only_marked = named() - marked(), marked() - named()

    assert (sorted(only_named), sorted(only_marked)) == ([], [])


def test_no_mark_is_misspelt():
    """Marks have the codes of this page and no others."""
    assert sorted(code for code, _ in marked() if code not in CODES) == []
