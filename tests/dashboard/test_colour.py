"""What the host may give as the panel's colour."""

from __future__ import annotations

import pytest

from dashboard import Dashboard, create_app

pytestmark = pytest.mark.guarantee("P1")


@pytest.mark.parametrize(("given", "told"), [("#7C3AED", "#7c3aed"), ("#0f8", "#00ff88")])
def test_colour_stands_in_the_page(taskman, given, told):
    """Three or six digits, in either case."""
    assert f'data-color="{told}"' in create_app(taskman, color=given).test_client().get("/").text


def test_no_colour_is_told_where_none_was_given(taskman):
    """The usual theme needs no colour."""
    assert "data-color" not in create_app(taskman).test_client().get("/").text


@pytest.mark.parametrize(
    "given", ["red", "#12345", "7c3aed", "#fff;}", '#fff" onload="x', "var(--x)", "", "#fff\n", "#\uff11\uff11\uff11"]
)
def test_what_is_no_colour_is_refused(taskman, given):
    """Nothing else gets by, and the error says what a colour looks like."""
    with pytest.raises(ValueError, match="such as '#7c3aed'"):
        Dashboard(taskman, color=given)


def test_what_is_no_text_is_refused(taskman):
    """A tuple of numbers isn't a colour here."""
    with pytest.raises(TypeError, match="color must be a string such as '#7c3aed', not tuple"):
        create_app(taskman, color=(124, 58, 237))
