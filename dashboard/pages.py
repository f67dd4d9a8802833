"""The pages: the list of tasks and one task, with their first rows in them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from . import failures, wire
from .answers import page_answer
from .panel import Panel
from .problems import no_such_task
from .query import choose, find_detail, read_query

FIRST_ROWS = 50


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the pages to the panel's blueprint."""

    def home() -> Response:
        query = read_query(request.args, strict=False)
        moment = panel.taskman.snapshot()
        chosen = choose(moment.records, query)
        rows = [wire.row(record) for record in chosen.records[:FIRST_ROWS]]
        context = {
            **wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts()),
            "rows": rows,
            "known": _dependencies(moment.records, rows),
            "matching": len(chosen.records),
            "matching_counts": chosen.counts,
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

    def inbox() -> Response:
        moment = panel.taskman.snapshot()
        standing = wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts())
        groups = failures.grouped(filter(wire.is_shown, moment.records))
        return page_answer(panel, "failures.html", {**standing, "failures": groups})

    def activity() -> Response:
        manager = panel.taskman
        return page_answer(panel, "activity.html", wire.standing(manager.boot_id, manager.revision, manager.counts()))

    def dependencies() -> Response:
        query = read_query(request.args, strict=False).as_parameters()
        manager = panel.taskman
        standing = wire.standing(manager.boot_id, manager.revision, manager.counts())
        return page_answer(panel, "graph.html", {**standing, "query": query})

    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/activity", "activity", activity)
    blueprint.add_url_rule("/graph", "dependencies", dependencies)
    blueprint.add_url_rule("/failures", "inbox", inbox)
    blueprint.add_url_rule("/tasks/<task_id>", "task", task)


def _dependencies(records: Sequence[wire.Record], rows: Sequence[wire.Json]) -> dict[str, wire.Json]:
    """The tasks that the rows depend on, listed or not, by their ids: rows name them."""
    ids = {task_id for row in rows for task_id in row["depend_on"]}
    found = [record for record in records if wire.is_shown(record) and record["id"] in ids]
    return {record["id"]: wire.neighbour(record["id"], record) for record in found}
