"""Graphs of dependencies: the tasks around a task, and those that a filter lists."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import wire

Record = Mapping[str, Any]

MOST_NODES = 150
MOST_LISTED = 300


def around(records: Sequence[Record], task_id: str) -> wire.Json | None:
    """The nearest tasks by their dependencies, at most MOST_NODES with it, or None for an unknown one.

    Answers `nodes`, oldest first, each with `id`, `name`, `status` and the `depend_on` that are among them; and
    `is_cut`, whether there would be more.
    """
    by_id = _shown(records)
    if task_id not in by_id:
        return None
    behind = _behind(by_id)
    found, front, is_cut = {task_id}, deque([task_id]), False
    while front:
        here = front.popleft()
        for one in _beside(here, by_id, behind):
            if one in found:
                continue
            if len(found) == MOST_NODES:
                is_cut = True
                break
            found.add(one)
            front.append(one)
    return {"nodes": _nodes(by_id, found), "is_cut": is_cut}


def among(records: Sequence[Record], listed: Sequence[Record]) -> wire.Json:
    """The listed tasks that hang together with any, and what stands directly before and behind them.

    The first of them, at most MOST_LISTED. Answers `nodes` as `around` does, each with `is_listed`; `is_cut`;
    `listed`, how many are listed; and `alone`, how many of these hang together with nothing and are left out.
    """
    by_id = _shown(records)
    behind = _behind(by_id)
    linked = [record["id"] for record in listed if any(_beside(record["id"], by_id, behind))]
    wanted = dict.fromkeys(linked)
    wanted.update(dict.fromkeys(one for here in linked[:MOST_LISTED] for one in _beside(here, by_id, behind)))
    found = set(list(wanted)[:MOST_LISTED])
    own = set(linked)
    nodes = [node | {"is_listed": node["id"] in own} for node in _nodes(by_id, found)]
    is_cut = len(wanted) > MOST_LISTED
    return {"nodes": nodes, "is_cut": is_cut, "listed": len(listed), "alone": len(listed) - len(linked)}


def _shown(records: Sequence[Record]) -> dict[str, Record]:
    return {record["id"]: record for record in records if wire.is_shown(record)}


def _behind(by_id: Mapping[str, Record]) -> dict[str, list[str]]:
    """Which tasks wait, or waited, for each."""
    behind: dict[str, list[str]] = {}
    for one, record in by_id.items():
        for before in wire.dependencies(record):
            behind.setdefault(before, []).append(one)
    return behind


def _beside(here: str, by_id: Mapping[str, Record], behind: Mapping[str, list[str]]) -> Iterable[str]:
    return (one for one in (*wire.dependencies(by_id[here]), *behind.get(here, ())) if one in by_id)


def _nodes(by_id: Mapping[str, Record], found: set[str]) -> list[wire.Json]:
    return [_node(by_id[one], found) for one in by_id if one in found]


def _node(record: Record, found: set[str]) -> wire.Json:
    named = [one for one in wire.dependencies(record) if one in found]
    return wire.neighbour(record["id"], record) | {"depend_on": named}
