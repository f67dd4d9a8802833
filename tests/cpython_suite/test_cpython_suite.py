"""TaskExecutor is an executor: CPython's own tests for thread pools pass with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cpython_suite.our_executor import EXCLUDED, PACKAGE

pytestmark = pytest.mark.guarantee("S17")

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("our_executor.py")

# CPython 3.13.0 has 27 that concern any executor.
FEWEST_TESTS = 20


def test_cpythons_own_tests_pass():
    """Those that concern any executor; `our_executor.py` names the others, each with the reason."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    if answers is None:
        pytest.skip(f"this interpreter came without {PACKAGE}")

    failed = {f"{kind}.{name}": how for kind, name, how in answers if how not in ("passed", "excluded", "skipped")}
    passed = [name for _, name, how in answers if how == "passed"]
    assert failed == {}
    assert len(passed) >= FEWEST_TESTS
    assert not set(passed) & set(EXCLUDED)
