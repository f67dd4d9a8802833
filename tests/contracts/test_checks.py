"""The static checks hold: the same list as `make check` runs."""

from __future__ import annotations

import ast
import subprocess

import pytest

from scripts.check import CHECKS, ROOT


@pytest.mark.timeout(300)  # the type checker's first run, on a busy machine
@pytest.mark.parametrize("name", CHECKS)
def test_static_check_finds_nothing(name):
    """Linter, formatter, type checker and import rules have nothing to say."""
    done = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, f"`make check ARGS={name}` finds:\n{done.stdout}{done.stderr}"


def test_every_test_says_what_it_shows():
    """Each test has a docstring, a sentence that a user would understand."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []
