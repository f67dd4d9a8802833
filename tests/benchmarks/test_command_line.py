"""`python -m benchmarks` measures what it is asked for and says what it found."""

from __future__ import annotations

from benchmarks import browser
from benchmarks.__main__ import main
from benchmarks.sections import SECTIONS


def test_named_sections_are_measured_and_printed(capsys):
    """Only what was named is run; its table, its target and the circumstances are printed."""
    code = main(["--quick", "start"])

    out = capsys.readouterr().out
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("## ")] == ["## Start of a task"]
    assert "| Task Control |" in out
    assert "Target: a median of at most" in out
    assert "*A quick run: Python 3." in out
    assert "of 1 targets met" in out


def test_without_chromium_browser_sections_are_skipped_by_name(capsys, monkeypatch):
    """Each section that needs a browser says that it was skipped, why, and what to do."""
    monkeypatch.setattr(browser.chromium, "find", lambda: None)

    code = main(["--quick", "live", "scroll", "load"])

    out = capsys.readouterr().out
    assert code == 0
    for name in ("live", "scroll", "load"):
        assert f"## {SECTIONS[name].title}\n\nSkipped: there is no Chromium: install it (make browser)" in out
