"""The pages: the list of tasks and one task, with their first rows in them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from . import wire
from .answers import page_answer
from .panel import Panel
from .problems import no_such_task
from .query import find_detail, read_query, select

FIRST_ROWS = 50


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the pages to the panel's blueprint."""

    def home() -> Response:
        query = read_query(request.args, strict=False)
        moment = panel.taskman.snapshot()
        chosen = select(moment.records, query)
        context = {
            **wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts()),
            "rows": [wire.row(record) for record in chosen[:FIRST_ROWS]],
            "matching": len(chosen),
            "query": query.as_parameters(),
        }
        return page_answer(panel, "tasks.html", context)

    def task(task_id: str) -> Response:
        revision = panel.taskman.revision  # before the record: what changes after it comes once more, not never
        found = find_detail(panel.taskman, task_id)
        if found is None:
            raise no_such_task(task_id)
        standing = wire.standing(panel.taskman.boot_id, revision, panel.taskman.counts())
        return page_answer(panel, "task.html", {**standing, "detail": found})

    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/tasks/<task_id>", "task", task)
