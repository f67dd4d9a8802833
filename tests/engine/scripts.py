"""Scripts as users write them, each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(source: str, folder: Path) -> subprocess.Popen[str]:
    """Start a script in a folder; what it prints arrives line by line."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", dir=folder, delete=False, encoding="utf-8") as script:
        script.write(source)
    return subprocess.Popen(
        [sys.executable, script.name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_end(source: str, folder: Path, *, may_complain: bool = False, patience_s: float = 30.0) -> list[str]:
    """Run a script to its end and return the lines that it printed; it must end well and in time.

    It must not complain either, unless its tasks fail: the engine logs failures.
    """
    with start(source, folder) as process:
        try:
            output, errors = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"the script did not end within {patience_s} s")
    assert process.returncode == 0, errors
    assert may_complain or errors == "", errors
    return output.splitlines()
