"""S8: limits of run time: whose counts, from when, and what a task over its limit becomes."""

from __future__ import annotations

import queue
import threading
import time

import pytest

from engine import TaskTimeout

pytestmark = pytest.mark.guarantee("S8")

LIMIT_S = 0.2
LATENESS_S = 2.0


def cooperative(handle):
    while True:
        handle.sleep(0.01)


def python_loop(handle):
    while True:
        pass


def loop_with_sleeps(handle):
    while True:
        time.sleep(0.01)


def swallowing(handle):
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


def one_long_sleep(handle):
    time.sleep(0.7)


def waiting_for_an_event(handle):
    threading.Event().wait(0.7)


def waiting_for_a_queue(handle):
    try:
        queue.Queue().get(timeout=0.7)
    except queue.Empty:
        pass


def catching_everything_once(handle):
    try:
        cooperative(handle)
    except BaseException:
        loop_with_sleeps(handle)


WORK = [
    cooperative,
    python_loop,
    loop_with_sleeps,
    swallowing,
    one_long_sleep,
    waiting_for_an_event,
    waiting_for_a_queue,
    catching_everything_once,
]


def test_by_default_there_is_no_limit(taskman):
    """A new manager limits nothing."""
    assert taskman.thread_timeout is None


@pytest.mark.parametrize("function", WORK)
def test_a_task_over_its_limit_is_an_error_at_its_deadline(taskman, ended, function):
    """Whatever its function is doing, a task over its limit gets status 1 in time."""
    record = ended(taskman.add(name="too long", function=function, thread_timeout=LIMIT_S))
    ran_s = record["finished_at"] - record["started_at"]

    assert (record["status"], record["error"], LIMIT_S * 0.95 <= ran_s < LIMIT_S + LATENESS_S) == (
        1,
        "Killed by timeout",
        True,
    )


@pytest.mark.parametrize("function", WORK)
def test_a_task_over_its_limit_is_stopped(taskman, ended, until, function):
    """As soon as Python allows, nothing of the function runs any more, and the record says that it is over."""
    task_id = taskman.add(name="too long", function=function, thread_timeout=LIMIT_S)
    ended(task_id)
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the function to be stopped")

    assert taskman.get_task(task_id)[0]["error"] == "Killed by timeout"


def test_a_cooperative_function_is_told_by_task_timeout(taskman, until):
    """The handle's calls raise TaskTimeout once the limit is reached."""
    told: list[BaseException] = []

    def work(handle):
        try:
            cooperative(handle)
        except BaseException as error:
            told.append(error)
            raise

    taskman.add(name="too long", function=work, thread_timeout=LIMIT_S)
    until(lambda: told, "the function to be told")

    assert type(told[0]) is TaskTimeout


def test_a_task_within_its_limit_is_left_alone(taskman, ended):
    """A task that ends in time ends as usual."""
    record = ended(taskman.add(name="in time", function=lambda f: 3, get_result=True, thread_timeout=5))

    assert (record["status"], record["result"]) == (0, 3)


def test_the_managers_limit_holds_for_tasks_without_their_own(taskman, ended):
    """thread_timeout on the manager limits every task that sets none."""
    taskman.thread_timeout = LIMIT_S

    assert ended(taskman.add(name="too long", function=cooperative))["error"] == "Killed by timeout"


def test_the_managers_limit_is_read_when_a_task_starts(taskman, gate, ended):
    """A limit set while a task still waits holds for it."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=cooperative, depend_on=first)
    gate.wait_until_started()
    taskman.thread_timeout = LIMIT_S
    gate.open()

    assert ended(second)["error"] == "Killed by timeout"


def test_a_new_limit_does_not_touch_what_runs(taskman, gate, ended):
    """A task that already runs keeps the limit that it started with."""
    task_id = taskman.add(name="runs", function=gate)
    gate.wait_until_started()
    taskman.thread_timeout = 0.05
    ended(taskman.add(name="too long", function=cooperative))
    gate.open()

    assert ended(task_id)["status"] == 0


def test_a_limit_taken_back_limits_nothing(taskman, gate, ended):
    """None lifts the manager's limit for tasks that start from then on."""
    taskman.thread_timeout = LIMIT_S
    taskman.thread_timeout = None
    task_id = taskman.add(name="runs", function=lambda f: time.sleep(LIMIT_S * 2))

    assert ended(task_id)["status"] == 0


def test_a_tasks_own_shorter_limit_wins(taskman, ended):
    """A task's own limit counts, not the manager's longer one."""
    taskman.thread_timeout = 60

    assert ended(taskman.add(name="too long", function=cooperative, thread_timeout=LIMIT_S))["status"] == 1


@pytest.mark.parametrize("own_limit", [5, float("inf")])
def test_a_tasks_own_longer_limit_wins(taskman, ended, own_limit):
    """A longer or infinite limit of its own lifts the manager's."""
    taskman.thread_timeout = 0.05
    task_id = taskman.add(name="long", function=lambda f: time.sleep(0.3), thread_timeout=own_limit)

    assert ended(task_id)["status"] == 0


@pytest.mark.parametrize("limit", [1e300, 10**12, 2**64])
def test_a_limit_beyond_all_clocks_is_allowed(taskman, ended, limit):
    """A limit of more seconds than any clock counts does no harm."""
    task_id = taskman.add(name="patient", function=lambda f: None, thread_timeout=limit)

    assert ended(task_id)["status"] == 0


def test_an_infinite_limit_on_the_manager_limits_nothing(taskman, ended):
    """float("inf") on the manager means no limit."""
    taskman.thread_timeout = float("inf")

    assert ended(taskman.add(name="fine", function=lambda f: None))["status"] == 0


def test_the_record_shows_the_limit_in_force(taskman, gate):
    """A running task's record says the limit that holds for it."""
    taskman.thread_timeout = 60
    task_id = taskman.add(name="limited", function=gate)
    gate.wait_until_started()

    assert taskman.get_task(task_id)[0]["thread_timeout"] == 60


def test_the_limit_does_not_count_waiting_for_a_dependency(taskman, gate, ended):
    """A task that waited longer than its limit still has all of it for running."""
    first = taskman.add(name="first", function=gate)
    second = taskman.add(name="second", function=lambda f: None, depend_on=first, thread_timeout=LIMIT_S)
    time.sleep(LIMIT_S * 2)
    gate.open()

    assert ended(second)["status"] == 0


def test_the_limit_does_not_count_waiting_for_a_seat(managers, gates, ended):
    """Nor does the time count that a task waits for a thread."""
    manager = managers(max_workers=1)
    busy = gates()
    manager.add(name="busy", function=busy)
    task_id = manager.add(name="next", function=lambda f: None, thread_timeout=LIMIT_S)
    time.sleep(LIMIT_S * 2)
    busy.open()

    assert ended(task_id, manager)["status"] == 0


def test_the_run_time_of_a_killed_task_is_its_limit(taskman, ended):
    """perf of a task over its limit tells how long it ran until then."""
    perf = ended(taskman.add(name="too long", function=cooperative, thread_timeout=LIMIT_S))["perf"]

    assert (type(perf), LIMIT_S * 0.95 <= perf < LIMIT_S + LATENESS_S) == (float, True)


def test_many_deadlines_are_all_kept(taskman, ended):
    """Fifty tasks with different limits all end at their own."""
    limits = [0.1 + n / 100 for n in range(50)]
    ids = [taskman.add(name="limited", function=cooperative, thread_timeout=limit) for limit in reversed(limits)]
    ran_s = [ended(task_id)["perf"] for task_id in reversed(ids)]

    late = [ran - limit for limit, ran in zip(limits, ran_s, strict=True)]

    assert [seconds for seconds in late if not -0.05 <= seconds < LATENESS_S] == []


def test_a_task_that_depends_on_a_killed_one_is_canceled(taskman, ended):
    """A killed task has failed: what depends on it becomes Canceled."""
    first = taskman.add(name="too long", function=cooperative, thread_timeout=LIMIT_S)

    assert ended(taskman.add(name="second", function=lambda f: None, depend_on=first))["status"] == 4


@pytest.mark.parametrize("limit", [0, 0.0, -1, -0.5, float("nan"), float("-inf")])
def test_a_limit_that_is_no_positive_number_is_refused(taskman, limit):
    """Zero, negative and not-a-number limits are refused by add, and nothing is added."""
    with pytest.raises(ValueError, match="thread_timeout"):
        taskman.add(name="bad", function=lambda f: None, thread_timeout=limit)

    assert taskman.get_all() == []


@pytest.mark.parametrize("limit", ["5", b"5", True, False, [5], object(), 1j])
def test_a_limit_of_another_type_is_refused(taskman, limit):
    """A limit that isn't a number is refused by add, and nothing is added."""
    with pytest.raises(TypeError, match="thread_timeout"):
        taskman.add(name="bad", function=lambda f: None, thread_timeout=limit)

    assert taskman.get_all() == []


@pytest.mark.parametrize(
    ("limit", "error"),
    [(0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("5", TypeError), (True, TypeError)],
)
def test_a_bad_default_is_refused_and_changes_nothing(taskman, limit, error):
    """The manager refuses the same limits as its default, and keeps the one it had."""
    taskman.thread_timeout = 60
    with pytest.raises(error, match="thread_timeout"):
        taskman.thread_timeout = limit

    assert taskman.thread_timeout == 60
