"""docs/embedding.md and docs/http.md tell the panel's API, settings, addresses and fields, and no others."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re

import dashboard
from dashboard import Dashboard, Pace, wire
from dashboard.settings import Settings
from tests.contracts import pages
from tests.contracts.pages import PAGES, ROOT, first_column, first_two_columns, section

EMBEDDING, HTTP = PAGES["docs/embedding.md"], PAGES["docs/http.md"]

ARGUMENTS, MEMBERS = section(EMBEDDING, "One call").split("\n\n| `Dashboard` member")
SETTINGS = section(EMBEDDING, "Hosts and origins")


def test_every_exported_name_is_told():
    """docs/embedding.md names what the panel exports."""
    assert [name for name in dashboard.__all__ if f"`{name}`" not in EMBEDDING] == []


def test_the_dashboards_arguments_are_documented():
    """Each with its default."""
    parameters = inspect.signature(Dashboard).parameters.values()

    assert [[p.name, repr(p.default).replace("'", '"')] for p in parameters] == first_two_columns(ARGUMENTS)


def test_the_dashboards_members_are_documented():
    """Each method and attribute, with the parameters and defaults that it has."""
    named = pages.documented(f"| {MEMBERS}")

    assert pages.public(Dashboard) == sorted(named)
    assert pages.signatures(Dashboard) == pages.documented_signatures(f"| {MEMBERS}")


def test_an_app_of_its_own_is_made_as_documented():
    """The text says the parameters of create_app."""
    calls = re.findall(r"`create_app(\(.+?\))`", EMBEDDING)

    assert [pages.normal(pages.signature(dashboard.create_app))] == [pages.normal(call) for call in calls]


def test_the_rhythm_is_documented():
    """Each field of Pace with its default."""
    expected = [[field.name, str(field.default)] for field in dataclasses.fields(Pace)]

    assert expected == first_two_columns(section(EMBEDDING, "Rhythm"))


def test_every_setting_is_documented():
    """The table has exactly the settings that the panel reads."""
    read = re.findall(r'"(TASK_CONTROL_\w+)"', (ROOT / "dashboard/settings.py").read_text())

    assert sorted(set(read)) == sorted(first_column(SETTINGS))


def test_settings_have_the_documented_defaults():
    """What the panel takes where nothing is set."""
    unset = Settings({})
    written = {name.removeprefix("TASK_CONTROL_").lower(): default for name, default in first_two_columns(SETTINGS)}
    values = {name: getattr(unset, name) for name in written}

    assert {n: str([] if value == frozenset() else value) for n, value in values.items()} == written


def test_no_page_names_a_setting_that_there_is_not():
    """A misspelt setting would do nothing, silently."""
    known = {*first_column(SETTINGS), "TASK_CONTROL_CHROMIUM", "TASK_CONTROL_NGINX", "TASK_CONTROL_PASSWORD"}
    named = {name for page in PAGES.values() for name in re.findall(r"TASK_CONTROL_\w+", page)}

    assert named - known == set()


def test_every_address_is_documented(taskman):
    """docs/http.md has each address of the panel with its method."""
    rules = [r for r in dashboard.create_app(taskman).url_map.iter_rules() if not r.endpoint.endswith(".stray")]
    there = {f"{method} {rule.rule}" for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}}
    before_sections = HTTP.partition("\n## ")[0]

    assert there == set(first_column(before_sections))


def test_every_field_on_the_wire_is_documented():
    """Rows and details have the fields that docs/http.md says, and no others."""
    record = {"id": "0123456789", "status": 2}

    assert sorted(wire.detail(record, [], [], (0, 0))) == sorted(first_column(section(HTTP, "Rows")))


def test_every_kind_of_message_is_documented():
    """docs/http.md has the types of messages that the panel sends."""
    kinds = re.findall(r'(?:_message\(|"type": )"(\w+)"', (ROOT / "dashboard/wire.py").read_text())

    assert sorted(kinds) == sorted(first_column(section(HTTP, "Messages")))


def test_every_field_of_a_message_is_documented():
    """Whatever a message carries stands in docs/http.md."""
    standing = ("boot", 1, (0, 0, 0, 0, 0))
    messages = [
        wire.snapshot(*standing, []),
        wire.delta(*standing, [], []),
        wire.heartbeat(*standing),
        wire.closing(""),
    ]
    fields = {field for message in messages for field in json.loads(message)}

    assert fields - set(re.findall(r"`(\w+)`", section(HTTP, "Messages"))) == set()
