"""`python -m examples.tree_report` in a terminal without the panel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.tree_report", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_report_is_printed_at_the_end(tree):
    """Without the panel, the command prints how each task ended, then the report, and ends well."""
    done = command(str(tree), "--pace", "0", "--no-panel")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Error      Wait for the backup drive (Killed by timeout)" in done.stdout
    assert f"Report on {tree}\n" in done.stdout


def test_the_watch_is_stopped_when_the_report_is_made(tree):
    """Without the panel nobody could cancel the watch, so the command does."""
    done = command(str(tree), "--pace", "0", "--no-panel")

    assert "Canceled   Watch the tree for changes (Canceled on request)" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_leftovers(number, tree, scratch, until):
    """Ctrl-C and SIGTERM cancel the tasks; no traceback is printed and no temporary file stays."""
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.tree_report", str(tree), "--no-panel"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: list(scratch.iterdir()), "the first temporary folder")

    process.send_signal(number)
    _, errors = process.communicate(timeout=20)

    assert (process.returncode, errors, list(scratch.iterdir())) == (130, "", [])


def test_a_folder_that_is_not_there_is_an_error_of_usage(tmp_path):
    """A path that is no folder ends the command with a message and no traceback."""
    done = command(str(tmp_path / "nowhere"), "--no-panel")

    assert done.returncode == 2
    assert done.stderr.endswith("nowhere is not a folder: name one that exists\n")
