"""S9: what sets a task free, step by step: of all whose ends come in the same instant one does so."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest

from engine import graph
from engine.options import Options
from engine.task import Task

COMPLETED, ERROR = 0, 1


class Interrupted(bytearray):
    """What is counted down for a task; while the first is counted, another thread does something as well."""

    def pop(self, *_: Any) -> int:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return super().pop()

    meanwhile: Callable[[], object]


@pytest.fixture
def new_task():
    """Makes a task that nobody runs."""
    return lambda name: Task(name, name, print, Options(takes_handle=False), copy_context())


def interrupt(task: Task, meanwhile: Callable[[], object]) -> None:
    """Has something happen in the midst of the next step that counts one of the task's blockers."""
    task.countdown = Interrupted(task.countdown)
    task.countdown.meanwhile = meanwhile


def test_two_ends_at_once_set_a_task_free_once(new_task):
    """The second ends while the first is taken out, and it alone has set the task free."""
    first, second, task = (new_task(name) for name in "abc")
    graph.link(task, [first, second])
    told = []
    interrupt(task, lambda: told.append(graph.followers(second, COMPLETED)))
    told.append(graph.followers(first, COMPLETED))

    assert [freed for freed, _ in told if freed] == [[task]]


def test_an_end_and_a_look_at_it_at_once_set_a_task_free_once(new_task):
    """Who has made the link finds that the dependency has ended, while that tells whom it sets free."""
    before, last, task = (new_task(name) for name in "abc")
    graph.link(task, [before, last])
    graph.followers(before, COMPLETED)
    told = []
    interrupt(task, lambda: told.append(graph.unlink(task, last)))

    assert (graph.followers(last, COMPLETED), told) == (([task], []), [False])


def test_what_waits_for_one_task_is_set_free_by_it(new_task):
    """It needs no count: who takes it out of those that wait has set it free."""
    first, task = (new_task(name) for name in "ab")
    graph.link(task, [first])

    assert (graph.followers(first, COMPLETED), graph.unlink(task, first)) == (([task], []), False)
    assert not graph._ONLY_ONE


def test_a_task_that_a_failure_dooms_is_not_set_free_by_the_last_of_the_others(new_task):
    """The failed one isn't counted among those that have completed."""
    failed, completed, task = (new_task(name) for name in "abc")
    graph.link(task, [failed, completed])

    assert graph.followers(failed, ERROR) == ([], [task])
    assert graph.followers(completed, COMPLETED) == ([], [])


def test_a_task_that_has_left_its_graph_is_set_free_by_nobody(new_task):
    """It was canceled while it waited, and those that it waited for don't hold it any more."""
    first, second, task = (new_task(name) for name in "abc")
    graph.link(task, [first, second])
    graph.unlink_all(task)

    assert (graph.followers(first, COMPLETED), graph.unlink(task, second)) == (([], []), False)
    assert (first.dependants, second.dependants) == ({}, {})


class Together(dict[Any, Any]):
    """Where a task's first dependants are made; while one thread does so, others do something as well."""

    def __init__(self, before: Callable[[], object], after: Callable[[], object]) -> None:
        super().__init__()
        self.before, self.after = before, after

    def setdefault(self, key: Any, default: Any) -> Any:
        """One comes before this step, one after it."""
        before, self.before = self.before, lambda: None
        before()
        made = super().setdefault(key, default)
        after, self.after = self.after, lambda: None
        after()
        return made


def test_the_first_links_to_a_task_that_come_at_once_are_all_kept(new_task, monkeypatch):
    """Three threads find that nobody waits for it yet."""
    first, *waiting = (new_task(name) for name in "abcd")
    before, after = (lambda task=task: graph.link(task, [first]) for task in waiting[1:])
    monkeypatch.setattr("engine.task._being_made", Together(before, after))
    graph.link(waiting[0], [first])

    assert set(graph.followers(first, COMPLETED)[0]) == set(waiting)
