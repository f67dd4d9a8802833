"""What the tree report finds out: its figures, and what it makes of odd trees and of files that can't be read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from examples.tree_report import Report, plan
from examples.tree_report.pace import Pace
from examples.tree_report.parts import choose_parts
from examples.tree_report.work import PartWork, TreeWork

REPORT = "Write the report"


def regular_files(root):
    paths = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


@pytest.fixture
def report(finished) -> Report:
    return finished[REPORT]["result"]


def test_files_and_bytes_are_counted(report, finished_tree):
    """The report has as many files and bytes as the tree."""
    files = regular_files(finished_tree)

    counts = report.total.counts
    assert (len(files), sum(path.stat().st_size for path in files)) == (counts.files, counts.bytes)


def test_lines_of_text_are_counted(report, finished_tree):
    """Lines are those of text files, a last one without an end included."""
    texts = [path.read_text(encoding="utf-8") for path in regular_files(finished_tree) if path.suffix == ".txt"]

    assert sum(len(text.splitlines()) for text in texts) == report.total.counts.lines


def test_suffixes_are_counted(report):
    """Files are counted by suffix, in lower case."""
    assert dict(report.total.counts.suffixes) == {".txt": 78, ".bin": 2, "(none)": 1}


def test_duplicates_are_found_wherever_they_lie(report, finished_tree):
    """Files with the same content are one group, from whatever folders they come; empty ones don't count."""
    by_hash: dict[str, set[str]] = {}
    for path in regular_files(finished_tree):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        by_hash.setdefault(digest, set()).add(str(path.relative_to(finished_tree)))
    expected = {frozenset(same) for same in by_hash.values() if len(same) > 1}

    assert expected == {frozenset(file.path for file in group) for group in report.duplicates.groups}


def test_a_folder_counts_with_all_below_it(report, finished_tree):
    """The largest folder is the root, with all bytes; a folder's size includes its subfolders."""
    inside = sum(path.stat().st_size for path in regular_files(finished_tree / "folder-03"))

    sizes = dict(report.folders)
    assert (report.total.counts.bytes, inside) == (sizes[""], sizes["folder-03"])


def test_everything_is_compressed(report):
    """All bytes went into archives, which are smaller."""
    packed = report.total.packed

    assert packed.bytes == report.total.counts.bytes > packed.archive_bytes > 0


def test_links_are_not_followed(report):
    """A link is counted as a link, and not as another file."""
    assert report.total.links == 1


def test_the_text_names_the_totals(report, finished_tree):
    """The report reads as text: the tree, its files and lines, duplicates and compression."""
    text = str(report)

    assert [said in text for said in (str(finished_tree), "81 files", "Duplicates: ", "Compression: ")] == [True] * 4


def test_an_empty_tree_makes_an_empty_report(run, tmp_path):
    """Nothing to count is no failure."""
    (tmp_path / "empty").mkdir()

    record = run(tmp_path / "empty")[REPORT]

    assert (record["status"], record["result"].total.counts.files) == (0, 0)


def test_file_names_may_be_anything(run, tmp_path):
    """Names with line ends, undecodable bytes or no ASCII are read, and shown as printable text."""
    root = tmp_path / "odd"
    root.mkdir()
    for name in (b"line\nend.txt", b"bytes-\xff\xfe.txt", "grüße 世界.txt".encode(), b" "):
        (Path(os.fsdecode(os.fsencode(root) + b"/" + name))).write_bytes(b"the same\n")
    os.mkfifo(root / "pipe")

    records = run(root)

    report = records[REPORT]["result"]
    shown = [line["message"] for record in records.values() for line in record["log"]] + [report.text]
    assert (report.total.counts.files, report.total.special, len(report.duplicates.groups)) == (4, 1, 1)
    assert all(part.isprintable() for text in shown for part in text.split("\n"))


def test_a_file_that_vanished_is_counted_and_logged(tree, handle):
    """A file that can't be read any more costs its own figures, not the task."""
    work = TreeWork(tree, frozenset(), choose_parts(tree), Pace(0, 1))
    part = next(
        part
        for part in (PartWork(work, number) for number in range(len(work.parts)))
        if "folder-11/text-3.txt" in [file.path for file in part.scan(handle).files]
    )
    (tree / "folder-11" / "text-3.txt").unlink()

    part.count(handle)
    part.hash(handle)
    part.compress(handle)

    assert {"folder-11/text-3.txt"} == part.sum_up(handle).unreadable
    assert "WARNING folder-11/text-3.txt can't be read: No such file or directory" in handle.lines


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_counted_and_logged(run, tree):
    """A file that may not be read is reported, and everything else is read."""
    (tree / "folder-11" / "text-3.txt").chmod(0)

    total = run(tree)[REPORT]["result"].total

    assert (80, {"folder-11/text-3.txt"}) == (total.counts.files, total.unreadable)


def test_a_folder_that_vanished_is_counted_and_logged(tree, handle):
    """A folder that can't be listed any more is reported as unreadable."""
    work = TreeWork(tree, frozenset(), choose_parts(tree), Pace(0, 1))
    (tree / "folder-11").rename(tree.parent / "elsewhere")

    missed = [PartWork(work, number).scan(handle).unreadable for number in range(len(work.parts))]

    assert {"folder-11"} == frozenset().union(*missed)


def test_purging_while_it_runs_costs_the_report_nothing(taskman, tree):
    """Whoever purges what is completed, while the rest still runs, gets the whole report."""
    with taskman.subscribe() as changes:
        ids = plan(taskman, tree, pace=1)
        report = None
        while report is None:
            news = changes.get(timeout=20)
            assert news, "waited 20 s in vain for the next change"
            taskman.purge(minutes=0, statuses=[0])
            ended = [change.record for change in news if change.id == ids[-1] and change.record["status"] != 2]
            report = next((record["result"] for record in ended if record["status"] == 0), None)

    assert report.total.counts.files == 81
