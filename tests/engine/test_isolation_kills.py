"""S8, S14: what runs in a process of its own can always be stopped, and what kills it costs nobody else anything."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from engine.backends import processes

LIMIT_S = 0.2

#: Generous, as the machine may be busy: these functions would go on for a minute or for ever.
PROMPT_S = 5.0


def sleep():
    time.sleep(60)


def loop():
    while True:
        pass


def hold_the_interpreter():
    re.match("(a+)+b", "a" * 60)


def ignore_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(60)


def swallow():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass


def shielded(handle):
    with handle.shield():
        handle.sleep(60)


STUBBORN = [sleep, loop, hold_the_interpreter, ignore_signals, swallow, shielded]
stubborn = pytest.mark.parametrize("function", STUBBORN, ids=lambda function: function.__name__)


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def started(taskman, until):
    """Add a task that runs in a process, and return its id and the process's once it runs."""

    def start(function, manager=taskman, **options):
        task_id = manager.add("stubborn", function, isolation="process", **options)
        return task_id, until(lambda: manager.get_task(task_id)[0]["process"], "the process to be on the record")

    return start


@pytest.mark.guarantee("S8")
@stubborn
def test_a_limit_ends_the_process(taskman, started, ended, until, function):
    """Whatever the function does, it is gone when its time is over, and nothing remains to be stopped."""
    task_id, pid = started(function, thread_timeout=LIMIT_S)
    record = ended(task_id)
    over_at = time.monotonic()
    until(lambda: not is_there(pid), "the process to be gone")
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the record to be clean")

    assert (1, "Killed by timeout") == (record["status"], record["error"])
    assert LIMIT_S <= record["perf"] < PROMPT_S
    assert time.monotonic() - over_at < PROMPT_S


@pytest.mark.guarantee("S14")
@stubborn
def test_a_cancel_ends_the_process(taskman, started, until, function):
    """The same holds for a cancel, which returns at once."""
    task_id, pid = started(function)
    cancelled = taskman.cancel(task_id)
    until(lambda: not is_there(pid), "the process to be gone")
    until(lambda: taskman.get_task(task_id)[0]["stopping"] is None, "the record to be clean")
    record = taskman.get_task(task_id)[0]

    assert (True, 4, "Canceled on request") == (cancelled, record["status"], record["error"])


@pytest.mark.guarantee("S8")
def test_the_limit_counts_from_the_call(managers, ended):
    """What the start of a process takes isn't the function's time."""
    manager = managers()
    record = ended(manager.add("first", lambda: "done", get_result=True, isolation="process"), manager)

    assert record["result"] == "done"
    assert record["perf"] < record["finished_at"] - record["added_at"]


@pytest.mark.guarantee("S8")
def test_killed_functions_cost_no_capacity(managers, started, ended):
    """The only seat and the only process are free again at once."""
    manager = managers(max_workers=1, max_processes=1)
    ids = []
    for _ in range(3):
        ids.append(manager.add("stuck", sleep, thread_timeout=LIMIT_S, isolation="process"))
        ids.append(manager.add("after", lambda: None, isolation="process"))
    begun = time.monotonic()

    assert [1, 0] * 3 == [ended(task_id, manager)["status"] for task_id in ids]
    assert time.monotonic() - begun < 2 * PROMPT_S


@pytest.mark.guarantee("S14")
@pytest.mark.parametrize("decision", ["purge", "removal", "by hand"])
def test_other_ends_end_the_process_too(taskman, started, until, decision):
    """So do a purge, the removal of the record and an end that is written to the database."""
    task_id, pid = started(loop)
    if decision == "purge":
        taskman.purge()
    elif decision == "removal":
        taskman.db.remove(taskman.dbQuery.id == task_id)
    else:
        taskman.db.update({"status": 0}, taskman.dbQuery.id == task_id)

    until(lambda: not is_there(pid), "the process to be gone")


@pytest.mark.guarantee("S14")
def test_what_the_function_has_started_goes_with_it(taskman, started, until, tmp_path):
    """A program that it waits for is killed as well."""
    note = tmp_path / "pid"

    def work():
        program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        note.write_text(f"{program.pid}.")
        program.wait()

    task_id, _ = started(work)
    until(lambda: note.exists() and note.read_text().endswith("."), "the program to be started")
    program = int(note.read_text()[:-1])
    taskman.cancel(task_id)

    until(lambda: not is_running(program), "the program to be gone")


def is_running(pid):
    """Whether a process that is another's child runs: dead ones may stay as zombies until somebody asks for them."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state not in ("", "Z", "Z+", "Zs")


@pytest.mark.guarantee("S14")
def test_many_cancels_at_any_moment_leave_nothing(managers, until):
    """Whenever the cancel comes, before, during or after the call, the task ends once, and the next is served."""
    manager = managers(max_processes=2)
    ids = []
    for number in range(60):
        ids.append(manager.add("short", lambda: time.sleep(0.002), isolation="process"))
        time.sleep(number % 10 / 2000)
        manager.cancel(ids[-1])
    after = manager.add("after", lambda: "served", get_result=True, isolation="process")

    assert manager.wait(timeout=30)
    assert {manager.get_status(task_id) for task_id in ids} <= {0, 4}
    assert manager.get_result(after) == "served"


def segfault():
    ctypes.string_at(0)


def exit_at_once():
    os._exit(3)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def close_all_files():
    os.closerange(3, 256)
    time.sleep(60)


CRASHES = {
    segfault: "ProcessDied: the task's process was killed by signal 11 (SIGSEGV",
    exit_at_once: "ProcessDied: the task's process ended with exit code 3 before the function had returned",
    kill_itself: "ProcessDied: the task's process was killed by signal 9 (SIGKILL",
    close_all_files: "ProcessDied: the task's process closed its connection",
}


@pytest.mark.guarantee("S6")
@pytest.mark.parametrize(("function", "told"), CRASHES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_crash_is_the_error_of_its_task_alone(managers, ended, function, told):
    """It is told in words, a task beside it is undisturbed, and the next one is served."""
    manager = managers(max_processes=2)
    beside = manager.add("beside", lambda: time.sleep(0.3), isolation="process")
    record = ended(manager.add("crash", function, isolation="process"), manager)
    after = manager.add("after", os.getpid, get_result=True, isolation="process")

    assert record["status"] == 1
    assert record["error"].startswith(told)
    assert [0, 0] == [ended(task_id, manager)["status"] for task_id in (beside, after)]


@pytest.mark.guarantee("S8")
def test_systems_without_waitid_do_as_well(managers, ended, monkeypatch):
    """Where a dead process can't be looked at without reaping it, ends are the same."""
    monkeypatch.delattr(os, "waitid")
    manager = managers(max_processes=1)
    killed = manager.add("killed", loop, thread_timeout=LIMIT_S, isolation="process")
    crash = manager.add("crash", exit_at_once, isolation="process")
    after = manager.add("after", lambda: None, isolation="process")

    assert "Killed by timeout" == ended(killed, manager)["error"]
    assert "ended with exit code 3" in ended(crash, manager)["error"]
    assert ended(after, manager)["status"] == 0
    assert manager.shutdown(timeout=10)


@pytest.mark.guarantee("S6")
def test_a_process_that_cannot_be_started_is_the_tasks_error(managers, ended, monkeypatch):
    """The error says with which program it was tried."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    manager = managers()
    record = ended(manager.add("nowhere", lambda: None, isolation="process"), manager)

    assert record["status"] == 1
    assert record["error"].startswith("RuntimeError: no process can be started with '/nowhere/python'")


@pytest.mark.guarantee("S6")
def test_a_program_that_is_no_python_is_the_tasks_error(managers, ended, monkeypatch):
    """One that ends at once is said to have done so."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    manager = managers()

    assert "ended with exit code 1" in ended(manager.add("no", lambda: None, isolation="process"), manager)["error"]


@pytest.mark.guarantee("S6")
def test_a_kill_from_outside_is_the_tasks_error(taskman, started, ended):
    """The same goes for a process that somebody else kills."""
    task_id, pid = started(sleep)
    os.kill(pid, signal.SIGKILL)

    assert "killed by signal 9 (SIGKILL" in ended(task_id)["error"]


@pytest.mark.guarantee("S6")
def test_memory_that_runs_out_is_the_tasks_error(managers, ended):
    """Where memory is limited, the function gets Python's own error, and it comes back."""
    manager = managers(max_processes=1)

    def work():
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        return len(bytearray(1 << 32))

    assert ended(manager.add("greedy", work, isolation="process"), manager)["error"].startswith("MemoryError")


@pytest.mark.guarantee("S14")
def test_a_kill_that_comes_late_hits_no_other_task(managers, started, ended, monkeypatch):
    """A cancel that comes with the function's last breath may kill its process, but not the task that is next."""
    late, converse = [], processes._converse

    def interrupted(process, call, task, journal):
        answer = converse(process, call, task, journal)
        if task.name == "first":
            late.append(task.alarms.pop())  # a cancel in another thread has come so far, and no farther
        return answer

    monkeypatch.setattr(processes, "_converse", interrupted)
    manager = managers(max_processes=1)
    first = manager.add("first", lambda: "done", get_result=True, isolation="process")
    task_id, _ = started(lambda: time.sleep(0.2), manager)
    late[0]()

    assert "done" == ended(first, manager)["result"]
    assert ended(task_id, manager)["status"] == 0
