"""The recipes of docs/embedding.md, as the tests run them: the very code that the page shows."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from tests.contracts.pages import PAGES

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipe(mark: str) -> dict[str, Any]:
    """What the block with this mark in it defines; its app is `["app"]`."""
    found = [block for block in _BLOCK.findall(PAGES["docs/embedding.md"]) if mark in block]
    assert len(found) == 1, f"{len(found)} blocks with {mark!r}"
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(found[0], f"docs/embedding.md ({mark})", "exec"), names)
    app: Flask = names["app"]
    app.testing = False  # failures are answered, as they are in production
    return names
