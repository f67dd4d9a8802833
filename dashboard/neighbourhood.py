"""The tasks around a task: what it waits for and what waits for it, and so on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from . import wire

Record = Mapping[str, Any]

MOST_NODES = 150


def around(records: Sequence[Record], task_id: str) -> wire.Json | None:
    """The nearest tasks by their dependencies, at most MOST_NODES with it, or None for an unknown one.

    Answers `nodes`, oldest first, each with `id`, `name`, `status` and the `depend_on` that are among them; and
    `is_cut`, whether there would be more.
    """
    by_id = {record["id"]: record for record in records if wire.is_shown(record)}
    if task_id not in by_id:
        return None
    behind: dict[str, list[str]] = {}
    for one, record in by_id.items():
        for before in wire.dependencies(record):
            behind.setdefault(before, []).append(one)
    found, front, is_cut = {task_id}, deque([task_id]), False
    while front:
        here = front.popleft()
        for one in (*wire.dependencies(by_id[here]), *behind.get(here, ())):
            if one in found or one not in by_id:
                continue
            if len(found) == MOST_NODES:
                is_cut = True
                break
            found.add(one)
            front.append(one)
    nodes = [_node(record, found) for one, record in by_id.items() if one in found]
    return {"nodes": nodes, "is_cut": is_cut}


def _node(record: Record, found: set[str]) -> wire.Json:
    named = [one for one in wire.dependencies(record) if one in found]
    return wire.neighbour(record["id"], record) | {"depend_on": named}
