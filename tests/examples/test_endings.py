"""How the tasks of the tree report end, what they tell meanwhile, and that they leave nothing behind."""

from __future__ import annotations

from collections import Counter

import pytest

from examples.tree_report import plan

REPORT = "Write the report"
WATCH = "Watch the tree for changes"


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("Read the notes behind a link", 1, "FileNotFoundError: "),
        ("Count the words of the notes", 4, ""),
        ("Open the archive of yesterday", 1, "BadZipFile: File is not a zip file"),
        ("List the archive of yesterday", 4, ""),
        ("Compare yesterday with today", 4, ""),
        ("Wait for the backup drive", 1, "Killed by timeout"),
        ("Measure the backup drive", 4, ""),
    ],
)
def test_a_side_task_ends_as_it_should(name, status, error, finished):
    """The link, the archive and the drive fail for real, and what waits for them is cancelled."""
    record = finished[name]

    assert (status, True) == (record["status"], record["error"].startswith(error))


def test_all_others_complete(finished):
    """Beside the side tasks and the watch, every task completes."""
    expected = {0: len(finished) - 8, 1: 3, 3: 1, 4: 4}

    assert expected == Counter(record["status"] for record in finished.values())


def test_the_watch_can_be_cancelled(run, tree, taskman):
    """The long task is still watching when the report is made, and ends at once when it is cancelled."""
    watch = run(tree)[WATCH]["id"]
    running = taskman.get_status(watch)

    taskman.cancel(watch)

    assert taskman.wait([watch], timeout=5), "waited 5 s in vain for the watch to end"
    assert (running, taskman.get_status(watch)) == (3, 4)


def test_the_watch_sees_changes(run, tree, taskman, until):
    """What is made right under the root while the watch runs is in its log."""
    watch = run(tree)[WATCH]["id"]
    until(lambda: taskman.get_task(watch)[0]["progress"], "the watch's first progress")

    (tree / "made-meanwhile").touch()

    until(
        lambda: "made-meanwhile: new" in [line["message"] for line in taskman.get_task(watch)[0]["log"]],
        "the watch to see the new file",
    )


def test_no_temporary_file_is_left(run, tree, scratch):
    """Archives, links and folders that the tasks made are gone when they have ended."""
    run(tree)

    assert list(scratch.iterdir()) == []


def test_no_temporary_file_is_left_by_cancelled_tasks(taskman, tree, scratch, until):
    """Tasks that are cancelled in the midst of their work remove what they made."""
    ids = plan(taskman, tree, pace=20)
    until(lambda: list(scratch.iterdir()), "the first temporary file")

    for task_id in ids:
        taskman.cancel(task_id)

    until(lambda: not list(scratch.iterdir()), "the temporary files to be gone")


def test_it_paces_itself(taskman, run, tmp_path):
    """With a pace of one second, a round takes about a second even where there is nothing to do."""
    records = run(tmp_path, pace=1)

    took_s = records[REPORT]["finished_at"] - records["Look at the tree"]["started_at"]
    assert 0.8 < took_s < 10


def test_progress_is_told(finished):
    """A task that reads files says how many of how many it has read, and which was the last."""
    told = [record["progress"] for name, record in finished.items() if name.startswith("Hash ")]
    assert all(progress["done"] == progress["total"] > 0 and progress["message"] for progress in told)
