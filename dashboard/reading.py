"""What scripts read: lists of tasks, one task, and how the manager stands."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from engine import UnknownTask

from . import failures, processes, wire
from .answers import json_answer
from .neighbourhood import among, around
from .panel import Panel
from .problems import Problem, no_such_task
from .query import BadQuery, choose, find_detail, read_count, read_query
from .text import clean

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
        try:
            chosen = choose(moment.records, query)
        except BadQuery as error:
            raise Problem(409, str(error), error.hint) from None
        answer = {
            **wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts()),
            "matching": len(chosen.records),
            "matching_counts": chosen.counts,
            "limit": limit,
            "offset": offset,
            "tasks": [wire.row(record) for record in chosen.records[offset : offset + limit]],
        }
        return json_answer(answer)

    def detail(task_id: str) -> Response:
        found = find_detail(panel.taskman, task_id)
        if found is None:
            raise no_such_task(task_id)
        return json_answer(found)

    def health() -> Response:
        manager, trouble = panel.taskman, processes.trouble_of(panel, request.environ)
        is_copy = trouble is not None and trouble.kind == "copy"
        return json_answer(
            {
                "status": trouble.kind if trouble else "ok",
                "warning": f"{trouble.says} {trouble.way_out}" if trouble else None,
                "boot_id": manager.boot_id,
                "revision": manager.revision,
                "tasks": sum(manager.counts()),
            },
            503 if is_copy else 200,
        )

    blueprint.add_url_rule("/api/tasks", "tasks", tasks)
    blueprint.add_url_rule("/api/tasks/<task_id>", "detail", detail)
    blueprint.add_url_rule("/healthz", "health", health)
    _register_overviews(blueprint, panel)


def _register_overviews(blueprint: Blueprint, panel: Panel) -> None:
    def stack(task_id: str) -> Response:
        try:
            entries = panel.taskman.stack(task_id)
        except UnknownTask:
            raise no_such_task(task_id) from None
        text = clean("".join(entries).rstrip(), wire.LONG_LIMIT, keep_end=True)
        return json_answer({"stack": text or None, "server_time": time.time()})

    def neighbours(task_id: str) -> Response:
        found = around(panel.taskman.snapshot().records, task_id)
        if found is None:
            raise no_such_task(task_id)
        return json_answer(found)

    def graph() -> Response:
        try:
            query = read_query(request.args, strict=True)
        except BadQuery as error:
            raise Problem(400, str(error), error.hint) from None
        records = panel.taskman.snapshot().records
        return json_answer(among(records, choose(records, query).records))

    def failing() -> Response:
        moment = panel.taskman.snapshot()
        standing = wire.standing(panel.taskman.boot_id, moment.revision, panel.taskman.counts())
        return json_answer({**standing, "failures": failures.grouped(filter(wire.is_shown, moment.records))})

    blueprint.add_url_rule("/api/tasks/<task_id>/stack", "stack", stack)
    blueprint.add_url_rule("/api/tasks/<task_id>/neighbourhood", "neighbours", neighbours)
    blueprint.add_url_rule("/api/graph", "graph", graph)
    blueprint.add_url_rule("/api/failures", "failing", failing)
