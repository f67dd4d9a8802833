"""What scripts read: lists of tasks, one task, and how the manager stands."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import wire
from .answers import json_answer
from .panel import Panel
from .problems import Problem, no_such_task
from .query import BadQuery, find_detail, read_count, read_query, select

MOST_TASKS = 1000


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the reading routes to the panel's blueprint."""

    def tasks() -> Response:
        try:
            query = read_query(request.args, strict=True)
            limit = read_count(request.args, "limit", 100, MOST_TASKS)
            offset = read_count(request.args, "offset", 0, 10**12)
        except BadQuery as error:
            raise Problem(400, str(error), error.hint) from None
        moment = panel.taskman.snapshot()
        chosen = select(moment.records, query)
        answer = {
            **wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts()),
            "matching": len(chosen),
            "limit": limit,
            "offset": offset,
            "tasks": [wire.row(record) for record in chosen[offset : offset + limit]],
        }
        return json_answer(answer)

    def detail(task_id: str) -> Response:
        found = find_detail(panel.taskman, task_id)
        if found is None:
            raise no_such_task(task_id)
        return json_answer(found)

    def health() -> Response:
        manager = panel.taskman
        return json_answer(
            {
                "status": "ok",
                "boot_id": manager.boot_id,
                "revision": manager.revision,
                "tasks": sum(manager.counts()),
            }
        )

    blueprint.add_url_rule("/api/tasks", "tasks", tasks)
    blueprint.add_url_rule("/api/tasks/<task_id>", "detail", detail)
    blueprint.add_url_rule("/healthz", "health", health)
