"""What may be changed from the panel: cancellations, runs and purges, each a noun that is posted."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from engine import ShutDown, Status, UnknownTask

from . import audit, wire
from .answers import json_answer
from .bodies import read_body
from .panel import Panel
from .problems import Problem, no_such_task
from .text import clean

BODY_LIMIT = 64 * 1024
LISTED = 200
_KNOWN = frozenset({"statuses", "older_than_s", "dry_run", "preview"})
_HINT = 'Send a JSON object such as {"dry_run": true}.'
_RUN_KNOWN = frozenset({"failed_dependants"})
_RUN_HINT = 'Send {"failed_dependants": true} to run those again as well that were canceled because of it, or {}.'
OLDEST_S = 100 * 366 * 24 * 3600.0

FINAL_CODES = tuple(int(status) for status in Status if status.is_final)


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the actions to the panel's blueprint."""

    def cancellation(task_id: str) -> Response:
        try:
            canceled = panel.taskman.cancel(task_id)
        except UnknownTask:
            raise no_such_task(task_id) from None
        if not canceled:
            raise Problem(409, "The task had already ended.", "There is nothing left to cancel; reload the task.")
        audit.acted("canceled")
        return json_answer({"id": task_id, "status": int(Status.CANCELED)}, 202)

    def runs(task_id: str) -> Response:
        with_dependants = read_body(_RUN_KNOWN, _RUN_HINT, BODY_LIMIT).get("failed_dependants", False)
        if not isinstance(with_dependants, bool):
            raise Problem(400, "failed_dependants can't be read.", _RUN_HINT)
        new_ids = _run_again(panel, task_id, with_dependants)
        audit.acted(f"run again as {new_ids[0]}, with {len(new_ids) - 1} dependant(s)")
        return json_answer({"ids": new_ids}, 201)

    def purges() -> Response:
        body = read_body(_KNOWN, _HINT, BODY_LIMIT)
        if "preview" in body:
            return _purge_previewed(panel, body)
        dry_run = body.get("dry_run", False)
        if not isinstance(dry_run, bool):
            raise Problem(400, "dry_run can't be read.", "dry_run is true or false.")
        if not dry_run and not {"statuses", "older_than_s"} <= body.keys():
            raise Problem(
                400,
                "A purge without a preview must say what goes.",
                "Give statuses and older_than_s (seconds since the task was added, 0 for all), or ask with "
                "dry_run: true first and send the preview that it answers.",
            )
        statuses, older_than_s = _read_statuses(body), _read_age(body)
        return _preview(panel, statuses, older_than_s) if dry_run else _purge(panel, statuses, older_than_s)

    blueprint.add_url_rule("/api/tasks/<task_id>/cancellation", "cancellation", cancellation, methods=["POST"])
    blueprint.add_url_rule("/api/tasks/<task_id>/runs", "runs", runs, methods=["POST"])
    blueprint.add_url_rule("/api/purges", "purges", purges, methods=["POST"])


def _run_again(panel: Panel, task_id: str, with_dependants: bool) -> list[str]:
    try:
        return panel.taskman.run_again(task_id, with_dependants)
    except UnknownTask:
        raise no_such_task(task_id) from None
    except ValueError:
        records = panel.taskman.get_task(task_id)  # it may be gone by now
        if not records or records[0]["status"] not in (Status.ERROR, Status.CANCELED):
            hint = "Only tasks that ended as Error or Canceled can be run again; reload the task."
        else:
            hint = (
                "It depends on a task that hasn't completed: run that one again, with what was canceled because of it."
            )
        raise Problem(409, "The task can't be run again.", hint) from None
    except ShutDown as error:
        raise Problem(409, "The task can't be run again.", clean(error, 300)) from None


def _preview(panel: Panel, statuses: list[int], older_than_s: float) -> Response:
    # With an age given, zero included, the manager leaves what waits or runs alone.
    minutes = older_than_s / 60
    ids = panel.taskman.purge_preview(minutes=minutes, statuses=statuses) if statuses else []
    token = panel.previews.keep(ids)
    listed = [wire.neighbour(one, next(iter(panel.taskman.get_task(one)), None)) for one in ids[:LISTED]]
    audit.acted(f"previewed a purge of {len(ids)} task(s)")
    return json_answer({"count": len(ids), "tasks": listed, "preview": token})


def _purge(panel: Panel, statuses: list[int], older_than_s: float) -> Response:
    removed = panel.taskman.purge(minutes=older_than_s / 60, statuses=statuses) if statuses else 0
    audit.acted(f"purged {removed} task(s) with status {statuses} older than {older_than_s:g} s")
    return json_answer({"removed": removed})


def _purge_previewed(panel: Panel, body: dict[str, Any]) -> Response:
    token = body["preview"]
    if len(body) > 1 or not isinstance(token, str):
        raise Problem(400, "The preview can't be read.", "Send preview alone, as the dry run answered it.")
    ids = panel.previews.take(token)
    if ids is None:
        raise Problem(409, "This preview is unknown, used or too old.", "Nothing was removed. Ask for a new preview.")
    removed = panel.taskman.remove(ids)
    audit.acted(f"purged {removed} of {len(ids)} previewed task(s)")
    return json_answer({"removed": removed})


def _read_statuses(body: dict[str, Any]) -> list[int]:
    given = body.get("statuses", list(FINAL_CODES))
    if not isinstance(given, list) or any(type(code) is not int or code not in FINAL_CODES for code in given):
        raise Problem(
            400,
            "statuses can't be read.",
            "statuses is a list of the codes of ended tasks: 0 Completed, 1 Error, 4 Canceled.",
        )
    return sorted(set(given))


def _read_age(body: dict[str, Any]) -> float:
    given = body.get("older_than_s", 0)
    if type(given) not in (int, float) or not 0 <= given <= OLDEST_S:  # NaN is neither
        raise Problem(
            400,
            "older_than_s can't be read.",
            "older_than_s is a number of seconds since the task was added, 0 or more and less than 100 years.",
        )
    return float(given)
