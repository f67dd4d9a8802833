"""S16: a process that is forked off while tasks run ends as it should, and is told clearly what it can't do."""

from __future__ import annotations

import os

import pytest

pytestmark = [
    pytest.mark.guarantee("S16"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system"),
]

#: Starts one child process and says how it ended: its exit code, or "hangs".
SETTING = (
    "import multiprocessing, os, sys, threading, time\n"
    "from engine import TaskControl\n"
    "forking = multiprocessing.get_context('fork')\n"
    "def in_a_child(work):\n"
    "    process = forking.Process(target=work)\n"
    "    process.start()\n"
    "    process.join(5)\n"
    "    if process.exitcode is None:\n"
    "        process.kill()\n"
    "        return 'hangs'\n"
    "    return process.exitcode\n"
    "def work():\n"
    "    print('works', flush=True)\n"
    "taskman = TaskControl()\n"
)
A_TASK_THAT_RUNS = (
    "gate = threading.Event()\n"
    "task = taskman.add(name='running', function=lambda f: gate.wait(20))\n"
    "while taskman.get_status(task) == 2:\n"
    "    time.sleep(0.001)\n"
)


def test_a_child_process_ends_while_a_task_runs_in_its_parent(run_script):
    """The child doesn't wait for tasks that run in another process."""
    lines = run_script(
        SETTING + A_TASK_THAT_RUNS + "print(in_a_child(work), flush=True)\ngate.set()\n", may_complain=True
    )

    assert lines == ["works", "0"]


def test_a_task_may_start_a_process(run_script):
    """A process that a task forks off ends, and so does the task."""
    lines = run_script(
        SETTING + "task = taskman.add(name='forks', function=lambda f: in_a_child(work), get_result=True)\n"
        "taskman.wait(task, timeout=20)\n"
        "print(taskman.get_result(task))\n",
        may_complain=True,
    )

    assert lines == ["works", "0"]


def test_a_task_may_use_a_pool_of_processes(run_script):
    """What takes too long in a thread may be given to processes from within a task."""
    lines = run_script(
        SETTING + "from concurrent.futures import ProcessPoolExecutor\n"
        "def compute(f):\n"
        "    with ProcessPoolExecutor(1, mp_context=forking) as pool:\n"
        "        return pool.submit(pow, 2, 10).result(timeout=10)\n"
        "task = taskman.add(name='computes', function=compute, get_result=True)\n"
        "print(taskman.wait(task, timeout=10), taskman.get_result(task), flush=True)\n"
        "if taskman.get_status(task) == 3:\n"
        "    [child.kill() for child in multiprocessing.active_children()]\n",
        may_complain=True,
    )

    assert lines == ["True 1024"]


def test_a_child_is_told_that_the_manager_is_not_its_own_or_can_use_it(run_script):
    """In the child `add` either raises, or the task that it returns runs; what it never does is to be lost."""
    lines = run_script(
        SETTING + "def add():\n"
        "    try:\n"
        "        task = taskman.add(name='child', function=lambda f: None)\n"
        "    except RuntimeError:\n"
        "        print('clear', flush=True)\n"
        "    else:\n"
        "        print('clear' if taskman.wait(task, timeout=3) else 'lost', flush=True)\n"
        "taskman.wait(taskman.add(name='before', function=lambda f: None))\n"
        "print(in_a_child(add))\n",
        may_complain=True,
    )

    assert lines == ["clear", "0"]


def test_a_child_may_have_a_manager_of_its_own(run_script):
    """A manager that is made in the child runs tasks there, whatever runs in the parent."""
    lines = run_script(
        SETTING + A_TASK_THAT_RUNS + "def use_another():\n"
        "    with TaskControl() as own:\n"
        "        task = own.add(name='own', function=lambda f: 'ran', get_result=True)\n"
        "        own.wait(task, timeout=3)\n"
        "        print(own.get_result(task), flush=True)\n"
        "print(in_a_child(use_another), flush=True)\n"
        "gate.set()\n",
        may_complain=True,
    )

    assert lines == ["ran", "0"]


def test_a_child_can_read_the_records(run_script):
    """However busy the parent's threads are in the instant of the fork, the child reads what there was."""
    lines = run_script(
        SETTING + "import signal\n"
        "over = False\n"
        "def busy():\n"
        "    while not over:\n"
        "        task = taskman.add(name='busy', function=lambda f: None)\n"
        "        taskman.db.update({'note': 1}, taskman.dbQuery.id == task)\n"
        "        taskman.purge(minutes=0)\n"
        "threads = [threading.Thread(target=busy) for _ in range(3)]\n"
        "[thread.start() for thread in threads]\n"
        "failed = n = 0\n"
        "while n < 100 and not failed:\n"
        "    n += 1\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        signal.alarm(30)\n"
        "        taskman.snapshot(), taskman.db.all(), taskman.get_all(), taskman.counts()\n"
        # Not by os._exit, where coverage waits for a lock of its own that a thread of the parent may have had.
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    failed += os.waitpid(child, 0)[1] != signal.SIGKILL\n"
        "over = True\n"
        "[thread.join() for thread in threads]\n"
        "print(failed)\n",
        may_complain=True,
        patience_s=100,  # a child that is measured takes a hundred times as long
    )

    assert lines == ["0"]


def test_an_unused_manager_is_a_new_one_in_the_child(run_script):
    """It runs tasks there, and its revisions aren't taken for those of its parent; of a used one there is a copy."""
    lines = run_script(
        SETTING + "used, ids = TaskControl(), (taskman.boot_id,)\n"
        "used.wait(used.add(name='before', function=lambda f: None))\n"
        "ids = taskman.boot_id, used.boot_id\n"
        "def look():\n"
        "    print(taskman.boot_id != ids[0], used.boot_id == ids[1], taskman.is_forked, used.is_forked, flush=True)\n"
        "    task = taskman.add(name='child', function=work)\n"
        "    print(taskman.wait(task, timeout=3), taskman.get_status(task), flush=True)\n"
        "print(in_a_child(look))\n",
        may_complain=True,
    )

    assert lines == ["True True False True", "works", "True 0", "0"]
