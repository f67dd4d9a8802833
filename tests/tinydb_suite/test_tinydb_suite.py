"""The store does all that TinyDB does: TinyDB's own tests, from its source distribution, pass with ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.fetch_tinydb import ROOT, suite_path

pytestmark = pytest.mark.guarantee("S5")

HERE = Path(__file__).resolve().parent

# TinyDB 4.9.0 has 218 tests that need nothing else installed; 134 of them use the `db` fixture.
FEWEST_TESTS = 200
FEWEST_WITH_OUR_DATABASE = 130


def _run(suite: Path, report: Path) -> subprocess.CompletedProcess[str]:
    """Run the suite in an interpreter of its own, with its own settings and our plugin alone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(HERE)])
    settings = ["-c", str(suite / "pyproject.toml")]  # TinyDB's own, not those of a folder above
    plugins = ["-p", "our_database", "-p", "no:cacheprovider"]
    output = ["-q", "--tb=short", "-o", "junit_family=xunit1", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *settings, *plugins, *output, "tests"]
    return subprocess.run(command, cwd=suite, env=environment, capture_output=True, text=True, timeout=110)


def test_tinydbs_own_tests_pass(tmp_path):
    """Every test that TinyDB's authors wrote passes when its database is Task Control's."""
    suite = suite_path()
    assert (suite / "tests").is_dir(), f"{suite} is missing: `make tinydb-tests` fetches TinyDB's own tests"

    done = _run(suite, tmp_path / "report.xml")

    assert done.returncode == 0, done.stdout + done.stderr
    cases = ElementTree.parse(tmp_path / "report.xml").findall(".//testcase")
    passed = [case for case in cases if not {child.tag for child in case} & {"skipped", "failure", "error"}]
    ours = [case for case in passed if case.find("properties/property[@value='TaskDB']") is not None]
    assert len(passed) >= FEWEST_TESTS, done.stdout
    assert len(ours) >= FEWEST_WITH_OUR_DATABASE, done.stdout
