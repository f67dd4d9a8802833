"""The peers are brought in one by one, and one that can't be had is done without."""

from __future__ import annotations

import sys

import pytest

from benchmarks import peers
from benchmarks.published import PEERS


@pytest.fixture(autouse=True)
def _same_path(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])


def test_all_are_pinned_and_apart_from_the_projects_requirements():
    """Each package has a version, and none of them is one that the project itself fixes."""
    pinned = peers.requirements(peers.REQUIREMENTS.read_text(encoding="utf-8"))
    project = (peers.ROOT / "requirements-dev.txt", peers.ROOT / "requirements.txt")
    own = [line for path in project for line in peers.requirements(path.read_text(encoding="utf-8"))]

    assert len(pinned) >= len(PEERS)
    assert all(line.count("==") == 1 for line in pinned)
    assert set() == {line.partition("==")[0].lower() for line in pinned} & {
        line.partition("==")[0].lower() for line in own
    }


def test_one_that_is_missing_is_named_with_the_reason():
    """What can't be imported says why; what can, says nothing."""
    assert "No module named 'no_such_peer'" == peers.why_not("no_such_peer")
    assert None is peers.why_not("tinydb")


def test_what_could_not_be_installed_is_told_and_tried_again(monkeypatch, tmp_path):
    """The others come in all the same, and only once."""
    asked: list[str] = []

    def pip_install(requirement, folder):
        asked.append(requirement)
        folder.mkdir(exist_ok=True)
        return not requirement.startswith("huey")

    monkeypatch.setattr(peers, "_pip_install", pip_install)
    folder = tmp_path / "peers"

    first, second = peers.install(folder), peers.install(folder)

    assert len(first) == 1
    assert first == second
    assert first[0].startswith("huey==")
    assert peers.requirements(peers.REQUIREMENTS.read_text(encoding="utf-8")) + first == asked
