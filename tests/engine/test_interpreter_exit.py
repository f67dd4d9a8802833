"""S16: when a script's interpreter waits for tasks at its end, and when it doesn't."""

from __future__ import annotations

import signal
import time

import pytest

pytestmark = pytest.mark.guarantee("S16")

PROMPT_S = 10.0


def test_running_tasks_end_before_the_interpreter_exits(run_script):
    """A program that has come to its last line still lets its tasks finish."""
    lines = run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "def work(handle):\n"
        "    for n in range(4):\n"
        "        time.sleep(0.1)\n"
        "        print(n)\n"
        "TaskControl().add(name='work', function=work)\n"
        "print('last line')\n"
    )

    assert sorted(lines) == ["0", "1", "2", "3", "last line"]


def test_tasks_that_can_still_run_end_before_the_interpreter_exits(run_script):
    """What waits for a running task or for a seat runs, too."""
    lines = run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl(max_workers=1)\n"
        "first = taskman.add(name='first', function=lambda f: time.sleep(0.3))\n"
        "second = taskman.add(name='second', function=lambda f: print('second'), depend_on=first)\n"
        "taskman.add(name='third', function=lambda f: print('third'), depend_on=second)\n"
        "for n in range(3):\n"
        "    taskman.add(name='seat', function=lambda f: print('seat'))\n"
    )

    assert sorted(lines) == ["seat", "seat", "seat", "second", "third"]


def test_a_task_may_add_tasks_while_the_interpreter_exits(run_script):
    """A running task can add its successors even after the program's last line."""
    lines = run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "def grow(handle, generation):\n"
        "    time.sleep(0.1)\n"
        "    print(generation)\n"
        "    if generation < 3:\n"
        "        taskman.add(name='next', function=lambda f: grow(f, generation + 1))\n"
        "taskman.add(name='first', function=lambda f: grow(f, 1))\n"
    )

    assert lines == ["1", "2", "3"]


def test_an_idle_manager_does_not_hold_the_interpreter(run_script):
    """A manager whose tasks have all ended, or that never had any, lets the program end."""
    before = time.monotonic()
    run_script(
        "from engine import TaskControl\n"
        "unused, used = TaskControl(), TaskControl()\n"
        "used.wait([used.add(name='one', function=lambda f: None)])\n"
        "subscription = used.subscribe()\n"
    )

    assert time.monotonic() - before < PROMPT_S


STUCK = {
    "cancelled": "taskman.cancel(task)\n",
    "purged": "taskman.purge()\n",
    "removed": "taskman.db.truncate()\n",
    "ended by hand": "taskman.db.update({'status': 0}, taskman.dbQuery.id == task)\n",
    "over its limit": "taskman.wait([task])\n",
}


@pytest.mark.parametrize("decision", STUCK.values(), ids=STUCK.keys())
def test_a_stuck_task_whose_end_is_decided_does_not_hold_the_interpreter(run_script, decision):
    """A function that sits in a blocking call can't keep the program from ending once its end is decided."""
    before = time.monotonic()
    run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "task = taskman.add(name='stuck', function=lambda f: time.sleep(60), thread_timeout=0.5)\n"
        "while taskman.get_status(task) == 2:\n"
        "    time.sleep(0.01)\n" + decision,
        may_complain=True,
    )

    assert time.monotonic() - before < PROMPT_S


def test_a_stuck_tasks_limit_is_kept_while_the_interpreter_exits(run_script):
    """The limit of a running task also ends the program's waiting for it."""
    before = time.monotonic()
    run_script(
        "import time\n"
        "from engine import TaskControl\n"
        "TaskControl().add(name='stuck', function=lambda f: time.sleep(60), thread_timeout=0.5)\n",
        may_complain=True,
    )

    assert time.monotonic() - before < PROMPT_S


def test_a_program_that_ends_with_an_error_lets_its_tasks_finish(start_script):
    """An exception in the main program doesn't cut the tasks."""
    process = start_script(
        "import time\n"
        "from engine import TaskControl\n"
        "TaskControl().add(name='work', function=lambda f: (time.sleep(0.3), print('finished')))\n"
        "raise ValueError('in the main program')\n"
    )
    output, errors = process.communicate(timeout=30)

    assert (output, process.returncode, "in the main program" in errors) == ("finished\n", 1, True)


WORK_FOR_A_MINUTE = (
    "import time\n"
    "from engine import TaskControl\n"
    "taskman = TaskControl()\n"
    "def work(handle):\n"
    "    print('working', flush=True)\n"
    "    try:\n"
    "        for _ in range(6000):\n"
    "            time.sleep(0.01)\n"
    "    except BaseException as error:\n"
    "        print(type(error).__name__, flush=True)\n"
    "        raise\n"
    "task = taskman.add(name='long', function=work)\n"
    "later = taskman.add(name='later', function=lambda f: print('ran'), depend_on=task)\n"
)


MAIN_PROGRAM = {
    "has ended": "",
    "waits for tasks": "taskman.wait()\n",
    "sleeps": "time.sleep(60)\n",
    "is in a with block": "with taskman:\n    time.sleep(60)\n",
    "is leaving a with block": "with taskman:\n    pass\n",
    "shuts down": "taskman.shutdown()\n",
    "reads changes": "for change in taskman.subscribe():\n    pass\n",
}


@pytest.mark.parametrize("main", MAIN_PROGRAM.values(), ids=MAIN_PROGRAM.keys())
def test_ctrl_c_cancels_the_tasks(start_script, main):
    """Ctrl-C ends the program promptly and cancels what runs and what waits."""
    process = start_script(WORK_FOR_A_MINUTE + main)
    first_line = process.stdout.readline()
    time.sleep(0.3)  # so that the main program has come to where it stays
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)

    assert (first_line, output, time.monotonic() - before < PROMPT_S) == ("working\n", "TaskCancelled\n", True)


def test_ctrl_c_cannot_be_held_up_by_a_stuck_task(start_script):
    """A function in a blocking call doesn't keep Ctrl-C from ending the program."""
    process = start_script(
        "import time\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "taskman.add(name='stuck', function=lambda f: (print('working', flush=True), time.sleep(60)))\n"
        "taskman.wait()\n"
    )
    process.stdout.readline()
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)

    assert (process.returncode != 0, time.monotonic() - before < PROMPT_S) == (True, True)


def test_a_manager_that_gets_a_task_in_this_instant_is_not_idle(taskman, gate):
    """Whoever asks, as the program's end does, is told so, and asks again."""

    class Ended:
        @property
        def has_ended(self):
            taskman.add("late", gate)
            return True

    taskman._runtime.tasks.live["ended"] = Ended()
    first = taskman._runtime.is_idle
    del taskman._runtime.tasks.live["ended"]
    second = taskman._runtime.is_idle
    gate.open()

    assert (first, second, taskman.wait(timeout=10), taskman._runtime.is_idle) == (False, False, True, True)
