"""Who waits for whom: links between unfinished tasks, what an end sets free, and what it dooms.

Pure bookkeeping on Task objects, guarded by the store's lock. Nothing here recurses: chains may be very long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .records import COMPLETED
from .task import NO_BLOCKERS, NO_TASKS, Task


def link(task: Task, blockers: Iterable[Task]) -> None:
    """Makes ``task`` wait for each of ``blockers``."""
    task.blockers = set(blockers)
    for blocker in task.blockers:
        if blocker.dependants is NO_TASKS:
            blocker.dependants = {}
        blocker.dependants[task] = None


class Followers(NamedTuple):
    """Who waited for a task that has ended, in their order: those that wait for nothing now, and can never run now."""

    freed: list[Task]
    doomed: list[Task]


NO_FOLLOWERS = Followers([], [])


def followers(task: Task, status: int) -> Followers:
    """Takes an ended task out of the graph.

    A failed one stays among the blockers of those that it dooms, so that nothing sets them free before they are
    canceled.
    """
    found = Followers([], [])
    for dependant in _take_dependants(task):
        if dependant.has_ended:
            continue
        if status != COMPLETED and not dependant.runs_anyway:
            found.doomed.append(dependant)
        elif task in dependant.blockers:
            dependant.blockers.discard(task)
            if not dependant.blockers:
                found.freed.append(dependant)
    return found


def unlink(task: Task) -> None:
    """Takes a task that has ended before its dependencies out of their lists."""
    for blocker in task.blockers:
        blocker.dependants.pop(task, None)
    task.blockers = NO_BLOCKERS


def _take_dependants(task: Task) -> list[Task]:
    dependants, task.dependants = task.dependants, NO_TASKS
    return list(dependants)


def can_end_before(target: Task, waiting: Task) -> bool:
    """Whether ``target`` can end while ``waiting`` waits for it: it waits, through any number of others, not for it."""
    seen = {target}
    to_visit = [target]
    while to_visit:
        task = to_visit.pop()
        if task is waiting:
            return False
        for other in (*task.blockers, *task.waits_for):
            if other not in seen and not other.has_ended:
                seen.add(other)
                to_visit.append(other)
    return True
