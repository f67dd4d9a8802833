"""The search with its qualifiers and suggestions, and the columns, as a person uses them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from dashboard import wire
from dashboard.query import Query, choose
from engine import TaskControl
from tests.browser.looking import counts, expect_names
from tests.browser.working import ends, fails, runs_on

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

SEARCHES = [
    "",
    "import",
    "status:error",
    "-status:error,completed",
    "name:import*",
    "name:*S*",
    'error:"no such file"',
    "error:file* import",
    "after:1h",
    "before:1h",
    "after:soon status:error",
    "id:a",
    "valueerror: x",
    '"feeds" status:0',
    "name:",
    "-name:import*",
    "depends:{first}",
    "-depends:{first} name:*o*",
    "is:stuck",
    "-is:stuck name:*o*",
    "is:lost",
]


@pytest.fixture
def some_tasks(taskman: TaskControl) -> TaskControl:
    """Lend a manager with tasks of several names and states."""
    first = taskman.add(name="Import orders", function=ends)
    taskman.add(name="Import feeds", function=fails)
    taskman.add(name="Send letters", function=ends, depend_on=first)
    taskman.wait(timeout=5)
    taskman.add(name="Compact", function=runs_on)
    return taskman


@pytest.mark.usefixtures("some_tasks")
def test_qualifiers_narrow_the_list(visit: Visit) -> None:
    """Qualifiers and words together list just what fits them all, and the address keeps them."""
    page = visit()

    page.get_by_role("searchbox").fill('status:completed,error name:import* error:"no such file"')

    expect_names(page, ["Import feeds"])
    page.reload()
    expect_names(page, ["Import feeds"])
    expect(page.get_by_role("searchbox")).to_have_value('status:completed,error name:import* error:"no such file"')


@pytest.mark.usefixtures("some_tasks")
def test_counts_follow_the_search(visit: Visit) -> None:
    """The rail counts what each state would list for this search, before and after the scripts take over."""
    for scripts in (False, True):
        page = visit("/?q=import", scripts=scripts)

        assert {"All": "2", "Completed": "1", "Error": "1"} == counts(page)
        page.locator(".rail").get_by_text("Error").click()
        expect_names(page, ["Import feeds"])


def test_counts_are_live_in_a_search(some_tasks: TaskControl, visit: Visit) -> None:
    """A new task counts where it fits the search, and where it doesn't it doesn't."""
    page = visit("/?q=name:import*")

    some_tasks.add(name="Import pictures", function=ends)
    some_tasks.add(name="Other", function=ends)

    expect_names(page, ["Import pictures", "Import feeds", "Import orders"])
    expect(page.locator("[data-count='0']")).to_have_text("2")
    assert {"All": "3", "Completed": "2", "Error": "1"} == counts(page)


@pytest.mark.usefixtures("some_tasks")
def test_suggestions_lead_to_a_search(visit: Visit) -> None:
    """Typing the beginning of a qualifier offers it, then its values with their counts; Enter takes the chosen one."""
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("st")
    expect(page.get_by_role("option")).to_have_text(["status:its state"])

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option").nth(3)).to_have_text("status:error1 task")
    page.get_by_role("option").nth(3).click()

    expect(page.get_by_role("searchbox")).to_have_value("status:error ")
    expect_names(page, ["Import feeds"])
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.usefixtures("some_tasks")
def test_names_are_suggested(visit: Visit) -> None:
    """Names that hold what was typed are offered, in quotes where they need them."""
    page = visit()

    page.get_by_role("searchbox").press_sequentially("name:orders")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")

    expect(page.get_by_role("searchbox")).to_have_value('name:"Import orders" ')
    expect_names(page, ["Import orders"])


@pytest.mark.usefixtures("some_tasks")
def test_what_cannot_be_read_is_said(visit: Visit) -> None:
    """A value that can't be read is left out, and the page says what it may be."""
    page = visit("/?q=status:eror name:import*")

    expect_names(page, ["Import feeds", "Import orders"])
    expect(page.locator("[data-search-problem]")).to_contain_text("status: takes completed, error")


def test_server_and_page_find_the_same(some_tasks: TaskControl, visit: Visit) -> None:
    """Each search finds the same tasks in the page as on the server."""
    page = visit()
    records = list(some_tasks.snapshot().records)
    first = records[0]["id"]
    searches = [search.replace("{first}", first) for search in SEARCHES]
    module = page.locator('link[rel="modulepreload"][href$="/search.js"]').get_attribute("href")
    found = page.evaluate(
        """async ([module, rows, searches]) => {
            const { readSearch } = await import(module);
            return searches.map((search) => {
                const { matches } = readSearch(search);
                return rows.filter((row) => matches({ row }, Date.now() / 1000)).map((row) => row.id);
            });
        }""",
        [module, json.loads(wire.encode([wire.row(record) for record in records])), searches],
    )

    expected = [[one["id"] for one in choose(records, Query(q=q, direction="asc")).records] for q in searches]

    assert dict(zip(searches, expected, strict=True)) == dict(zip(searches, found, strict=True))


@pytest.mark.usefixtures("some_tasks")
def test_any_column_sorts_as_on_the_server(visit: Visit) -> None:
    """The order after a click on a head is that with which the server renders the same address."""
    page, rendered = visit(), visit(scripts=False)

    for column in ("ID", "Progress", "Error", "Thread"):
        page.locator("th").get_by_role("link", name=column, exact=True).click()
        page.mouse.move(5, 5)
        order = page.locator("[data-rows] .cell-id").all_inner_texts()

        expect(page.locator("th[aria-sort]")).to_have_count(1)
        expect(page.locator("th[aria-sort]")).to_contain_text(column)
        rendered.goto(page.url)
        assert (column, order) == (column, rendered.locator("[data-rows] .cell-id").all_inner_texts())


@pytest.mark.usefixtures("some_tasks")
def test_chosen_columns_stay_chosen(visit: Visit) -> None:
    """A column that is switched off is gone, also after a reload, until it is switched on again."""
    page = visit()
    expect(page.get_by_role("columnheader", name="Thread")).to_be_visible()

    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Thread").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator(".menu-body").first).to_be_hidden()
    page.reload()

    expect(page.locator(".cell-thread").first).to_be_hidden()
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Thread").check()
    expect(page.get_by_role("columnheader", name="Thread")).to_be_visible()


@pytest.mark.usefixtures("some_tasks")
def test_suggestions_are_whole_on_a_phone(visit: Visit) -> None:
    """What may be chosen lies within the screen."""
    page = visit(viewport={"width": 375, "height": 812})
    page.get_by_role("searchbox").press_sequentially("sta")

    box = page.get_by_role("listbox").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
