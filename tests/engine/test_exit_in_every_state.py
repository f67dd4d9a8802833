"""S16: whatever tasks, readers and managers are doing at a program's last line, it ends, and says nothing odd."""

from __future__ import annotations

import sys

import pytest

pytestmark = pytest.mark.guarantee("S16")

SETTING = """
import faulthandler, sys, threading, time
from engine import TaskControl, TaskExecutor

faulthandler.dump_traceback_later(15, exit=True)
taskman = TaskControl()
"""

STATES = {
    "asleep": """
taskman.add(name='a', function=lambda f: (f.sleep(0.2), print('done')))
""",
    "in a shield": """
def work(f):
    with f.shield():
        time.sleep(0.2)
        print('done')
taskman.add(name='a', function=work)
""",
    "waiting for a child": """
def work(f):
    child = taskman.add(name='child', function=lambda f: f.sleep(0.2))
    print('done' if taskman.wait(child) else 'not')
taskman.add(name='a', function=work)
""",
    "waiting for all": """
def work(f):
    taskman.add(name='child', function=lambda f: f.sleep(0.2))
    print('done' if taskman.wait() else 'not')
taskman.add(name='a', function=work)
""",
    "with hours left of its limit": """
taskman.add(name='a', function=lambda f: print('done'), thread_timeout=7200)
""",
    "cancelled and swallowing it": """
started = threading.Event()
def work(f):
    while True:
        try:
            started.set()
            time.sleep(0.001)
        except BaseException:
            pass
task = taskman.add(name='a', function=work)
started.wait()
print('done' if taskman.cancel(task) else 'not')
""",
    "leaving by sys.exit": """
taskman.add(name='a', function=lambda f: sys.exit(3))
taskman.add(name='b', function=lambda f: (f.sleep(0.2), print('done')))
""",
    "purging itself": """
def work(f):
    f.sleep(0.1)
    print('done')
    taskman.purge()
    f.checkpoint()
    print('not stopped')
taskman.add(name='a', function=work)
""",
    "followed by a thread": """
def read():
    for change in taskman.subscribe(since=0):
        pass
    print('done')
threading.Thread(target=read).start()
taskman.add(name='a', function=lambda f: f.sleep(0.2))
""",
    "waited for by a thread": """
task = taskman.add(name='a', function=lambda f: f.sleep(0.2))
threading.Thread(target=lambda: print('done' if taskman.wait(task) else 'not')).start()
""",
    "added without end by a daemon thread": """
def add():
    try:
        while True:
            taskman.add(name='a', function=lambda f: None)
    except RuntimeError:  # the end has come
        pass
threading.Thread(target=add, daemon=True).start()
time.sleep(0.2)
print('done')
""",
    "of a manager that nobody holds": """
TaskControl().add(name='a', function=lambda f: (f.sleep(0.2), print('done')))
""",
}


NEEDS_ANOTHER_THREAD = {
    "starting children late": """
def work(f):
    f.sleep(0.3)
    children = [taskman.add(name='child', function=lambda f: f.sleep(0.1)) for _ in range(20)]
    print('done' if taskman.wait(children) else 'not')
taskman.add(name='a', function=work)
""",
    "adding to another manager": """
other = TaskControl()
def work(f):
    f.sleep(0.2)
    other.add(name='b', function=lambda f: (f.sleep(0.2), print('done')))
taskman.add(name='a', function=work)
""",
}
if not (3, 12) <= sys.version_info < (3, 12, 3):  # these start no thread at the end: see below
    STATES |= NEEDS_ANOTHER_THREAD


@pytest.mark.parametrize("program", STATES.values(), ids=STATES.keys())
def test_the_program_ends_whatever_its_task_is_doing(run_script, program):
    """What can end by itself ends first; what can't, or whose end is decided, doesn't hold the program."""
    assert run_script(SETTING + program) == ["done"]


NEEDS_A_THREAD = {
    "of another manager": "other.add(name='b', function=print)",
    "that another waits for": "taskman.wait(taskman.add(name='b', function=print))",
    "of an executor": "executor.submit(print)",
}


@pytest.mark.parametrize("adds", NEEDS_A_THREAD.values(), ids=NEEDS_A_THREAD.keys())
def test_a_task_that_gets_no_thread_at_the_end_does_not_hold_the_program(run_script, adds):
    """Some Pythons start none any more once the main program is over: what needs one is canceled."""
    program = f"""
def refuse(thread):
    raise RuntimeError("can't create new thread at interpreter shutdown")
def work(f):
    f.sleep(0.2)
    threading.Thread.start = refuse
    {adds}
other, executor = TaskControl(), TaskExecutor()
taskman.add(name='a', function=work)
"""
    assert run_script(SETTING + program) == []


@pytest.mark.parametrize("wait", ["taskman.wait(task)", "taskman.wait()", "taskman.shutdown()"])
def test_a_task_that_is_added_after_the_end_is_refused_or_runs(run_script, wait):
    """In hooks that run when threads can't be started any more, `add` raises, or the task runs: nothing hangs."""
    lines = run_script(
        "import atexit\n" + SETTING + "def late():\n"
        "    try:\n"
        "        task = taskman.add(name='late', function=lambda f: print('ran'))\n"
        f"        {wait}\n"
        "    except RuntimeError:\n"
        "        print('refused')\n"
        "atexit.register(late)\n"
        "taskman.wait(taskman.add(name='a', function=lambda f: None))\n",
        may_complain=True,
    )

    assert lines in (["ran"], ["refused"])
