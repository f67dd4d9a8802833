"""S16: how many processes there are, which tasks wait for one, and when they end."""

from __future__ import annotations

import os
import signal
import time

import pytest

from engine.backends import reserve
from tests.engine.test_isolation_kills import is_running, is_there

pytestmark = pytest.mark.guarantee("S16")


def nap():
    time.sleep(60)


@pytest.fixture
def until_process(until):
    """Wait until a task's record names its process."""
    return lambda manager, task_id: until(
        lambda: manager.get_task(task_id)[0]["process"], "the process to be on the record"
    )


def test_processes_are_used_again(taskman, ended):
    """Tasks one after the other need one process."""
    pids = {ended(taskman.add("one", os.getpid, get_result=True, isolation="process"))["result"] for _ in range(5)}

    assert len(pids) == 1


@pytest.mark.parametrize(("bound", "error"), [(0, ValueError), (-1, ValueError), (True, TypeError), ("2", TypeError)])
def test_a_senseless_bound_is_refused(managers, bound, error):
    """It is a whole number of at least one, or None."""
    with pytest.raises(error, match="max_processes"):
        managers(max_processes=bound)


def test_tasks_beyond_the_bound_wait_suspended(managers, until, until_process, ended):
    """Their records say for what, their time limit doesn't run, and they start in their order."""
    manager = managers(max_processes=2)
    first = [manager.add("first", nap, isolation="process") for _ in range(2)]
    waiting = [manager.add("waits", lambda: None, isolation="process", thread_timeout=5) for _ in "ab"]
    for task_id in first:
        until_process(manager, task_id)
    until(lambda: manager.get_task(waiting[1])[0]["waiting_for"] == "process", "the record to say that it waits")
    threads = manager.add("thread", lambda: None)

    assert ended(threads, manager)["status"] == 0
    assert [2, 2] == [manager.get_status(task_id) for task_id in waiting]

    manager.cancel(first[0])
    ends = [ended(task_id, manager) for task_id in waiting]

    assert [0, 0] == [record["status"] for record in ends]
    assert ends[0]["started_at"] < ends[1]["started_at"]


def test_a_place_goes_to_the_longest_waiting(managers, gates, until, until_process, ended):
    """One that has just come doesn't overtake those that wait, even if a thread finds it first."""
    manager, gate = managers(max_workers=2, max_processes=1), gates()
    first = manager.add("first", nap, isolation="process")
    until_process(manager, first)
    waits = manager.add("waits", lambda: None, isolation="process")
    until(lambda: manager.get_task(waits)[0]["waiting_for"] == "process", "the record to say that it waits")
    manager.add("holds the other thread", gate)
    gate.wait_until_started()
    newer = manager.add("newer", lambda: None, isolation="process")
    manager.cancel(first)

    assert ended(waits, manager)["started_at"] < ended(newer, manager)["started_at"]


def test_a_task_that_is_cancelled_while_it_waits_never_starts(managers, until, until_process, ended):
    """Those behind it are served all the same."""
    manager = managers(max_processes=1)
    first = manager.add("first", nap, isolation="process")
    until_process(manager, first)
    waiting = [manager.add("waits", lambda: None, isolation="process") for _ in range(4)]
    until(lambda: manager.get_task(waiting[-1])[0]["waiting_for"] == "process", "the record to say that it waits")
    for task_id in waiting[:3]:
        manager.cancel(task_id)
    manager.cancel(first)

    assert ended(waiting[-1], manager)["status"] == 0
    assert [4, 4, 4] == [manager.get_status(task_id) for task_id in waiting[:3]]
    assert [None] * 3 == [manager.get_task(task_id)[0]["started_at"] for task_id in waiting[:3]]


def test_idle_processes_end_after_a_while(managers, ended, until, monkeypatch):
    """Nobody has to shut anything down to get rid of them; the next task gets a new one."""
    monkeypatch.setattr(reserve, "STAY_S", 0.2)
    manager = managers()
    pid = ended(manager.add("one", os.getpid, get_result=True, isolation="process"), manager)["result"]
    until(lambda: not is_there(pid), "the idle process to be gone")

    assert ended(manager.add("next", os.getpid, get_result=True, isolation="process"), manager)["result"] != pid


def test_an_idle_process_that_is_killed_is_not_missed(taskman, ended, until):
    """The next task gets another."""
    pid = ended(taskman.add("one", os.getpid, get_result=True, isolation="process"))["result"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid), "the idle process to be dead")

    assert ended(taskman.add("next", lambda: "served", get_result=True, isolation="process"))["result"] == "served"


def test_shutdown_ends_the_processes(managers, until_process):
    """Those that are idle and those whose task it cancels."""
    manager = managers(max_processes=2)
    idle = manager.add("idle", lambda: None, isolation="process")
    busy = manager.add("busy", nap, isolation="process")
    pids = [until_process(manager, task_id) for task_id in (idle, busy)]

    assert manager.shutdown(cancel_futures=True, timeout=10)
    assert [False, False] == [is_there(pid) for pid in pids]


def test_shutdown_lets_running_tasks_end(managers, ended):
    """As it does with threads; the process goes after its task."""
    manager = managers()
    task_id = manager.add("works", lambda: (time.sleep(0.3), os.getpid())[1], get_result=True, isolation="process")

    assert manager.shutdown(timeout=20)
    assert not is_there(manager.get_result(task_id))


def test_a_process_goes_after_its_task_when_nobody_waits_for_the_shutdown(managers, until, until_process, tmp_path):
    """It isn't kept for others, as no more will come."""
    manager, may_end = managers(), tmp_path / "may end"

    def work():
        while not may_end.exists():
            time.sleep(0.01)
        return "done"

    task_id = manager.add("works", work, get_result=True, isolation="process")
    pid = until_process(manager, task_id)
    manager.shutdown(wait=False)
    may_end.touch()

    until(lambda: not is_there(pid), "the process to go")
    assert (manager.wait(timeout=10), manager.get_result(task_id)) == (True, "done")


def test_a_process_that_a_kill_does_not_end_at_once_is_seen_out_later(managers, until, until_process, monkeypatch):
    """As one that waits for a disk; its task has ended meanwhile, and its seat is another's."""
    monkeypatch.setattr(reserve, "STAY_S", 0.05)
    manager = managers(max_processes=1)
    task_id = manager.add("busy", nap, isolation="process")
    pid = until_process(manager, task_id)
    with monkeypatch.context() as blocked:
        blocked.setattr("engine.backends.process.Process._wait_for_death", lambda self, patience_s: False)
        manager.cancel(task_id)
        until(lambda: manager.get_task(task_id)[0]["stopping"] is None, "its thread to come back")
    unseen = is_there(pid)
    following = manager.add("next", lambda: "served", get_result=True, isolation="process")

    assert manager.wait(following, timeout=20)
    assert (unseen, manager.get_result(following)) == (True, "served")
    until(lambda: not is_there(pid), "the process to be seen out")


def test_a_manager_without_such_tasks_starts_no_process(run_script):
    """Nothing is started at import, by making a manager, or by tasks in threads."""
    lines = run_script(
        "import os, subprocess, sys\n"
        "def no_process(*args, **options):\n"
        "    raise AssertionError('a process')\n"
        "subprocess.Popen = no_process\n"
        "from engine import TaskControl\n"
        "with TaskControl() as taskman:\n"
        "    taskman.add('thread', lambda: print('runs'))\n"
        "print('cloudpickle' in sys.modules)\n"
    )

    assert lines == ["runs", "False"]


SCRIPT = (
    "import os, time, sys\n"
    "from engine import TaskControl\n"
    "print('main', flush=True)\n"
    "taskman = TaskControl(max_processes=2)\n"
    "class Local:\n"
    "    def __init__(self, n): self.n = n\n"
    "def work(handle):\n"
    "    print('worker', __name__, flush=True)\n"
    "    return Local(42)\n"
    "def say_pid():\n"  # in one piece, as two processes may do so at once
    "    os.write(1, b'%d\\n' % os.getpid())\n"
)


def test_a_script_needs_no_guard(run_script):
    """A script without `if __name__ == "__main__"` is run once; its functions and classes work."""
    lines = run_script(
        SCRIPT + "task = taskman.add('one', work, get_result=True, isolation='process')\n"
        "taskman.wait(timeout=20)\n"
        "result = taskman.get_result(task)\n"
        "print(type(result) is Local, result.n)\n"
    )

    assert lines == ["main", "worker __main__", "True 42"]


def test_the_program_ends_when_its_process_tasks_have(run_script):
    """The interpreter waits for them as it does for threads, and leaves no process."""
    lines = run_script(
        SCRIPT + "def later():\n"
        "    time.sleep(0.3)\n"
        "    print('finished', flush=True)\n"
        "taskman.add('later', later, isolation='process')\n"
        "print('last line', flush=True)\n"
    )

    assert lines == ["main", "last line", "finished"]


def test_a_module_that_adds_tasks_when_it_is_imported_is_told(run_script, tmp_path):
    """It is imported by the process once more, where the same call is an error: nothing multiplies, nothing hangs."""
    (tmp_path / "jobs.py").write_text(
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "def work():\n"
        "    return 1\n"
        "task = taskman.add('work', work, isolation='process')\n"
    )
    lines = run_script(
        "import jobs\njobs.taskman.wait(timeout=20)\nprint(jobs.taskman.get_task(jobs.task)[0]['error'])\n",
        may_complain=True,
    )

    assert len(lines) == 1
    assert lines[0].startswith('RuntimeError: add(isolation="process") was called within a process that runs a task')


@pytest.mark.parametrize("work", ["time.sleep(60)", "__import__('re').match('(a+)+b', 'a' * 60)"], ids=["sleep", "C"])
def test_processes_end_with_a_parent_that_is_killed(start_script, until, work):
    """Busy or idle, they don't live on, even if their code never lets go of the interpreter."""
    process = start_script(
        SCRIPT + "taskman.add('idle', lambda: (say_pid(), time.sleep(0.2)), isolation='process')\n"
        f"taskman.add('busy', lambda: (say_pid(), {work}), isolation='process')\n"
        "taskman.wait()\n"
    )
    process.stdout.readline()
    pids = {int(process.stdout.readline()) for _ in "ab"}
    time.sleep(0.5)  # so that one is idle again and the other in the midst of its work
    process.kill()
    process.wait(10)

    until(lambda: not any(map(is_running, pids)), "the processes to be gone")


def test_ctrl_c_ends_the_processes(start_script, until):
    """Ctrl-C cancels the tasks, and nothing remains of them."""
    process = start_script(
        SCRIPT + "taskman.add('busy', lambda: (say_pid(), time.sleep(60)), isolation='process')\ntaskman.wait()\n"
    )
    process.stdout.readline()
    pid = int(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)

    until(lambda: not is_running(pid), "the process to be gone")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_has_no_part_in_them(run_script):
    """It ends as it should, its parent's processes serve on, and end with the parent."""
    lines = run_script(
        SCRIPT + "def pid_of():\n"
        "    task = taskman.add('one', os.getpid, get_result=True, isolation='process')\n"
        "    taskman.wait(timeout=20)\n"
        "    return taskman.get_result(task)\n"
        "before = pid_of()\n"
        "import warnings\n"
        "warnings.simplefilter('ignore')\n"  # from 3.12 on Python warns of forks beside threads
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        taskman.add('one', os.getpid, isolation='process')\n"
        "    except RuntimeError as error:\n"
        "        print(type(error).__name__, flush=True)\n"
        "    sys.exit(0)\n"
        "print(os.waitpid(child, 0)[1], pid_of() == before)\n"
    )

    assert lines == ["main", "Forked", "0 True"]


def test_a_real_time_signal_has_no_name(taskman, ended):
    """The error of a task whose process died of one gives its number."""
    error = ended(taskman.add("dies", lambda: os.kill(os.getpid(), signal.SIGRTMIN + 6), isolation="process"))["error"]

    assert "without a name" in error


def test_processes_are_seen_out_where_they_cannot_be_asked(managers, ended, monkeypatch):
    """On systems without waitid tasks run in processes all the same, and those end."""
    monkeypatch.delattr(os, "waitid")
    manager = managers()
    pids = [ended(manager.add("n", os.getpid, get_result=True, isolation="process"), manager)["result"] for _ in "12"]

    assert manager.shutdown(timeout=10)
    assert (pids[0] == pids[1], is_there(pids[0])) == (True, False)


def test_a_program_that_ignores_its_children_may_use_processes(run_script):
    """Where the system reaps them itself, a crash is the task's error, and the program ends."""
    lines = run_script(
        "import os, signal\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from engine import TaskControl\n"
        "with TaskControl() as taskman:\n"
        "    crash = taskman.add('crash', lambda: os._exit(3), isolation='process')\n"
        "    taskman.wait(crash)\n"
        "    fine = taskman.add('fine', lambda: 7, get_result=True, isolation='process')\n"
        "    taskman.wait(fine)\n"
        "    print(taskman.get_status(crash), taskman.get_result(fine))\n",
        may_complain=True,
    )

    assert lines == ["1 7"]
