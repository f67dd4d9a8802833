"""A temporary folder that goes with its task."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine import TaskHandle


@contextmanager
def temporary_folder(handle: TaskHandle) -> Iterator[Path]:
    """A folder that is removed afterwards, also when the task is stopped in the instant in which it is made."""
    with ExitStack() as stack:
        with handle.shield():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tree-report-"))
        yield Path(folder)
