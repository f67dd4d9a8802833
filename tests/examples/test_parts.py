"""How a tree is cut into parts: boundedly many, and every file in exactly one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from examples.tree_report import standard_library
from examples.tree_report.parts import MAX_PARTS, choose_parts
from examples.tree_report.scanning import scan
from examples.tree_report.tree import left_out


def make_flat(root: Path) -> None:
    for number in range(400):
        (root / f"{number}.txt").touch()


def make_wide(root: Path) -> None:
    for number in range(300):
        (root / f"folder-{number}").mkdir()
        (root / f"folder-{number}" / "file").touch()


def make_deep(root: Path) -> None:
    for _ in range(60):
        root /= "d"
        root.mkdir()
        (root / "file").touch()


def make_lopsided(root: Path) -> None:
    make_wide(root)
    heavy = root / "folder-0" / "heavy"
    heavy.mkdir()
    make_flat(heavy)
    (root / "top").touch()


def make_single(root: Path) -> None:
    (root / "file").touch()


def make_empty(root: Path) -> None:
    pass


@pytest.mark.parametrize("make", [make_flat, make_wide, make_deep, make_lopsided, make_single, make_empty])
def test_each_file_is_in_exactly_one_part(make, tmp_path, handle):
    """Whatever the shape of a tree, its parts together hold each of its files once."""
    make(tmp_path)
    expected = sorted(
        os.path.relpath(os.path.join(folder, name), tmp_path)
        for folder, _, names in os.walk(tmp_path)
        for name in names
    )

    found = [
        file.path for part in choose_parts(tmp_path) for file in scan(handle, tmp_path, part, frozenset(), 0.0).files
    ]

    assert expected == sorted(found)


@pytest.mark.parametrize("make", [make_flat, make_wide, make_deep, make_lopsided, make_single, make_empty])
def test_there_are_never_too_many_parts(make, tmp_path):
    """Whatever the shape of a tree, it is cut into one part at least and a bounded number at most."""
    make(tmp_path)

    parts = choose_parts(tmp_path)

    assert 1 <= len(parts) <= MAX_PARTS


@pytest.mark.parametrize("make", [make_flat, make_wide, make_lopsided])
def test_a_large_tree_is_cut_into_parts_of_similar_weight(make, tmp_path):
    """No part of a large tree outweighs the average threefold."""
    make(tmp_path)

    weights = [part.weight for part in choose_parts(tmp_path)]

    assert max(weights) <= 3 * sum(weights) / len(weights)


def test_a_folder_beyond_the_first_look_is_still_read(tmp_path, handle, monkeypatch):
    """Folders that the first look did not reach belong to a part all the same."""
    monkeypatch.setattr("examples.tree_report.tree.MAX_FOLDERS", 5)
    make_wide(tmp_path)

    parts = choose_parts(tmp_path)

    assert sum(len(scan(handle, tmp_path, part, frozenset(), 0.0).files) for part in parts) == 300


def test_a_part_is_called_by_its_folder(tmp_path):
    """A folder that makes a part of its own gives it its name."""
    make_lopsided(tmp_path)
    for number in range(40):
        (tmp_path / "folder-7" / str(number)).touch()

    labels = [part.label for part in choose_parts(tmp_path)]

    assert "folder-7" in labels


def test_installed_packages_are_no_part_of_the_standard_library(tmp_path, monkeypatch):
    """Packages and compiled files inside the standard library's folder are left out, in other trees they aren't."""
    monkeypatch.setattr("examples.tree_report.tree.standard_library", lambda: tmp_path / "lib")
    (tmp_path / "lib").mkdir()

    assert ("site-packages" in left_out(tmp_path / "lib"), bool(left_out(tmp_path))) == (True, False)


def test_the_standard_library_makes_enough_parts():
    """The standard library is cut into ten parts at least, so that there is something to watch."""
    root = standard_library()

    assert len(choose_parts(root, left_out(root))) >= 10
