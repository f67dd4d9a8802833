"""The list as a file: CSV for spreadsheets, JSON for scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request

from engine import Status

from . import wire
from .panel import Panel
from .problems import Problem
from .query import BadQuery, choose, read_query

Record = Mapping[str, Any]

FIELDS = ["id", "name", "status", "state", "timestamp", "added_at", "started_at", "finished_at", "perf", "error"]
FIELDS += ["thread", "depend_on"]

_PIECE = 200  # rows made at once: no other thread runs meanwhile
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # the last four are full-width


def register(blueprint: Blueprint, panel: Panel) -> None:
    """Add the export to the panel's blueprint."""

    def export(kind: str) -> Response:
        if kind not in ("csv", "json"):
            raise Problem(404, "There is no such format.", "An export is csv or json.")
        try:
            chosen = choose(panel.taskman.snapshot().records, read_query(request.args, strict=True))
        except BadQuery as error:
            raise Problem(400, str(error), error.hint) from None
        if kind == "csv":
            response = Response(as_csv(chosen.records), mimetype="text/csv")
        else:
            response = Response(as_json(chosen.records), mimetype="application/json")
        response.headers["Content-Disposition"] = f'attachment; filename="tasks.{kind}"'
        return response

    blueprint.add_url_rule("/api/export.<kind>", "export", export)


def as_csv(records: Sequence[Record]) -> Iterator[str]:
    """Pieces of a table with FIELDS as its head; ids of dependencies are put together by spaces."""
    yield _lines([FIELDS])
    for start in range(0, len(records), _PIECE):
        yield _lines([_cells(record) for record in records[start : start + _PIECE]])


def as_json(records: Sequence[Record]) -> Iterator[bytes]:
    """Pieces of a list of rows, as the API has them."""
    yield b"["
    for start in range(0, len(records), _PIECE):
        rows = [wire.row(record) for record in records[start : start + _PIECE]]
        yield (b"," if start else b"") + wire.encode(rows)[1:-1]
    yield b"]"


def _cells(record: Record) -> list[object]:
    row = wire.row(record)
    row |= {"state": Status(row["status"]).word, "depend_on": " ".join(row["depend_on"])}
    return [_harmless(row[field]) for field in FIELDS]


def _harmless(value: object) -> object:
    """A spreadsheet would take such a text for a formula and work it out."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _lines(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
