"""S4, S8, S15: the system's clock may jump; durations, limits and waits go by a clock that doesn't."""

from __future__ import annotations

import time

import pytest

HOUR_S = 3600.0
JUMPS = [pytest.param(-HOUR_S * 24, id="a day back"), pytest.param(HOUR_S * 24, id="a day ahead")]

pytestmark = pytest.mark.parametrize("jump_s", JUMPS)


@pytest.fixture
def jump(monkeypatch):
    """Set the system's clock by so many seconds, for the rest of the test."""
    right = time.time

    def by(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: right() + seconds)

    return by


@pytest.mark.guarantee("S4")
@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda taskman, task_id, gate: gate.open(), id="by itself"),
        pytest.param(lambda taskman, task_id, gate: taskman.cancel(task_id), id="by a cancel"),
        pytest.param(
            lambda taskman, task_id, gate: taskman.db.update({"status": 0}, taskman.dbQuery.id == task_id),
            id="through the database",
        ),
    ],
)
def test_the_run_time_is_not_the_jump(taskman, gate, ended, jump, jump_s, end):
    """A task that runs while the clock is set has the run time that really passed, however it ends."""
    before = time.monotonic()
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    jump(jump_s)
    time.sleep(0.02)
    end(taskman, task_id, gate)
    perf = ended(task_id)["perf"]

    assert 0.02 <= perf <= time.monotonic() - before


@pytest.mark.guarantee("S8")
def test_a_limit_is_kept(taskman, ended, jump, jump_s):
    """A limit runs out when its seconds have passed, no sooner and no later."""
    before = time.monotonic()
    limited = taskman.add(name="limited", function=lambda f: f.sleep(60), thread_timeout=0.2)
    generous = taskman.add(name="generous", function=lambda f: f.sleep(0.3), thread_timeout=HOUR_S)
    jump(jump_s)
    record = ended(limited)

    assert (record["error"], 0.2 <= time.monotonic() - before < HOUR_S) == ("Killed by timeout", True)
    assert ended(generous)["status"] == 0


@pytest.mark.guarantee("S15")
def test_waits_and_sleeps_last_as_long_as_they_should(taskman, gate, ended, jump, jump_s):
    """wait, get of a subscription and the handle's sleep neither return early nor stay."""
    waiting = taskman.add(name="waits", function=gate)
    gate.wait_until_started()
    changes = taskman.subscribe()
    jump(jump_s)
    before = time.monotonic()
    answers = (taskman.wait(waiting, timeout=0.1), changes.get(timeout=0.1))
    waited_s = time.monotonic() - before
    sleeping = ended(taskman.add(name="sleeps", function=lambda f: f.sleep(0.1)))

    assert answers == (False, [])
    assert waited_s >= 0.2
    assert sleeping["perf"] >= 0.1


@pytest.mark.guarantee("S10")
def test_dependants_start_at_once(taskman, gate, ended, jump, jump_s):
    """A dependency that completes after the jump starts what waits for it."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first)
    gate.wait_until_started()
    jump(jump_s)
    gate.open()

    assert ended(second)["status"] == 0


@pytest.mark.guarantee("S4")
def test_records_stay_in_the_order_of_adding(taskman, ended, jump, jump_s):
    """Records are listed oldest first by when they were really added, not by what the clock said."""
    ids = [taskman.add(name="before", function=lambda f: None)]
    jump(jump_s)
    ids += [taskman.add(name="after", function=lambda f: None)]

    assert [record["id"] for record in taskman.get_all()] == ids


@pytest.mark.guarantee("S11")
def test_a_purge_by_age_takes_no_harm(taskman, ended, jump, jump_s):
    """A record from before the jump is as old as the clock says; from the future or not, purge() takes it."""
    task_id = taskman.add(name="old", function=lambda f: None)
    ended(task_id)
    jump(jump_s)
    removed = taskman.purge(hours=12)

    assert (removed, taskman.purge()) == ((1, 0) if jump_s > 0 else (0, 1))
