"""What was measured reads as Markdown and says whether its target is met."""

from __future__ import annotations

import pytest

from benchmarks import live, scroll, store, throughput
from benchmarks.report import Report, Table, Target, figure
from benchmarks.store_operations import DICT, OURS, PEER, Case
from benchmarks.timing import Series


def test_report_is_a_table_with_its_targets_below():
    """Table first, then a line for each target and note."""
    report = Report(
        Table(["tasks", "ms"], [["ten", "1.50"]]),
        [Target("below 1 ms", "1.50 ms", is_met=False), Target("above 0", "1.50", is_met=True)],
        ["Measured twice."],
    )

    assert report.markdown() == (
        "| tasks | ms |\n| :-- | --: |\n| ten | 1.50 |\n\n"
        "- Target: below 1 ms. **Missed**: 1.50 ms.\n- Target: above 0. **Met**: 1.50.\n- Measured twice."
    )


def test_report_without_target_says_so():
    """Where nothing is to be reached yet, nobody has to guess."""
    assert Report(Table(["tasks"], [["ten"]])).markdown().endswith("- Target: none yet.")


@pytest.mark.parametrize(
    ("value", "expected"), [(0.123, "0.12"), (9.876, "9.88"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_figures_show_about_three_digits(value, expected):
    """Digits that noise makes up are left out."""
    assert expected == figure(value)


@pytest.mark.parametrize(("ours_s", "is_met"), [(1.9, True), (2.1, False)])
def test_throughput_is_judged_at_ten_thousand(ours_s, is_met):
    """Half of the executor's rate is enough, at that size; others are only shown."""
    executor = Series((1.0,) * 3)
    report = throughput.report({1_000: (Series((9.0,) * 3), executor), 10_000: (Series((ours_s,) * 3), executor)})

    assert [is_met] == [target.is_met for target in report.targets]
    assert ["1,000", "10,000"] == [row[0] for row in report.table.rows]


def test_store_names_the_operations_above_the_target():
    """All is judged as measured, and the manager's methods when warm besides."""
    costs = {"get": 2.0, "insert": 1.1, "get_task": 9.0, "get_status": 9.0, DICT: 9.0}
    measured = {}
    for operation, grown in costs.items():
        for size, cost in ((100, 1.0), (100_000, grown)):
            measured[Case(operation, OURS, size)] = Series((cost,) * 3)
            measured[Case(operation, OURS, size, is_warm=True)] = Series((1.0,) * 3)
    for size in (100, 10_000):
        measured[Case("get", PEER, size)] = Series((float(size),) * 3)

    verdicts = [(target.is_met, target.measured) for target in store.report(measured).targets]

    assert verdicts == [
        (False, "1.10 (insert) to 2.00 (get); above it: get"),
        (False, "9.00 (get_status) to 9.00 (get_task); above it: get_status, get_task"),
        (True, "1.00 (get_status) to 1.00 (get_task)"),
    ]


def test_live_is_judged_by_the_worst_median_while_changes_stream():
    """The case in which nothing else changes is shown, but isn't judged."""
    slow, quick = (live.Latencies(Series((value,) * 3), 200.0, 0.001) for value in (0.2, 0.05))

    def verdicts(idle: live.Latencies, busy: live.Latencies) -> list[bool]:
        report = live.report({(0, 0): idle, (0, 200): quick, (10_000, 200): busy})
        return [target.is_met for target in report.targets]

    assert ([True], [False]) == (verdicts(slow, quick), verdicts(quick, slow))


def test_scrolling_is_judged_without_the_opening_of_the_page():
    """A step without any long task says that it took less than is told of."""
    steps = {step: scroll.Longest(Series((0.0, 0.06, 0.0)), Series((0.01, 0.03, 0.01))) for step in scroll.STEPS}

    report = scroll.report(steps | {scroll.OPEN: scroll.Longest(Series((0.9,) * 3), Series((0.8,) * 3))})

    assert [True] == [target.is_met for target in report.targets]
    assert ["scroll", "under 50.0", "60.0", "30.0", "3"] in [list(row) for row in report.table.rows]
