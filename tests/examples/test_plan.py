"""The plan of the tree report: how many tasks, who waits for whom, and what is refused."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from examples.tree_report import plan, standard_library


class PlanOnly:
    """Takes tasks and runs none: who waits for whom, by id."""

    def __init__(self):
        self.waits_for = {}
        self._numbers = count()

    def add(self, name, function, depend_on=None, get_result=False, thread_timeout=None):
        task_id = f"{next(self._numbers):010x}"
        self.waits_for[task_id] = [depend_on] if isinstance(depend_on, str) else list(depend_on or [])
        return task_id


def test_the_standard_library_makes_sixty_tasks_and_more():
    """The default tree makes at least sixty tasks, and not many more than a hundred."""
    planned = PlanOnly()

    ids = plan(planned, standard_library())

    assert 60 <= len(ids) == len(planned.waits_for) <= 120


def test_the_plan_fans_out_and_in():
    """Some tasks are waited for by many others, and some wait for many."""
    planned = PlanOnly()

    plan(planned, standard_library())

    waited_for = Counter(task_id for ids in planned.waits_for.values() for task_id in ids)
    assert max(waited_for.values()) >= 5
    assert max(map(len, planned.waits_for.values())) >= 10


def test_the_plan_of_a_small_tree_has_few_tasks(tmp_path):
    """A tree with nothing to divide makes one row of tasks."""
    (tmp_path / "only.txt").write_text("one line\n", encoding="utf-8")

    assert len(plan(PlanOnly(), tmp_path)) < 20


def test_a_second_round_waits_for_the_first_report(tree):
    """With two rounds there are twice the tasks, and the second begins after the first one's report."""
    planned = PlanOnly()

    ids = plan(planned, tree, rounds=2)

    half = len(ids) // 2
    assert [ids[half - 1]] == planned.waits_for[ids[half]]


@pytest.mark.parametrize("options", [{"rounds": 0}, {"rounds": 101}, {"pace": -1}, {"pace": float("nan")}])
def test_impossible_options_are_refused(options, tree):
    """Rounds and paces that can't be are refused, and no task is added."""
    planned = PlanOnly()

    with pytest.raises(ValueError, match="not possible: give"):
        plan(planned, tree, **options)

    assert planned.waits_for == {}


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """Where there is no folder, the plan says which one it looked for."""
    with pytest.raises(NotADirectoryError, match="nowhere is not a folder: name one that exists"):
        plan(PlanOnly(), tmp_path / "nowhere")
