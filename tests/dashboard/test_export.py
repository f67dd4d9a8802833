"""The list as a file."""

from __future__ import annotations

import csv
import io

import pytest

pytestmark = pytest.mark.guarantee("P1")


@pytest.fixture
def rows(client, taskman, tasks):
    """Lend a way to read the exported table."""
    first = tasks.completed("=cmd()")
    tasks.completed('with "quotes", and\nlines', depend_on=first)
    tasks.failed("other")

    def read(query: str = "") -> list[dict]:
        return list(csv.DictReader(io.StringIO(client.get(f"/api/export.csv{query}").text)))

    return read


def test_csv_has_the_list_in_its_order(client, rows):
    """The file holds the filtered list, whatever characters are in it, and says that it is to be kept."""
    assert [row["state"] for row in rows("?dir=asc")] == ["Completed", "Completed", "Error"]
    assert [row["name"] for row in rows("?q=status:completed&dir=asc")][1] == 'with "quotes", and\nlines'
    assert client.get("/api/export.csv").headers["Content-Disposition"] == 'attachment; filename="tasks.csv"'


def test_no_formula_reaches_a_spreadsheet(rows):
    """A name that a spreadsheet would work out is marked as text."""
    assert rows("?dir=asc")[0]["name"] == "'=cmd()"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_formula_begins_in_any_way(client, tasks, first):
    """Whatever sign a spreadsheet takes for the beginning of a formula, it gets a text."""
    tasks.failed("named", ValueError("plain"))
    tasks.completed(f"{first}1+1")

    rows = list(csv.DictReader(io.StringIO(client.get("/api/export.csv").text, newline="")))

    assert rows[0]["name"] == f"'{first}1+1"


def test_json_has_the_rows_of_the_api(client, rows):
    """The file holds the same rows as the API's list."""
    assert client.get("/api/export.json?sort=name").json == client.get("/api/tasks?sort=name").json["tasks"]


def test_a_long_list_is_exported_whole(client, taskman):
    """More rows than are made at once are all there, once each."""
    ids = [taskman.add(f"task {number}", lambda: None) for number in range(450)]
    taskman.wait(ids, timeout=10)

    assert [row["id"] for row in client.get("/api/export.json?dir=asc").json] == ids


@pytest.mark.parametrize(("address", "status"), [("/api/export.xls", 404), ("/api/export.csv?q=after:noon", 400)])
def test_what_cannot_be_exported_is_refused(client, address, status):
    """Another format and an unreadable search are refused with a hint."""
    answer = client.get(address)

    assert answer.status_code == status
    assert answer.json["hint"]
