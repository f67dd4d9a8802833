"""A pytest plugin that hands Task Control's database to TinyDB's own tests, in place of TinyDB's."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from engine.store import TaskDB


def _open_ours(*_path: Any, **_options: Any) -> TaskDB:
    return TaskDB()


def pytest_plugin_registered(plugin: object) -> None:
    """Let the `db` fixture of TinyDB's conftest.py open ours; the rest of that file stays as it is."""
    if isinstance(plugin, ModuleType) and plugin.__name__ == "tests.conftest":
        plugin.TinyDB = _open_ours


@pytest.fixture(autouse=True)
def _record_the_database(request: pytest.FixtureRequest, record_property: Any) -> None:
    """Write into the report which database a test with the `db` fixture got."""
    if "db" in request.fixturenames:
        record_property("database", type(request.getfixturevalue("db")).__name__)
