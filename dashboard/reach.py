"""What an action on many tasks reaches: those that it is for, what goes with them, how many it leaves and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import Status, TaskControl

from . import wire

Record = Mapping[str, Any]

_FAILED = frozenset({Status.ERROR, Status.CANCELED})


@dataclass(frozen=True)
class Reach:
    """The tasks that an action is for, those that go with them, and how many it can't be done to, by why."""

    chosen: list[Record]
    dependants: list[Record] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def touched(self) -> list[Record]:
        """All of them, the chosen first."""
        return [*self.chosen, *self.dependants]


def of_cancel(records: Sequence[Record], asked: Sequence[Record]) -> Reach:
    """Canceling touches what hasn't ended, and all that waits for it, directly or not."""
    chosen = [record for record in asked if not _has_ended(record)]
    waiting: dict[str, list[Record]] = {}
    for record in records:
        if wire.is_shown(record) and record["status"] == Status.SUSPENDED:
            for task_id in wire.dependencies(record):
                waiting.setdefault(task_id, []).append(record)
    seen, dependants = {record["id"] for record in chosen}, []
    front = [record["id"] for record in chosen]
    while front:
        for record in waiting.get(front.pop(), ()):
            if record["id"] not in seen:
                seen.add(record["id"])
                dependants.append(record)
                front.append(record["id"])
    return Reach(chosen, dependants, _left("already ended", len(asked) - len(chosen)))


def of_purge(asked: Sequence[Record]) -> Reach:
    """A purge takes the records of what has ended; nothing waits for those."""
    chosen = [record for record in asked if _has_ended(record)]
    return Reach(chosen, left=_left("not ended", len(asked) - len(chosen)))


def of_run(
    taskman: TaskControl, records: Sequence[Record], asked: Sequence[Record], with_dependants: bool, is_single: bool
) -> Reach:
    """Running again touches what has failed, if wished with what was canceled because of it, each once.

    Of many, what was run again already is left: only its newest run counts. Who names a single task means just that.
    """
    known = {record["id"]: record for record in reversed(records) if wire.is_shown(record)}
    failed = {record["id"]: record for record in asked if record["status"] in _FAILED}
    again = set() if is_single else {one for one in failed if any(new in known for new in wire.reruns(failed[one]))}
    wanted = failed.keys() - again
    ids = taskman.run_again_preview(wanted, with_dependants) if wanted else []
    found = {one: known[one] for one in ids if one in known}
    left = Counter(_why_left(record, again, found, known) for record in asked if record["id"] not in found)
    chosen = [record for one, record in found.items() if one in wanted]
    return Reach(chosen, [record for one, record in found.items() if one not in wanted], left)


def _why_left(record: Record, again: Container[str], found: Mapping[str, Record], known: Mapping[str, Record]) -> str:
    if record["status"] not in _FAILED:
        return "not failed"
    if record["id"] in again:
        return "already run again"
    before = [one for one in wire.dependencies(record) if one in known and one not in found]
    if any(known[one]["status"] != Status.COMPLETED for one in before):
        return "after a task that hasn't completed and isn't run again"
    return "of which the call isn't kept"


def _left(why: str, number: int) -> Counter[str]:
    return Counter({why: number} if number else {})


def _has_ended(record: Record) -> bool:
    return Status(record["status"]).is_final
