"""Templates, styles, scripts and the wire name the same things: what no compiler checks here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import Page

import dashboard
from dashboard import wire
from engine import Status

FOLDER = Path(dashboard.__file__).parent
TEMPLATES = {path.name: path.read_text() for path in (FOLDER / "templates").glob("*.html")}
SCRIPTS = {path.name: path.read_text() for path in (FOLDER / "static/js").glob("*.js")}
STYLES = {path.name: path.read_text() for path in (FOLDER / "static/css").glob("*.css")}
MARKUP = "\n".join(TEMPLATES.values())
ASIDE = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*|^import .*?;", re.DOTALL | re.MULTILINE)  # comments and imports
CODE = "\n".join(ASIDE.sub("", text) for text in SCRIPTS.values())

RECORD = {
    "id": "0123456789",
    "timestamp": "07.01.2022 20:32:15",
    "name": "n",
    "depend_on": ["abcdef0123"],
    "status": 1,
    "get_result": True,
    "perf": 1.0,
    "error": "E: e",
    "result": 1,
    "thread": 1,
    "added_at": 1.0,
    "started_at": 2.0,
    "finished_at": 3.0,
    "waiting_for": None,
    "thread_timeout": 5.0,
    "stopping": None,
    "traceback": "t",
    "progress": {"done": 1, "total": 2, "message": "m"},
    "log": ({"at": 2.5, "level": "INFO", "message": "m"},),
    "process": 1,
}
ROW = wire.row(RECORD)
NEIGHBOUR = wire.neighbour("abcdef0123", RECORD)
DETAIL = wire.detail(RECORD, [NEIGHBOUR], [NEIGHBOUR], (1, 1))

#: Set by scripts on elements that they made or found by another name, and read by styles alone.
SET_BY_SCRIPTS = {
    "ready",
    "theme",
    "gone",
    "removed",
    "to",
    "hidden",
    "selected",
    "blank",
    "node",
    "accent",
    "contrast",
}


def camel(name: str) -> str:
    """A data attribute's name as scripts say it."""
    return re.sub(r"-(\w)", lambda found: found[1].upper(), name)


def data_attributes(text: str) -> set[str]:
    """The data attributes that are written in markup, selectors or attribute calls."""
    return set(re.findall(r"\bdata-([a-z][a-z-]*)(?![a-z-]*\$)", text))


def test_scripts_read_what_templates_have() -> None:
    """Every data attribute that a script selects or reads is in a template."""
    asked = {camel(name) for name in data_attributes(CODE)} | set(re.findall(r"\bdataset\.(\w+)", CODE))
    there = {camel(name) for name in data_attributes(MARKUP)}
    purge_parts = set(re.findall(r'#part\("(\w+)"\)', SCRIPTS["purge.js"]))

    assert set() == asked - there - SET_BY_SCRIPTS - {"purge", "from"}
    assert set() == {camel(f"purge-{part}") for part in purge_parts} - there


def test_every_field_is_on_both_sides() -> None:
    """The cells that scripts patch are those that the templates mark, and the other way round."""
    patched = set(re.findall(r'cells(?:\.get|\.has)?\("([\w-]+)"\)', CODE))
    patched |= set(re.findall(r'collect\(\w+\)\.get\("([\w-]+)"\)', CODE))
    marked = set(re.findall(r'data-field="([\w-]+)"', MARKUP))

    assert patched == marked


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        (r'cloneTemplate\("(\w+)"\)|patchEntries\([^;]*?, "(\w+)",', r'<template data-template="(\w+)"'),
        (r"""data-action=\\?["']([\w-]+)""", r'data-action="([\w-]+)"'),
        (r"""data-section="(\w+)""", r'data-section="(\w+)"'),
        (r"""data-empty="(\w+)""", r'data-empty="(\w+)"'),
    ],
    ids=["templates", "actions", "sections", "empty states"],
)
def test_names_agree(asked: str, there: str) -> None:
    """Templates to clone, actions and parts are named alike by scripts and markup."""
    names = {"".join(found) if isinstance(found, tuple) else found for found in re.findall(asked, CODE)}

    assert names
    assert names == set(re.findall(there, MARKUP))


def test_scripts_use_fields_of_the_wire() -> None:
    """Every field of a task that a script reads is on the wire."""
    used = set(re.findall(r"(?<!/)\b(?:task|row|detail)\.([a-z_]+)\b", CODE))

    assert set() == used - DETAIL.keys()


def test_fields_of_the_wire_are_used() -> None:
    """Nothing travels in each row that the page doesn't show."""
    shown = CODE + MARKUP

    fields = [field for field in DETAIL if not field.endswith("_count")]  # those are put together by name

    assert [] == [field for field in fields if not re.search(rf"\.{field}\b|\"{field}\"", shown)]


def test_messages_are_understood() -> None:
    """Each kind of message is known to the scripts, with the fields that they read of it."""
    messages = [
        wire.snapshot("b", 1, [0] * 5, []),
        wire.delta("b", 1, [0] * 5, [], []),
        wire.heartbeat("b", 1, [0] * 5),
        wire.closing("r"),
    ]
    fields = {field for message in messages for field in json.loads(message)}
    kinds = {json.loads(message)["type"] for message in messages}
    used = set(re.findall(r"\bmessage\.([a-z_]+)\b", CODE))

    assert set() == used - fields
    assert kinds == set(re.findall(r'type [!=]== "(\w+)"', CODE))


def test_states_agree() -> None:
    """The scripts know the engine's five states, and the templates draw each."""
    words = re.search(r"STATUS_WORDS = \[(.*?)\]", SCRIPTS["status.js"])
    codes = dict(re.findall(r"const (\w+) = (\d);", SCRIPTS["status.js"]))

    assert words is not None
    assert [status.word for status in sorted(Status)] == re.findall(r'"(\w+)"', words[1])
    assert {status.name: str(int(status)) for status in Status} == codes
    assert {str(int(status)) for status in Status} == set(re.findall(r'id="status-(\d)"', TEMPLATES["_sprite.html"]))


def test_drawings_exist() -> None:
    """Every drawing that is used is in the sprite."""
    used = set(re.findall(r'<use[^>]*href="#([\w-]+)"', MARKUP)) | {"screen", "sun", "moon"}

    assert set() == used - set(re.findall(r'symbol id="([\w-]+)"', MARKUP))


@pytest.mark.parametrize(
    ("template", "start"),
    [
        ("tasks.html", "list.js"),
        ("task.html", "task.js"),
        ("failures.html", "failures.js"),
        ("activity.html", "activity.js"),
    ],
)
def test_modules_are_loaded_ahead(template: str, start: str) -> None:
    """A page has just those modules loaded ahead that it will import, so that none waits for another."""
    needed, ahead = {start, *re.findall(r'from "\./(\w+\.js)"', SCRIPTS["main.js"])}, set()
    while ahead != needed:
        ahead = set(needed)
        needed |= {name for module in ahead for name in re.findall(r'from "\./(\w+\.js)"', SCRIPTS[module])}
    listed = re.search(r"for module in \[(.*?)\]", TEMPLATES[template], re.DOTALL)

    assert listed is not None
    assert {name.removesuffix(".js") for name in needed} == set(re.findall(r'"(\w+)"', listed[1]))


def test_every_module_is_reached() -> None:
    """Only main.js and boot.js are started by a page, and the worker by a tab; every other module is imported."""
    everything = "".join(SCRIPTS.values())
    imported = set(re.findall(r'(?:from |import\()"\./(\w+\.js)"', everything))
    workers = set(re.findall(r'SharedWorker\(new URL\("\./(\w+\.js)"', everything))

    assert {"worker.js"} == workers
    assert SCRIPTS.keys() == imported | workers | {"main.js", "boot.js"}


def test_every_style_is_linked() -> None:
    """Every style sheet is linked by some page, and every one that is linked is there."""
    listed = re.findall(r'"(\w+)"', " ".join(re.findall(r"for sheet in \[(.*?)\]", MARKUP)))
    listed += re.findall(r"asset\('css/(\w+)\.css'\)", MARKUP)

    assert {name.removesuffix(".css") for name in STYLES} == set(listed)


def test_values_are_named_in_one_place() -> None:
    """Colours stand in values.css alone, and every property that is used is set."""
    set_somewhere = set(re.findall(r"(--[\w-]+):", "".join(STYLES.values()))) | {"--gutter", "--chosen"}
    used = set(re.findall(r"var\((--[\w-]+)", "".join(STYLES.values())))
    colours = {
        name: re.findall(r"#[0-9a-f]{3,8}\b|rgb\(", text) for name, text in STYLES.items() if name != "values.css"
    }

    assert set() == used - set_somewhere
    assert {} == {name: found for name, found in colours.items() if found}


def test_nothing_is_inline_or_from_elsewhere() -> None:
    """No style or handler stands in markup, no markup is made of data, and no other host is named."""
    assert [] == re.findall(r"\sstyle=|\son[a-z]+=\"|<style|javascript:", MARKUP)
    assert [] == re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", CODE)
    everything = CODE + MARKUP + "".join(STYLES.values())
    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\s\"'`]+", everything))


SECONDS = [0, 0.0004, 0.001, 0.0236, 0.9999, 1, 1.005, 9.994, 9.996, 10, 12.345, 59.94, 59.99, 60, 61.5, 3599.9]
SECONDS += [3600, 3661, 86399, 86400, 90061, 1_000_000]
PROGRESS = [
    {"done": 3, "total": 4},
    {"done": 0.5, "total": 1.0},
    {"done": 0.333, "total": 1},
    {"done": 7, "total": None},
    {"done": 2.26, "total": None},
    {"done": 0, "total": 10},
]


REASONS = [
    {"why": None, "why_since": None},
    {"why": "It is about to start", "why_since": None},
    {"why": "It waits", "why_since": 1000.0 - 75},
    {"why": "It waits", "why_since": 1000.0},
    {"why": "It is tried again", "why_since": 1000.0 + 8.5},
]


def test_figures_read_alike(visit: Callable[..., Page]) -> None:
    """Lengths of time, progress and reasons read the same from the templates and from the scripts."""
    templates = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=True)
    macros = templates.get_template("_format.html").module
    page = visit()
    module = page.locator('link[rel="modulepreload"][href$="/format.js"]').get_attribute("href")
    figures = [{"message": None, **progress} for progress in PROGRESS]
    said = page.evaluate(
        """async ([module, seconds, progress, reasons]) => {
            const { duration, elapsed, figure, why } = await import(module);
            const reads = [seconds.map(duration), seconds.map(elapsed), progress.map(figure)];
            return [...reads, reasons.map((one) => why(one, 1000))];
        }""",
        [module, SECONDS, figures, REASONS],
    )

    def plain(markup: object) -> str:
        return str(markup).replace("&lt;", "<")

    assert [plain(macros.duration(seconds)) for seconds in SECONDS] == said[0]
    assert [plain(macros.elapsed(seconds)) for seconds in SECONDS] == said[1]
    assert [plain(macros.figure(progress)) for progress in figures] == said[2]
    assert [str(macros.why(reason, 1000.0)) for reason in REASONS] == said[3]
