"""What the examples' tests share: small trees, a folder for temporary files, a task's handle for single steps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine import TaskControl
from examples.tree_report import plan

Records = dict[str, dict[str, Any]]


class QuietHandle:
    """A handle for calling one step without a manager: never stopped, never slowed down, its log kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def checkpoint(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        pass

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        pass

    def shield(self) -> AbstractContextManager[None]:
        return nullcontext()

    def log(self, message: str, level: str = "INFO") -> None:
        self.lines.append(f"{level} {message}")


@pytest.fixture
def handle() -> QuietHandle:
    return QuietHandle()


def make_tree(root: Path) -> Path:
    """A small tree with folders in folders, text, binary and empty files, duplicates and a link."""
    for number in range(12):
        folder = root / f"folder-{number:02}"
        folder.mkdir(parents=True)
        for lines in range(number + 1):
            (folder / f"text-{lines}.txt").write_text("a line\n" * lines + "without an end", encoding="utf-8")
    deep = root / "folder-03" / "deep" / "deeper"
    deep.mkdir(parents=True)
    (deep / "same.BIN").write_bytes(b"\0\n" * 40_000)
    (deep / "empty").touch()
    (root / "same.bin").write_bytes(b"\0\n" * 40_000)
    (root / "link").symlink_to("same.bin")
    return root


def run_plan(taskman: TaskControl, root: Path, **options: Any) -> Records:
    """Run a plan, as fast as it goes, until all but the watch has ended."""
    ids = plan(taskman, root, **{"pace": 0, **options})
    others = [task_id for task_id in ids if "Watch" not in taskman.get_task(task_id)[0]["name"]]
    assert taskman.wait(others, timeout=60), f"waited 60 s in vain for the {len(others)} tasks of the plan"
    return {record["name"]: record for record in taskman.get_all()}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "tree")


@pytest.fixture
def run(taskman: TaskControl) -> Callable[..., Records]:
    """Run plans with the test's own manager; the records come by name."""
    return partial(run_plan, taskman)


@pytest.fixture(scope="module")
def finished_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tree(tmp_path_factory.mktemp("finished") / "tree")


@pytest.fixture(scope="module")
def finished(finished_tree: Path) -> Records:
    """The records, by name, of one plan that has run: for tests that only read them."""
    with TaskControl() as taskman:
        records = run_plan(taskman, finished_tree)
        taskman.shutdown(cancel_futures=True, timeout=10)
    return records


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files go to during the test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
