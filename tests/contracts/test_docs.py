"""docs/engine.md tells the engine's whole API, and nothing that there is not; files that pages name are there."""

from __future__ import annotations

import re

import pytest

import engine
from engine import Change, Snapshot, Status, Subscription, TaskControl, TaskHandle, Transition
from tests.contracts import pages
from tests.contracts.pages import PAGES, ROOT, first_column, section

ENGINE = PAGES["docs/engine.md"]

classes = pytest.mark.parametrize("owner", [TaskControl, TaskHandle, Subscription], ids=lambda owner: owner.__name__)


@classes
def test_every_public_member_is_documented_and_no_other(owner):
    """Each method and attribute stands in its class's section."""
    assert pages.public(owner) == sorted(pages.documented(section(ENGINE, owner.__name__)))


@classes
def test_documented_signatures_are_those_of_the_code(owner):
    """A method's heading says the parameters and defaults that it has."""
    assert pages.signatures(owner) == pages.documented_signatures(section(ENGINE, owner.__name__))


def test_the_manager_is_made_as_documented():
    """The section of TaskControl says how it is made."""
    assert f"`TaskControl{pages.signature(TaskControl)}`" in section(ENGINE, "TaskControl")


@pytest.mark.parametrize("owner", [Change, Snapshot, Transition], ids=lambda owner: owner.__name__)
def test_named_tuples_are_documented(owner):
    """Each field, in its order."""
    assert list(owner._fields) == first_column(section(ENGINE, owner.__name__))


def test_every_exported_name_has_its_place():
    """Each name that the engine exports has a section or a line among the errors; nothing else has."""
    sections = set(re.findall(r"^## ([A-Za-z_]+)$", ENGINE, re.MULTILINE)) - {"Errors", "Threads"}

    assert set(engine.__all__) == sections | set(first_column(section(ENGINE, "Errors")))


def test_the_statuses_are_documented():
    """Code, name and word of each."""
    expected = [[str(int(status)), f"`{status.name}`", status.word] for status in Status]

    assert expected == pages.cells(section(ENGINE, "Status"))


def test_every_key_of_a_record_is_documented(taskman):
    """The record's table has its keys, in their order."""
    record = taskman.get_task(taskman.add("Any", lambda: None))[0]

    assert list(record) == first_column(section(ENGINE, "The record"))


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_names_is_there(name):
    """What stands as a path or a file's name in the text leads to a file of the project."""
    prose = re.sub(r"^```.*?^```", "", PAGES[name], flags=re.MULTILINE | re.DOTALL)
    named = re.findall(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|js|css|html|toml|md|txt)|(?:[\w.-]+/)+)`", prose)
    rooms = [room for room in ROOT.iterdir() if room.name[0] != "."]  # not what the targets have made beside them
    there = [f"/{path.relative_to(ROOT).as_posix()}" for room in rooms for path in (room, *room.rglob("*"))]

    assert [one for one in named if not any(path.endswith(f"/{one.rstrip('/')}") for path in there)] == []
