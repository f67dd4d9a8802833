"""Acting on many tasks: first an exact list of what will be touched, then that and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from engine import Status, UnknownTask

from . import audit, wire
from .access import check_permission
from .answers import json_answer
from .bodies import read_body
from .panel import Panel
from .previews import Previews
from .problems import Problem
from .query import BadQuery, choose, read_query

Record = Mapping[str, Any]

BODY_LIMIT = 1024 * 1024
LISTED = 200

_KNOWN = frozenset({"action", "ids", "q", "status", "preview"})
_HINT = 'Send {"action": "cancel" or "purge"} with "ids", a list of tasks, or with "q" and "status" of an address.'


@dataclass(frozen=True)
class Plan:
    """The tasks that an action is for, those that go with them, and how many it can't be done to."""

    chosen: list[Record]
    dependants: list[Record]
    left: int


def plan_cancel(records: Sequence[Record], wanted: Iterable[Record]) -> Plan:
    """Canceling touches what hasn't ended, and all that waits for it, directly or not."""
    asked = list(wanted)
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
    return Plan(chosen, dependants, len(asked) - len(chosen))


def plan_purge(wanted: Iterable[Record]) -> Plan:
    """A purge takes the records of what has ended; nothing waits for those."""
    asked = list(wanted)
    chosen = [record for record in asked if _has_ended(record)]
    return Plan(chosen, [], len(asked) - len(chosen))


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the routes of plans to the panel's blueprint."""
    cancels = Previews()

    def plans() -> Response:
        body = read_body(_KNOWN, _HINT, BODY_LIMIT)
        action = body.get("action")
        if action not in ("cancel", "purge"):
            raise Problem(400, "action can't be read.", _HINT)
        check_permission(action)
        records = panel.taskman.snapshot().records
        wanted = _wanted(records, body)
        plan = plan_cancel(records, wanted) if action == "cancel" else plan_purge(wanted)
        kept = cancels if action == "cancel" else panel.previews
        touched = [*plan.chosen, *plan.dependants]
        return json_answer(
            {
                "count": len(plan.chosen),
                "dependants": len(plan.dependants),
                "left": plan.left,
                "tasks": [wire.neighbour(record["id"], record) for record in touched[:LISTED]],
                "preview": kept.keep([record["id"] for record in plan.chosen]),
            }
        )

    def cancellations() -> Response:
        token = read_body(_KNOWN, _HINT, BODY_LIMIT).get("preview")
        ids = cancels.take(token) if isinstance(token, str) else None
        if ids is None:
            raise Problem(409, "This plan is unknown, used or too old.", "Nothing was canceled. Ask for a new plan.")
        canceled = sum(_cancel(panel, task_id) for task_id in reversed(ids))
        audit.acted(f"canceled {canceled} of {len(ids)} planned task(s)")
        return json_answer({"canceled": canceled}, 202)

    blueprint.add_url_rule("/api/plans", "plans", plans, methods=["POST"])
    blueprint.add_url_rule("/api/cancellations", "cancellations", cancellations, methods=["POST"])


def _cancel(panel: Panel, task_id: str) -> bool:
    """From the newest to the oldest, so that each is canceled for itself and not for what it waits for."""
    try:
        return panel.taskman.cancel(task_id)
    except UnknownTask:
        return False


def _wanted(records: Sequence[Record], body: Mapping[str, Any]) -> list[Record]:
    if "ids" in body:
        ids = body["ids"]
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids) or {"q", "status"} & body.keys():
            raise Problem(400, "ids can't be read.", _HINT)
        named = set(ids)
        return [record for record in records if wire.is_shown(record) and record["id"] in named]
    if not {"q", "status"} <= body.keys() or not all(isinstance(body[key], str) for key in ("q", "status")):
        raise Problem(400, "The plan doesn't say for which tasks.", _HINT)
    try:
        query = read_query({"q": body["q"], "status": body["status"], "dir": "asc"}, strict=True)
    except BadQuery as error:
        raise Problem(400, str(error), error.hint) from None
    return choose(records, query).records


def _has_ended(record: Record) -> bool:
    return Status(record["status"]).is_final
