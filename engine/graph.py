"""Who waits for whom: links between unfinished tasks, what an end sets free, and what it dooms.

Pure bookkeeping on Task objects, guarded by the store's lock. Nothing here recurses: chains may be very long.
"""

from __future__ import annotations

from collections.abc import Iterable

from .records import COMPLETED
from .task import NO_BLOCKERS, NO_TASKS, Task


def link(task: Task, blockers: Iterable[Task]) -> None:
    """Makes ``task`` wait for each of ``blockers``."""
    task.blockers = set(blockers)
    for blocker in task.blockers:
        if blocker.dependants is NO_TASKS:
            blocker.dependants = {}
        blocker.dependants[task] = None


def followers(task: Task, status: int) -> list[Task]:
    """Takes an ended task out of the graph; returns those that it sets free (Completed), else those that it dooms."""
    return release(task) if status == COMPLETED else doom(task)


def release(task: Task) -> list[Task]:
    """Takes a completed task out of the graph; returns those that wait for nothing any more, in their order."""
    freed = []
    for dependant in _take_dependants(task):
        if task in dependant.blockers:
            dependant.blockers.discard(task)
            if not dependant.blockers and not dependant.has_ended:
                freed.append(dependant)
    return freed


def doom(task: Task) -> list[Task]:
    """Takes a task that failed out of the graph; returns those that can never run now, in their order.

    It stays among their blockers, so that nothing else can set them free before they are canceled.
    """
    return [dependant for dependant in _take_dependants(task) if not dependant.has_ended]


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
