"""README.md and docs/architecture.md show the project as it is, and every link on every page leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.pages import PAGES, ROOT, first_column, section

ARCHITECTURE, README = PAGES["docs/architecture.md"], PAGES["README.md"]
BIGGEST_PICTURE = 150_000
MADE = {"build", "dist", "htmlcov", "test-results", "__pycache__"}


def test_the_map_of_the_rooms_is_true():
    """README lists each folder and each module at the top, and no others."""
    listed = re.findall(r"^([\w.]+/?) {2,}\S", section(README, "The rooms"), re.MULTILINE)
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in MADE]
    there = [f"{path.name}/" for path in folders if not path.name.endswith(".egg-info")]

    assert sorted(there + [path.name for path in ROOT.glob("*.py")]) == sorted(listed)


def test_every_module_has_its_line():
    """docs/architecture.md tells what each module of the engine and the panel answers for."""
    there = {path.stem for room in ("engine", "dashboard") for path in (ROOT / room).glob("*.py")} - {"__init__"}

    assert there | {"backends", "store"} == set(first_column(section(ARCHITECTURE, "Rooms and import rules")))


def test_what_the_architecture_names_is_there():
    """Each file that docs/architecture.md names exists, and each of its names of code is in the code."""
    codes = re.findall(r"`([\w./]+)`", ARCHITECTURE.partition("## Dependencies")[0])
    files = {code for code in codes if re.search(r"\.(py|js|html|toml)$|/", code)}
    rooms = [path for room in ("engine", "dashboard") for path in (ROOT / room).rglob("*.py")]
    words = {word for path in [*rooms, ROOT / "wsgi.py"] for word in re.findall(r"\w+", path.read_text())}
    known = words | {path.stem for path in rooms} | {"concurrent", "futures", "textContent", "template", "tests"}
    names = {part for code in set(codes) - files for part in code.split(".") if part}

    assert [name for name in files if not any(ROOT.rglob(name.strip("/")))] == []
    assert sorted(names - known) == []


def test_every_requirement_has_its_reason():
    """The tables of docs/architecture.md have what the requirements files ask for, what comes along aside."""
    run, dev = (ROOT / "requirements.txt").read_text(), (ROOT / "requirements-dev.txt").read_text()
    direct = run.partition("\n\n")[0] + dev.partition("# These come with")[0]

    assert sorted(re.findall(r"^([\w-]+)==", direct, re.MULTILINE)) == sorted(
        first_column(section(ARCHITECTURE, "Dependencies"))
    )


def test_every_picture_is_shown_and_small():
    """Pictures that no page shows would rot; big ones would stay in every clone for ever."""
    pictures = list((ROOT / "docs/images").iterdir())

    assert [path.name for path in pictures if not any(f"images/{path.name}" in page for page in PAGES.values())] == []
    assert [path.name for path in pictures if path.stat().st_size > BIGGEST_PICTURE] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    """Each link to a file of the project finds it, and its heading."""
    prose = re.sub(r"^```.*?^```", "", PAGES[name], flags=re.MULTILINE | re.DOTALL)
    links = map("".join, re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", prose))

    assert [link for link in links if "://" not in link and not leads(ROOT / name, link)] == []


@pytest.mark.parametrize("name", PAGES)
def test_links_by_reference_have_their_address(name):
    """Each link that names its address is given one below, and no address stands there unused."""
    addresses = re.findall(r"^\[([\w-]+)\]: \S+$", PAGES[name], re.MULTILINE)
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", PAGES[name], flags=re.MULTILINE | re.DOTALL)

    assert sorted(addresses) == sorted(set(re.findall(r"\]\[([\w-]+)\]", prose)))


def leads(page: Path, link: str) -> bool:
    """Whether a link's file exists, and has the heading that the link names."""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if anchor else []
    return not anchor or anchor in [re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings]
