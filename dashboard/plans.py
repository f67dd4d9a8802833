"""Acting on many tasks: first an exact list of what will be touched, then that and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response

from engine import ShutDown, UnknownTask

from . import audit, reach, wire
from .access import check_permission
from .answers import json_answer
from .bodies import read_body
from .panel import Panel
from .previews import Planned, Previews
from .problems import Problem
from .query import BadQuery, choose, read_query
from .reach import Reach, Record
from .text import clean

BODY_LIMIT = 1024 * 1024
LISTED = 200

_ACTIONS = ("cancel", "purge", "run")
_KNOWN = frozenset({"action", "ids", "q", "status", "failed_dependants"})
_HINT = (
    'Send {"action": "cancel", "purge" or "run"} with "ids", a list of tasks, or with "q" and "status" of an address; '
    'for "run", "failed_dependants": true takes along what was canceled because of them.'
)
_TOKEN_HINT = 'Send {"preview": ...} as the plan answered it.'


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the routes of plans to the panel's blueprint."""
    kept: dict[str, Previews[str]] = {"cancel": Previews(), "purge": panel.previews}
    #: With the tasks that had done each again by then.
    kept_runs: Previews[tuple[str, list[str]]] = Previews()
    one_run_at_a_time = threading.Lock()

    def plans() -> Response:
        body = read_body(_KNOWN, _HINT, BODY_LIMIT)
        action = body.get("action")
        if action not in _ACTIONS:
            raise Problem(400, "action can't be read.", _HINT)
        check_permission(action)
        plan = _reach(panel, action, body)
        if action == "run":
            preview = kept_runs.keep([(record["id"], wire.reruns(record)) for record in plan.touched])
        else:  # a cancel ends what waits by itself
            preview = kept[action].keep([record["id"] for record in plan.chosen])
        return json_answer(
            {
                "count": len(plan.chosen),
                "dependants": len(plan.dependants),
                "left": plan.left.total(),
                "left_because": plan.left,
                "tasks": [wire.neighbour(record["id"], record) for record in plan.touched[:LISTED]],
                "preview": preview,
            }
        )

    def cancellations() -> Response:
        ids = _planned(kept["cancel"], "Nothing was canceled.")
        canceled = sum(_cancel(panel, task_id) for task_id in reversed(ids))
        audit.acted(f"canceled {canceled} of {len(ids)} planned task(s)")
        return json_answer({"canceled": canceled}, 202)

    def reruns() -> Response:
        planned = _planned(kept_runs, "Nothing was run again.")
        with one_run_at_a_time:  # of two who have the same plan, the second finds what the first has done
            new_ids = _run_again(panel, planned)
        audit.acted(f"ran {len(new_ids)} of {len(planned)} planned task(s) again")
        if not new_ids:
            raise Problem(409, "All of it was run again or removed since it was planned.", "Ask for a new plan.")
        return json_answer({"ids": new_ids}, 201)

    blueprint.add_url_rule("/api/plans", "plans", plans, methods=["POST"])
    blueprint.add_url_rule("/api/cancellations", "cancellations", cancellations, methods=["POST"])
    blueprint.add_url_rule("/api/runs", "reruns", reruns, methods=["POST"])


def _reach(panel: Panel, action: str, body: Mapping[str, Any]) -> Reach:
    with_dependants = body.get("failed_dependants", False)
    if not isinstance(with_dependants, bool) or (action != "run" and "failed_dependants" in body):
        raise Problem(400, "failed_dependants can't be read.", _HINT)
    records = panel.taskman.snapshot().records
    asked = _asked(records, body)
    if action == "run":
        is_single = "ids" in body and len(asked) == 1
        return reach.of_run(panel.taskman, records, asked, with_dependants, is_single)
    return reach.of_cancel(records, asked) if action == "cancel" else reach.of_purge(asked)


def _planned(kept: Previews[Planned], nothing: str) -> list[Planned]:
    """The tasks of the plan that the current request names."""
    token = read_body({"preview"}, _TOKEN_HINT, BODY_LIMIT).get("preview")
    if not isinstance(token, str):
        raise Problem(400, "The preview can't be read.", _TOKEN_HINT)
    planned = kept.take(token)
    if planned is None:
        raise Problem(409, "This plan is unknown, used or too old.", f"{nothing} Ask for a new plan.")
    return planned


def _run_again(panel: Panel, planned: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Those that nobody has run again since they were planned."""
    known = {record["id"]: wire.reruns(record) for record in panel.taskman.snapshot().records}
    try:
        return panel.taskman.run_again([task_id for task_id, reruns in planned if known.get(task_id, reruns) == reruns])
    except ShutDown as error:
        raise Problem(409, "The tasks can't be run again.", clean(error, 300)) from None


def _cancel(panel: Panel, task_id: str) -> bool:
    """From the newest to the oldest, so that each is canceled for itself and not for what it waits for."""
    try:
        return panel.taskman.cancel(task_id)
    except UnknownTask:
        return False


def _asked(records: Sequence[Record], body: Mapping[str, Any]) -> list[Record]:
    """The records that a plan is asked for, oldest first."""
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
