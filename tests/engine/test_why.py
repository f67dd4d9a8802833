"""S4: why a task isn't running, or doesn't end, in one sentence."""

from __future__ import annotations

import pytest

from engine import UnknownTask
from engine.reasons import reason_of

pytestmark = pytest.mark.guarantee("S4")

NOW = 1000.0
OTHERS = {
    "a": {"id": "a", "name": "Fetch", "status": 3, "added_at": 900.0, "started_at": 988.0},
    "b": {"id": "b", "name": "Parse", "status": 2, "added_at": 901.0},
    "c": {"id": "c", "name": "Done", "status": 0},
    "d": {"id": "d", "name": "Failed", "status": 1},
}
WAITS = {"status": 2, "waiting_for": "dependencies"}
STUCK = {"since": 925.0, "at": "a.py:1 in f"}


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (WAITS | {"depend_on": "a"}, 'It waits for "Fetch" (a), which has been Running for 12 s'),
        (WAITS | {"depend_on": ["b"]}, 'It waits for "Parse" (b), which has been Suspended for 1 m 39 s'),
        (
            WAITS | {"depend_on": ["c", "b", "a"]},
            'It waits for "Fetch" (a) and 1 other, of which the first has been Running for 12 s',
        ),
        (WAITS | {"depend_on": ["d"]}, 'It waits for "Failed" (d), which has just become Error'),
        (WAITS | {"depend_on": ["c", "gone"]}, "It is about to start"),
        ({"status": 2, "waiting_for": "seat"}, "All 4 seats are taken; it has waited for one for 3 s"),
        ({"status": 2, "waiting_for": "process"}, "All processes are taken; it waits for a free one"),
        ({"status": 2, "waiting_for": None}, "It is about to start"),
        ({"status": 2, "waiting_for": "retry", "retry_at": 1008.5}, "It is tried again in 8 s"),
        ({"status": 2, "waiting_for": "retry"}, "It is tried again"),
        ({"status": 3, "stuck": STUCK}, "It hasn't moved from a.py:1 in f for 1 m 15 s"),
        (
            {"status": 2, "waiting_for": "retry", "stopping": "stop requested"},
            "It is tried again once the thread of the last attempt is done, which is being stopped",
        ),
        (
            {"status": 4, "stopping": "still blocked", "finished_at": 988.0},
            "Its end is decided, but its thread sits in a call that Python can't interrupt, now for 12 s",
        ),
        (
            {"status": 4, "stopping": "stop requested", "finished_at": 1000.0},
            "Its end is decided, but its thread is being stopped, now for 0 s",
        ),
        ({"status": 3}, None),
        ({"status": 0}, None),
        ({"status": 4, "stopping": None}, None),
    ],
)
def test_the_sentence_fits_the_record(record, sentence):
    """Each reason is one sentence with names, states and times."""
    assert reason_of(record, OTHERS.get, 4, NOW - 3, NOW) == sentence


def test_the_time_can_be_told_apart():
    """The sentence's parts let others go on counting."""
    reason = reason_of(WAITS | {"depend_on": "a"}, OTHERS.get, 4, None, NOW)

    assert (reason.text, reason.since) == ('It waits for "Fetch" (a), which has been Running', 988.0)


@pytest.mark.parametrize(
    ("seconds", "span"),
    [
        (59.9, "59 s"),
        (60, "1 m 00 s"),
        (3599, "59 m 59 s"),
        (3600, "1 h 00 m"),
        (86399, "23 h 59 m"),
        (86400, "1 d 0 h"),
        (200_000, "2 d 7 h"),
    ],
)
def test_long_times_are_told_in_two_units(seconds, span):
    """Minutes, hours and days, with the next smaller unit."""
    reason = reason_of({"status": 3, "stuck": STUCK}, OTHERS.get, 4, None, STUCK["since"] + seconds)

    assert reason == f"It hasn't moved from a.py:1 in f for {span}"


def test_a_waiting_task_says_what_it_waits_for(taskman, gate, ended):
    """The manager answers for its own tasks; there is nothing to say of those that run or have ended well."""
    running = taskman.add("Fetch", gate)
    gate.wait_until_started()
    waiting = taskman.add("Parse", lambda: None, depend_on=running)
    done = taskman.add("Done", lambda: None)
    ended(done)

    assert taskman.why(waiting).text == f'It waits for "Fetch" ({running}), which has been Running'
    assert (taskman.why(running), taskman.why(done)) == (None, None)


def test_a_task_without_a_seat_says_so(managers, gate, until):
    """It says that the seats are taken, and how long it has waited for one."""
    manager = managers(max_workers=1)
    manager.add("Fetch", gate)
    waiting = manager.add("Parse", lambda: None)
    until(lambda: manager.get_task(waiting)[0]["waiting_for"] == "seat", "the wait for a seat")

    reason = manager.why(waiting)
    assert reason.text == "The only seat is taken; it has waited for one"
    assert abs(manager.get_task(waiting)[0]["added_at"] - reason.since) < 0.5


def test_an_unknown_task_is_an_error(taskman):
    """As everywhere."""
    with pytest.raises(UnknownTask):
        taskman.why("0000000000")
