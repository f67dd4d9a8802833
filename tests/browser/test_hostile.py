"""Hostile texts in every place of every view: nothing of them takes effect, and no page breaks."""

from __future__ import annotations

import csv
import io
import logging
import urllib.request
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from engine import TaskControl, TaskHandle
from tests.browser.looking import ROWS
from tests.browser.serving import Served

pytestmark = pytest.mark.guarantee("P1")

Visit = Callable[..., Page]

TEXTS = {
    "script": "<script>window.hit = 1</script>",
    "handler": "\"'><img src=x onerror='window.hit = 1'><svg onload=window.hit=1>",
    "frame": "<iframe srcdoc='<script>parent.hit=1</script>'></iframe><base href='//evil.example/'>",
    "end of script": "</script></template></textarea></style><script>window.hit=1</script>",
    "address": "javascript:window.hit=1",
    "template": "{{ 7*7 }}{% raw %}${window.hit=1}`#{1}",
    "entity": "&lt;b&gt;&#x3c;&nbsp;&amp;",
    "override": "\u202e\u202dgnp.exe\u2067 \u2066",
    "nul": "a\0b\x07\x1b[31m\x7f\ufffe",
    "surrogate": "a\ud800b\udfffc",
    "lines": "a\r\nb\u2028c\u2029d\x85e",
    "marks": "Z" + "\u0335\u0327\u0321" * 200,
    "wide": "\ufdfd" * 200,
    "long": "x" * 1_000_000,
    "formula": '=HYPERLINK("http://evil.example","a")',
    "prototype": "__proto__",
    "nothing": "",
}
WIDTHS = (375, 1440)
PERIOD_S = 0.2  # how often the running tasks tell something

#: Texts that hold a mark of direction and could turn what stands beside them: none has an isolating element or a
#: block for itself.
NOT_ISOLATED = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const loose = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) continue;
    let element = node.parentElement;
    if (element.closest("script, template, title, [hidden]")) continue;
    const text = node.data.trim();
    const isHeld = () => {
      for (; element && element.textContent.trim() === text; element = element.parentElement) {
        const { unicodeBidi, display } = getComputedStyle(element);
        if (unicodeBidi.startsWith("isolate") || unicodeBidi === "plaintext" || display !== "inline") return true;
        if (element.tagName === "text") return true;
      }
      return false;
    };
    if (!isHeld()) loose.push(node.parentElement.outerHTML.slice(0, 200));
  }
  return loose;
}"""


def says(text: str, ending: str) -> Callable[[TaskHandle], object]:
    """A function that says the text in every way there is, and then ends in one way or waits."""

    def work(handle: TaskHandle) -> object:
        handle.log(text)
        handle.progress(1, 3, text)
        if ending == "fails":
            raise type(f"Fails{len(text)}", (ValueError,), {})(text)  # a kind of its own: one group for each text
        while ending == "runs":
            handle.sleep(PERIOD_S)
            handle.progress(2, 3, text)
        return {text: [text]}

    return work


@pytest.fixture
def everywhere(taskman: TaskControl, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Lend tasks that run, wait, fail and complete with each text in all that they say; their ids by how they end."""
    monkeypatch.setattr(logging.getLogger("task_control"), "disabled", True)  # a megabyte is long in a report
    ids: dict[str, list[str]] = {"fails": [], "completes": [], "runs": [], "waits": []}
    for text in TEXTS.values():
        ids["completes"].append(taskman.add(text, says(text, "completes"), get_result=True))
        ids["fails"].append(taskman.add(text, says(text, "fails")))
        ids["runs"].append(taskman.add(text, says(text, "runs")))
        ids["waits"].append(
            taskman.add(text, says(text, "completes"), depend_on=[ids["runs"][-1], ids["completes"][-1]])
        )
    assert taskman.wait(ids["fails"] + ids["completes"], timeout=20)
    return ids


def check(page: Page) -> None:
    """Nothing took effect, and the page holds together. What the console says is for `complaints` to hear."""
    assert page.evaluate("window.hit") is None
    assert page.locator("main :is(img, iframe, script, base, style)").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(NOT_ISOLATED) == []


def go(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector('html[data-ready="1"]')
    page.wait_for_timeout(1500 * PERIOD_S)  # running tasks tell something: what scripts render is looked at as well
    check(page)


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("width", WIDTHS)
def test_overviews(panel: Served, visit: Visit, width: int) -> None:
    """The list, sorted and filtered, the failures and the charts show hostile texts as what they are: texts."""
    page = visit(viewport={"width": width, "height": 800})

    for path in ("/", "/?sort=name&dir=asc", "/?status=1&sort=error", "/?status=3", "/failures", "/activity"):
        go(page, panel.url + path)

    for label in ("script", "entity", "template"):
        page.goto(f"{panel.url}/?{urlencode({'q': TEXTS[label]})}")
        expect(page.locator(f"{ROWS} .cell-name")).to_have_text([TEXTS[label]] * 4)


@pytest.mark.parametrize("kind", ["fails", "completes", "runs", "waits"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_tasks(everywhere: dict[str, list[str]], panel: Served, visit: Visit, kind: str, width: int) -> None:
    """Name, error, traceback, result, log, progress, neighbours and graph of a task are texts, whatever is in them."""
    page = visit(viewport={"width": width, "height": 800})

    for number, label in enumerate(TEXTS):
        if label in ("script", "override", "nul", "surrogate", "long", "nothing"):
            go(page, f"{panel.url}/tasks/{everywhere[kind][number]}")


def test_pages_without_scripts(everywhere: dict[str, list[str]], panel: Served, visit: Visit) -> None:
    """What the server renders is as harmless where no script takes it over."""
    page = visit(scripts=False, viewport={"width": 375, "height": 800})

    for path in ("/", "/failures", *(f"/tasks/{one}" for one in everywhere["fails"][:4])):
        page.goto(panel.url + path)
        assert page.locator("main :is(img, iframe, base, style)").count() == 0
        assert page.locator("main script").count() == 0


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("width", WIDTHS)
def test_dialogs_and_search(panel: Served, visit: Visit, width: int) -> None:
    """The dialogs that list what they touch, the search and its suggestions, and what is announced afterwards."""
    page = visit(viewport={"width": width, "height": 800})

    page.get_by_role("button", name="Purge").first.click()
    expect(page.locator("[data-purge-list] li").first).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    for text in (TEXTS["script"], TEXTS["override"], TEXTS["handler"]):
        page.get_by_role("searchbox").fill(text)
        page.wait_for_timeout(200)
        check(page)
    page.get_by_role("searchbox").fill("")
    page.locator("[data-many] summary").click()
    page.locator('[data-many-action="cancel"]').click()
    expect(page.locator("[data-plan-list] li").first).to_be_visible()
    check(page)
    page.locator('[data-action="do-plan"]').click()
    expect(page.locator(".notice")).to_contain_text("canceled")
    check(page)


@pytest.mark.usefixtures("everywhere")
def test_the_exported_table_holds_no_formula(panel: Served) -> None:
    """No cell begins as a formula does, and each row has the head's columns."""
    with urllib.request.urlopen(f"{panel.url}/api/export.csv") as answer:
        rows = list(csv.reader(io.StringIO(answer.read().decode(), newline="")))

    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 1 + 4 * len(TEXTS)
    assert [
        cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))
    ] == []
