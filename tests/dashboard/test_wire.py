"""Records as they travel: always valid JSON, whatever is in the store."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import attempts, wire

pytestmark = pytest.mark.guarantee("P1")


class Rude:
    """An object that can't be shown."""

    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __repr__


class Deep(list):
    """A list that contains itself, a million times over."""

    def __init__(self):
        super().__init__([self] * 1000)


ODD = [
    None, True, 5, -1, 2**70, 10**5000, 1.5, math.nan, math.inf, "text", "", "\ud800", "\x00", "x" * 10_000, b"bytes",
    [], ["a"], {"a": 1}, {1, 2}, object(), Rude(), Deep(), Decimal("1.5"), Fraction(1, 3), ("a", None), iter(()),
]  # fmt: skip
FIELDS = [
    "name", "timestamp", "added_at", "started_at", "finished_at", "perf", "depend_on", "error", "thread", "progress",
    "waiting_for", "stopping", "stuck", "thread_timeout", "get_result", "result", "traceback", "log",
    "process", "attempts", "reruns",
]  # fmt: skip


def parsed(payload):
    def no_constants(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(wire.encode(payload).decode("ascii"), parse_constant=no_constants)


@pytest.mark.parametrize("field", FIELDS)
def test_odd_values_make_valid_json(field):
    """Whatever a field holds, its record can be sent and read."""
    for value in ODD:
        record = {"id": "a", "status": 0, "get_result": True, field: value}

        assert parsed(wire.row(record))["id"] == "a"
        assert parsed(wire.detail(record, [], [], (0, 0)))["id"] == "a"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["at", "done", "total", "message", "since", "logger"]), inner)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), values))
def test_any_record_makes_valid_json(fields):
    """Any record at all can be sent and read."""
    record = {**fields, "id": "a", "status": 0}

    assert set(parsed(wire.row(record))) < set(parsed(wire.detail(record, [], [], (0, 0))))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": 5, "status": 0},
        {"id": "a"},
        {"id": "a", "status": 5},
        {"id": "a", "status": True},
        {"id": "a", "status": "0"},
    ],
)
def test_what_is_no_task_is_not_shown(document):
    """Documents without an id or a status are none of the panel's business."""
    assert not wire.is_shown(document)


@pytest.mark.parametrize(
    ("stored", "sent"),
    [(None, []), ("a", ["a"]), (["a", "b"], ["a", "b"]), (("a",), ["a"]), (["a", 5], ["a"]), (5, [])],
)
def test_dependencies_are_always_a_list(stored, sent):
    """One dependency, several or none are told in one shape."""
    assert wire.dependencies({"depend_on": stored}) == sent


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        (None, None),
        (math.inf, None),
        (math.nan, None),
        (5, 5),
        (2.5, 2.5),
        (Decimal("2.5"), 2.5),
        (True, None),
        ("5", None),
    ],
)
def test_limits_are_numbers_or_null(stored, sent):
    """A limit that is none, infinity included, is null."""
    assert wire.row({"id": "a", "status": 3, "thread_timeout": stored})["thread_timeout"] == sent


def test_whole_numbers_stay_whole():
    """Numbers of other libraries keep their kind."""

    class Whole:
        def __index__(self):
            return 7

    progress = wire.row({"id": "a", "status": 3, "progress": {"done": Whole(), "total": Fraction(1, 2)}})["progress"]

    assert progress == {"done": 7, "total": 0.5, "message": None}


def test_long_texts_are_cut():
    """A row's error is short, the detail's is whole."""
    record = {"id": "a", "status": 1, "error": "e" * 1000}

    row, detail = wire.row(record), wire.detail(record, [], [], (0, 0))

    assert len(row["error"]) == wire.ERROR_LIMIT
    assert row["error"].endswith("…")
    assert detail["error"] == "e" * 1000


def test_the_last_attempts_travel_masked_and_cut():
    """Of many attempts the last are sent with their numbers; secrets are hidden and long texts cut."""
    attempt = {"started_at": 1.0, "run_s": 0.5, "error": "password=hunter2 " + "e" * 1000, "traceback": "t" * 10_000}
    record = {"id": "a", "status": 1, "attempts": (attempt,) * 100}

    sent = wire.detail(record, [], [], (0, 0))["attempts"]

    assert [one["number"] for one in sent] == list(range(101 - attempts.MOST_TOLD, 101))
    assert (sent[0]["at"], sent[0]["run_s"]) == (1.0, 0.5)
    assert sent[0]["error"].startswith("password=*** e")
    assert (len(sent[0]["error"]), len(sent[0]["traceback"])) == (attempts.ERROR_LIMIT, attempts.TRACEBACK_LIMIT)


def test_results_are_shown_short():
    """A huge result costs neither time nor space."""
    record = {"id": "a", "status": 0, "get_result": True, "result": {"lines": list(range(10**6)), "raw": b"x" * 10**6}}

    assert len(wire.detail(record, [], [], (0, 0))["result"]) <= wire.RESULT_LIMIT


def test_a_result_of_none_is_shown_as_such():
    """A kept None is told apart from no result."""
    kept = wire.detail({"id": "a", "status": 0, "get_result": True, "result": None}, [], [], (0, 0))
    without = wire.detail({"id": "a", "status": 0, "get_result": False, "result": None}, [], [], (0, 0))

    assert (kept["result"], without["result"]) == ("None", None)


def test_a_result_that_cannot_show_itself_is_named():
    """An object whose repr raises is shown by its type and the error's."""
    detail = wire.detail({"id": "a", "status": 0, "get_result": True, "result": Rude()}, [], [], (0, 0))

    assert "Rude" in detail["result"]


@pytest.mark.parametrize(
    ("record", "steps"),
    [
        ({"status": 2, "added_at": 1.0}, [(2, 1.0, None)]),
        ({"status": 3, "added_at": 1.0, "started_at": 3.0}, [(2, 1.0, None), (3, 3.0, 2.0)]),
        (
            {"status": 0, "added_at": 1.0, "started_at": 3.0, "finished_at": 7.5},
            [(2, 1.0, None), (3, 3.0, 2.0), (0, 7.5, 4.5)],
        ),
        ({"status": 4, "added_at": 1.0, "finished_at": 2.0}, [(2, 1.0, None), (4, 2.0, 1.0)]),
        (
            {"status": 3, "added_at": 1.0, "started_at": 9.0, "attempts": ({"started_at": 3.0, "run_s": 2.0},)},
            [(2, 1.0, None), (3, 3.0, 2.0), (2, 5.0, 2.0), (3, 9.0, 4.0)],
        ),
        (
            {"status": 4, "added_at": 1.0, "finished_at": 6.0, "attempts": ({"started_at": 3.0, "run_s": 2.0},)},
            [(2, 1.0, None), (3, 3.0, 2.0), (2, 5.0, 2.0), (4, 6.0, 1.0)],
        ),
        ({"status": 4}, []),
        ({"status": 4, "added_at": 2.0, "finished_at": 1.0}, [(2, 2.0, None), (4, 1.0, 0.0)]),
    ],
)
def test_transitions_tell_the_time_between(record, steps):
    """Each state the task went through is told with its moment and the seconds since the one before."""
    transitions = wire.detail({"id": "a", **record}, [], [], (0, 0))["transitions"]

    assert [(step["status"], step["at"], step["after_s"]) for step in transitions] == steps


def test_many_rows_are_encoded_as_a_few():
    """Encoding in pieces changes nothing in what is read."""
    rows = [{"id": str(number)} for number in range(1001)]

    message = json.loads(wire.snapshot("boot", 7, (1, 2, 3, 4, 5), rows))

    assert message["rows"] == rows
    assert (message["type"], message["total"]) == ("snapshot", 15)


def test_statuses_are_listed_in_the_pages_order():
    """The five states come with code, word and slug, what moves first."""
    assert [(one["code"], one["slug"]) for one in wire.statuses()] == [
        (3, "running"),
        (2, "suspended"),
        (0, "completed"),
        (1, "error"),
        (4, "canceled"),
    ]


def test_attempts_before_are_told_in_all():
    """How many there were, how long they ran and when the first began; of many, the last ones are transitions."""
    failed = tuple({"started_at": 10.0 * number, "run_s": 1.5} for number in range(1, 31))
    record = {"id": "a", "status": 2, "added_at": 1.0, "attempts": failed}
    detail = wire.detail(record, [], [], (0, 0))
    steps = [(step["word"], step["at"], step["note"]) for step in detail["transitions"]]

    assert detail["earlier"] == {"attempts": 30, "run_s": 45.0, "started_at": 10.0}
    assert steps[:4] == [
        ("Suspended", 1.0, ""),
        ("Suspended", 101.5, "attempts 1 to 10 failed"),
        ("Running", 110.0, "attempt 11"),
        ("Suspended", 111.5, "failed"),
    ]
    assert len(steps) == 2 + 2 * attempts.MOST_TOLD
    assert wire.detail({"id": "a", "status": 2}, [], [], (0, 0))["earlier"] is None
