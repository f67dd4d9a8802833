"""What was measured reads as Markdown and says whether its target is met."""

from __future__ import annotations

import pytest

from benchmarks import crowd, deadlines, graphs, growth, live, scroll, sleepers, store, throughput, watchers
from benchmarks.clients import Heard
from benchmarks.contestants import EXECUTOR, LIMIT
from benchmarks.contestants import OURS as TASK_CONTROL
from benchmarks.crowd_server import PANEL, WEBSOCKETS
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


def rounds_of(value: float) -> Series:
    """Three rounds without noise."""
    return Series((value,) * 3)


@pytest.mark.parametrize(("pebble_s", "verdicts"), [(2.0, [True, True]), (0.5, [True, False])])
def test_throughput_is_judged_against_the_executor_and_the_nearest_peer(pebble_s, verdicts):
    """One and a half times the executor's rate, and ahead of every peer; the limit is shown, but is none."""
    measured = {TASK_CONTROL: 1.0, EXECUTOR: 1.6, LIMIT: 0.1}
    rates = {one.name: rounds_of(value) for one, value in measured.items()} | {"pebble": rounds_of(pebble_s)}

    report = throughput.report({1_000: rates, 10_000: rates}, {"huey": "No module named 'huey'"})

    assert verdicts == [target.is_met for target in report.targets]
    assert ["10,000 tasks", "Task Control's rate, times theirs", "spread"] == [row[0] for row in report.table.rows[3:]]
    assert "Skipped: huey (No module named 'huey')." in report.notes


def test_growth_is_judged_by_the_worse_way_of_counting_memory():
    """Time and memory have a target each."""
    memory = {growth.RESIDENT: rounds_of(1_600.0), growth.ALLOCATED: rounds_of(700.0)}

    even = {1_000: rounds_of(1.0), 100_000: rounds_of(1.1)}
    report = growth.report(even, memory, even)

    assert [(True, "1.10 (1.10 to 1.10) times"), (False, "1,600 bytes")] == [
        (target.is_met, target.measured) for target in report.targets
    ]


def test_graphs_are_judged_by_their_own_targets():
    """What is enough for one graph isn't for another, and the long chain is judged by the short one."""
    one = {graphs.OURS: rounds_of(0.6), graphs.PEER: rounds_of(1.0), graphs.LEAST: rounds_of(0.4)}

    report = graphs.report(dict.fromkeys(graphs.GRAPHS, one), {1_000: rounds_of(1.0), 100_000: rounds_of(2.1)})

    assert [False, True, True, False] == [target.is_met for target in report.targets]
    assert "takes 0.40 (0.40 to 0.40) times" in report.notes[0]


def test_sleepers_are_judged_by_time_and_by_memory():
    """Neither may exceed the executor's."""
    even = {sleepers.OURS: rounds_of(1.0), sleepers.PEER: rounds_of(1.0)}

    report = sleepers.report(even, even | {sleepers.OURS: rounds_of(1.1)})

    assert [True, False] == [target.is_met for target in report.targets]


def test_deadlines_are_judged_by_the_worse_kind_of_sleep():
    """A tail in either is a tail; loops are judged by their median."""
    tail = Series((0.001,) * 90 + (0.006,) * 10)
    decided = {deadlines.HANDLE: rounds_of(0.001), deadlines.PLAIN: tail}

    report = deadlines.report(decided, Series((0.02, 0.02, 0.5)))

    assert [False, True] == [target.is_met for target in report.targets]


def test_watchers_are_judged_by_the_growth_of_processor_time():
    """A tenth more is enough, a fifth is not."""
    watched = watchers.Watched(*[rounds_of(5_000.0)] * 3)

    def is_met(with_clients: float) -> bool:
        return (
            watchers.report(
                {0: rounds_of(1.0), 10: rounds_of(with_clients)},
                watched,
                watchers.Floor(rounds_of(0.1), rounds_of(0.1)),
            )
            .targets[0]
            .is_met
        )

    assert is_met(1.05)
    assert not is_met(1.2)


def test_a_crowd_is_judged_by_its_worst_round_and_beside_the_library():
    """One client that was cut in one round is one too many, and one that is behind as well."""
    whole, cut, behind = (
        Heard(100, 2_000_000, revision, is_open) for revision, is_open in ((7, True), (7, False), (6, True))
    )
    theirs = [crowd.Served(0.2, 5.0, 7, [whole, whole])] * 2

    def verdicts(other: Heard, core: float, loaded_s: float) -> list[bool]:
        rounds = [crowd.Served(core, 5.0, 7, [whole, one], 0.001, loaded_s) for one in (whole, other)]
        return [target.is_met for target in crowd.report({PANEL: rounds, WEBSOCKETS: theirs}).targets]

    assert [True, True, True, True] == verdicts(whole, 0.19, 0.0029)
    assert [False, True, False, True] == verdicts(cut, 0.21, 0.0029)
    assert [True, False, True, False] == verdicts(behind, 0.2, 0.0031)


def test_without_the_library_a_crowd_is_not_judged_beside_it():
    """The note names what was skipped, and the other targets stay."""
    ours = [crowd.Served(0.2, 5.0, 7, [Heard(100, 2_000_000, 7, True)], 0.001, 0.001)]

    report = crowd.report({PANEL: ours}, "No module named 'websockets'")

    assert len(report.targets) == 3
    assert "Skipped: websockets (No module named 'websockets')." in report.notes


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
