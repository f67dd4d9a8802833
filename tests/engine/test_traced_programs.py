"""A program under a debugger, or whose coverage is measured, goes on while tasks are stopped."""

from __future__ import annotations

TRACED = """\
import sys, threading, time
threading.settrace(lambda *_: None)
sys.settrace(lambda *_: None)
from engine import TaskControl
taskman = TaskControl()
gate = threading.Event()
started = threading.Event()
task = taskman.add("blocked", lambda: (started.set(), gate.wait(60)))
started.wait()
taskman.cancel(task)
while taskman.get_task(task)[0]["stopping"] != "still blocked":
    time.sleep(0.01)
"""


def test_a_traced_program_goes_on_while_a_task_is_blocked(run_script):
    """An interrupt that a blocked thread can't receive yet halts none of the others."""
    assert run_script(TRACED + "print('went on')\n") == ["went on"]


def test_a_traced_program_goes_on_after_a_blocked_task_has_returned(run_script):
    """Nor does one that is taken back, as the call has returned meanwhile."""
    after = (
        "for _ in range(3):\n"
        "    gate.set()\n"
        "    while taskman.get_task(task)[0]['stopping']:\n"
        "        time.sleep(0.01)\n"
        "    gate.clear()\n"
        "    started.clear()\n"
        "    task = taskman.add('blocked', lambda: (started.set(), gate.wait(60)))\n"
        "    started.wait()\n"
        "    taskman.cancel(task)\n"
        "gate.set()\n"
        "print(taskman.shutdown(timeout=10))\n"
    )

    assert run_script(TRACED + after) == ["True"]
