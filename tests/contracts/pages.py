"""What the project's pages say, as the contract tests read it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}


def section(page: str, title: str) -> str:
    """The text below a heading of the second level, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[1]


def cells(text: str) -> list[list[str]]:
    """The rows of the tables in a text, their heads left out."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rules = {index for index, row in enumerate(rows) if set(row[0]) == {"-"}}
    return [row for index, row in enumerate(rows) if index not in rules and index + 1 not in rules]


def first_column(text: str) -> list[str]:
    """What stands as code in the first column of the tables in a text."""
    return [code for row in cells(text) for code in re.findall(r"`([^`]+)`", row[0])]


def first_two_columns(text: str) -> list[list[str]]:
    """The first two columns of the tables in a text, without the marks of code."""
    return [[cell.strip("`") for cell in row[:2]] for row in cells(text)]


def documented(text: str) -> dict[str, str]:
    """Members by name: the headings of the fourth level and the first columns of tables, as they are written."""
    written = [*re.findall(r"^#### `(.+)`$", text, re.MULTILINE), *first_column(text)]
    return {code.partition("(")[0]: code for code in written}


def documented_signatures(text: str) -> dict[str, str]:
    """The signatures among the members, by name."""
    return {name: normal(code.removeprefix(name)) for name, code in documented(text).items() if "(" in code}


def public(owner: type) -> list[str]:
    """The public members of a class, those that its instances get when they are made included."""
    ours = [base for base in inspect.getmro(owner) if base.__module__.startswith(("engine", "dashboard"))]
    made = re.findall(r"self\.([a-zA-Z]\w*)(?:: [^=\n]+)? = ", "\n".join(map(inspect.getsource, ours)))
    return sorted({name for name in dir(owner) if not name.startswith("_")} | set(made))


def signatures(owner: type) -> dict[str, str]:
    """The signatures of a class's public methods, by name, without annotations."""
    methods = {name: getattr(owner, name) for name in public(owner) if inspect.isfunction(getattr(owner, name, None))}
    return {name: normal(signature(method)) for name, method in methods.items()}


def signature(function: Any) -> str:
    """A signature without annotations, as the docs write it."""
    found = inspect.signature(function)
    parameters = [p.replace(annotation=p.empty) for p in found.parameters.values() if p.name != "self"]
    return str(found.replace(parameters=parameters, return_annotation=found.empty))


def normal(written: str) -> str:
    """A signature in one way of quoting."""
    return ast.unparse(ast.parse(f"def f{written}: ..."))
