"""Static files: kept for a year under an address that changes with them."""

from __future__ import annotations

import re

import pytest

from dashboard.assets import Assets


@pytest.fixture
def address(client):
    """The address of the panel's icon, as the start page has it."""
    return re.search(r'href="([^"]*favicon\.svg)"', client.get("/").text)[1]


def test_files_are_kept_for_a_year(client, address):
    """A file at its own version may be kept without asking again."""
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_known_file_is_not_sent_again(client, address):
    """Who has the file hears that it is still right."""
    etag = client.get(address).headers["ETag"]

    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("name", ["js/main.js", "css/base.css"])
def test_scripts_and_styles_have_their_types(client, address, name):
    """Browsers refuse scripts and styles of another type."""
    answer = client.get(address.replace("favicon.svg", name))

    assert answer.mimetype == {"js": "text/javascript", "css": "text/css"}[name.rpartition(".")[2]]


@pytest.mark.parametrize(
    "name", ["../__init__.py", "..%2f__init__.py", "%2e%2e/__init__.py", "js", "nothing.js", "/etc/passwd", "a%00b"]
)
def test_nothing_else_is_served(client, address, name):
    """No address leads out of the folder."""
    assert client.get(address.replace("favicon.svg", name)).status_code == 404


def test_another_version_is_not_served(client, address):
    """A page of an older version can't mix old and new files."""
    other = re.sub(r"/s/\w+/", "/s/0123456789abcdef/", address)

    answer = client.get(other)

    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_version_follows_the_files(tmp_path):
    """Any change in the folder makes another version; the same files make the same one."""
    (tmp_path / "a.js").write_text("one")
    assets = Assets(tmp_path, look_again_s=0)
    first = assets.version()
    (tmp_path / "a.js").write_text("another")
    changed = assets.version()
    (tmp_path / "a.js").write_text("one")

    assert changed != first
    assert assets.version() == first == Assets(tmp_path).version()


def test_the_folder_is_not_looked_through_for_each_file(tmp_path):
    """What was seen a moment ago counts for the dozens of files that a page asks for at once."""
    (tmp_path / "a.js").write_text("one")
    assets = Assets(tmp_path, look_again_s=3600)
    first = assets.version()

    (tmp_path / "a.js").write_text("another")

    assert first == assets.version() != Assets(tmp_path).version()
