"""Who waits for whom: links between unfinished tasks, what an end sets free, and what it dooms.

Bookkeeping on Task objects without a lock: each step is one operation of a dict or a bytearray, and of those who do the
same at once one is told so. An end may miss a link that is made in the same instant, so who makes one looks afterwards
at what has ended meanwhile. Nothing here recurses: chains may be very long.
"""

from __future__ import annotations

from collections.abc import Sequence

from .records import COMPLETED
from .task import NO_DEPENDANTS, Task, own

#: Who waited for a task that has ended, in their order: those that wait for nothing now, and can never run now.
Followers = tuple[list[Task], list[Task]]

#: The countdown of those that wait for one task, and are set free by it. Never written to.
_ONLY_ONE = bytearray()


def link(task: Task, blockers: Sequence[Task]) -> list[Task]:
    """Makes ``task`` wait for each of ``blockers``; returns those that have ended, and may have missed it."""
    countdown = _ONLY_ONE
    if len(blockers) > 1:
        countdown = bytearray(len(blockers))
        countdown[0] = 1
    task.countdown, task.blockers = countdown, blockers  # before an end can find it
    ended = []
    for blocker in blockers:
        dependants = blocker.dependants
        if dependants is NO_DEPENDANTS:
            dependants = own(blocker, "dependants", NO_DEPENDANTS, {})
        dependants[task] = None
        if blocker.has_ended:
            ended.append(blocker)
    return ended


def freed_by(task: Task) -> list[Task]:
    """Whom a completed task sets free, in their order: of those that nobody else has unlinked."""
    freed = []
    dependants = task.dependants
    while dependants:
        try:
            dependant = dependants.popitem()[0]
        except KeyError:
            break  # somebody else has unlinked the last one
        if not dependant.countdown or dependant.countdown.pop():  # as ``count_down``, without a call for each
            dependant.blockers = ()
            freed.append(dependant)
    freed.reverse()
    return freed


def followers(task: Task, status: int) -> Followers:
    """Whom an ended task sets free, and whom it dooms: of those that nobody else has unlinked."""
    if status == COMPLETED:
        return freed_by(task), []
    freed: list[Task] = []
    doomed: list[Task] = []
    for dependant in list(task.dependants):
        if unlink(dependant, task):
            if not dependant.options.runs_anyway:
                doomed.append(dependant)
            elif count_down(dependant):
                freed.append(dependant)
    return freed, doomed


def count_down(task: Task) -> bool:
    """Counts one down of those that a task waits for; True for the last. Once for each, by who has unlinked it.

    One that has failed isn't counted, so that nothing sets those free that it dooms.
    """
    if task.countdown and not task.countdown.pop():
        return False
    task.blockers = ()
    return True


def unlink(task: Task, blocker: Task) -> bool:
    """Takes a task out of those that wait for ``blocker``; False if somebody else was first."""
    return blocker.dependants.pop(task, blocker) is None


def unlink_all(task: Task) -> None:
    """Does so for all that the task waits for: it has ended before them."""
    for blocker in task.blockers:
        unlink(task, blocker)
    task.blockers = ()


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
