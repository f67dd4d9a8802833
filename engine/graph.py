"""Who waits for whom: links between unfinished tasks, what an end sets free, and what it dooms.

Bookkeeping on Task objects without a lock: each step is one operation of a dict or a set, and of those who do the same
at once one is told so. An end may miss a link that is made in the same instant, so who makes one looks afterwards at
what has ended meanwhile. Nothing here recurses: chains may be very long.
"""

from __future__ import annotations

from collections.abc import Iterable

from .records import COMPLETED
from .task import NO_BLOCKERS, NO_TASKS, Task, own

#: Who waited for a task that has ended, in their order: those that wait for nothing now, and can never run now.
Followers = tuple[list[Task], list[Task]]


def link(task: Task, blockers: Iterable[Task]) -> None:
    """Makes ``task`` wait for each of ``blockers``. It is among its own, see :func:`release`."""
    task.blockers = {task, *blockers}  # complete before an end can find it
    for blocker in blockers:
        dependants = blocker.dependants
        if dependants is NO_TASKS:
            dependants = own(blocker, "dependants", NO_TASKS, {})
        dependants[task] = None


def followers(task: Task, status: int) -> Followers:
    """Whom an ended task sets free, and whom it dooms.

    A failed one stays among the blockers of those that it dooms, so that nothing sets them free before they are
    canceled.
    """
    freed: list[Task] = []
    doomed: list[Task] = []
    for dependant in list(task.dependants):
        if dependant.has_ended:
            continue
        if status != COMPLETED and not dependant.runs_anyway:
            doomed.append(dependant)
        elif release(dependant, task):
            freed.append(dependant)
    task.dependants.clear()
    return freed, doomed


def release(task: Task, blocker: Task) -> bool:
    """Has a task not wait for ``blocker`` any more; True if that sets it free, which one caller is told.

    When a task is the last of its own blockers, who takes it out sets it free.
    """
    blockers = task.blockers
    try:
        blockers.remove(blocker)
        if len(blockers) > 1:
            return False
        blockers.remove(task)
    except KeyError:  # somebody else was first
        return False
    task.blockers = NO_BLOCKERS
    return True


def unlink(task: Task) -> None:
    """Takes a task that has ended before its dependencies out of their lists."""
    for blocker in list(task.blockers):
        blocker.dependants.pop(task, None)
    task.blockers = NO_BLOCKERS


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
