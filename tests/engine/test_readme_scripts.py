"""S12: the documented ways of use, as scripts in an interpreter of their own."""

from __future__ import annotations

import ast
import re

import pytest

from tests.engine.scripts import run_to_end

pytestmark = pytest.mark.guarantee("S12")

ID = "[0-9a-f]{10}"

TICKS = """
import sys, time
from task_control import TaskControl

def say(words):
    sys.stdout.write(words + "\\n")  # in one piece, so that two threads' lines stay lines

def ticking():
    say("worker: begin")
    for tick in range(4):
        time.sleep(0.1)
        say(f"worker: {tick}")
    say("worker: end")

if __name__ == "__main__":
    taskman = TaskControl()
    task = taskman.add(name="Ticking task", function=lambda f: ticking())
    say(f"main: started {task}")
    say(f"main: info {taskman.get_task(task)}")
    time.sleep(1.2)
    say("main: over")
"""


@pytest.fixture(scope="module")
def ticks(tmp_path_factory):
    """The lines of the first script, by the thread that printed them."""
    lines = run_to_end(TICKS, tmp_path_factory.mktemp("ticks"))
    return {
        who: [line.removeprefix(f"{who}: ") for line in lines if line.startswith(f"{who}: ")]
        for who in ("main", "worker")
    }


def test_a_worker_prints_its_lines_in_order(ticks):
    """The function of a task does its work beside the main program."""
    assert ticks["worker"] == ["begin", "0", "1", "2", "3", "end"]


def test_the_main_program_goes_on_meanwhile(ticks):
    """add returns an id to print, and the program runs to its own end."""
    started, _, over = ticks["main"]

    assert (bool(re.fullmatch(f"started {ID}", started)), over) == (True, "over")


def test_the_printed_record_is_a_list_of_one_dict_with_the_ten_values(ticks):
    """Printed right after add, the record shows the running task with its ten keys first."""
    started, info, _ = ticks["main"]
    records = ast.literal_eval(info.removeprefix("info "))
    record = records[0]
    thread = record.pop("thread")
    stamp = record.pop("timestamp")
    first_eight = dict(list(record.items())[:8])

    assert (
        len(records),
        first_eight,
        bool(re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", stamp)),
        type(thread),
    ) == (
        1,
        {
            "id": started.removeprefix("started "),
            "name": "Ticking task",
            "depend_on": None,
            "status": 3,
            "get_result": False,
            "perf": 0,
            "error": None,
            "result": None,
        },
        True,
        type(thread) if thread is None else int,
    )


def test_a_printed_record_begins_with_the_documented_keys(ticks):
    """The keys are printed in the documented order."""
    keys = re.findall(r"'(\w+)': ", ticks["main"][1])[:10]

    assert keys == [
        "id", "timestamp", "name", "depend_on", "status", "get_result", "perf", "error", "result", "thread",
    ]  # fmt: skip


def test_status_code_and_word(run_script):
    """A script can ask for the number and the word of a running task's status."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "taskman = TaskControl()\n"
        "task = taskman.add(name='busy', function=lambda f: time.sleep(0.5))\n"
        "time.sleep(0.2)\n"
        "code = taskman.get_status(task)\n"
        "word = taskman.get_status_str(task)\n"
        "print(code, word, taskman.status_code[code])\n"
        "time.sleep(0.6)\n"
        "print(taskman.get_status(task), taskman.get_status_str(task))\n"
    )

    assert lines == ["3 Running Running", "0 Completed"]


def test_arguments_and_result(run_script):
    """Arguments go in through a lambda, the return value comes out through get_result."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "def total(first, second):\n"
        "    return first + second\n"
        "taskman = TaskControl()\n"
        "one, two = 30, 12\n"
        "kept = taskman.add(name='kept', function=lambda f: total(one, two), get_result=True)\n"
        "dropped = taskman.add(name='dropped', function=lambda f: total(one, two))\n"
        "time.sleep(0.5)\n"
        "print(taskman.get_result(kept), taskman.get_task(kept)[0]['result'], taskman.get_result(dropped))\n"
    )

    assert lines == ["42 42 None"]


def test_the_default_and_the_own_time_limit(run_script):
    """A script can limit all tasks, or one."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "def slow():\n"
        "    for _ in range(20):\n"
        "        time.sleep(0.05)\n"
        "taskman = TaskControl()\n"
        "unlimited = taskman.add(name='unlimited', function=lambda f: slow())\n"
        "own = taskman.add(name='own limit', function=lambda f: slow(), thread_timeout=0.2)\n"
        "time.sleep(1.5)\n"
        "taskman.thread_timeout = 0.2\n"
        "default = taskman.add(name='default limit', function=lambda f: slow())\n"
        "time.sleep(1)\n"
        "for task in unlimited, own, default:\n"
        "    print(taskman.get_status_str(task), taskman.get_task(task)[0]['error'])\n",
        may_complain=True,
    )

    assert lines == ["Completed None", "Error Killed by timeout", "Error Killed by timeout"]


def test_a_chain_runs_in_order(run_script):
    """A task that depends on another one prints after it."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "def say(words):\n"
        "    time.sleep(0.2)\n"
        "    print(words)\n"
        "taskman = TaskControl()\n"
        "task = taskman.add(name='first', function=lambda f: say('first'))\n"
        "next_task = taskman.add(name='second', function=lambda f: say('second'), depend_on=task)\n"
        "print(taskman.get_status(next_task))\n"
        "time.sleep(1.2)\n"
        "print(taskman.get_status(task), taskman.get_status(next_task))\n"
    )

    assert lines == ["2", "first", "second", "0 0"]


def test_a_chain_behind_a_failure_is_canceled(run_script):
    """A task that depends on a failing one never runs, and both say why."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "def fail():\n"
        "    raise RuntimeError('nothing works')\n"
        "taskman = TaskControl()\n"
        "taskman.suspend_refresh = 1\n"
        "task = taskman.add(name='fails', function=lambda f: fail())\n"
        "next_task = taskman.add(name='never', function=lambda f: print('ran'), depend_on=task)\n"
        "time.sleep(0.5)\n"
        "print(taskman.get_status(task), taskman.get_task(task)[0]['error'])\n"
        "print(taskman.get_status_str(next_task), task in taskman.get_task(next_task)[0]['error'])\n",
        may_complain=True,
    )

    assert lines == ["1 RuntimeError: nothing works", "Canceled True"]


def test_records_through_tinydb_and_purge(run_script):
    """A script can list all tasks, search them with TinyDB's own methods, and clean up."""
    lines = run_script(
        "import time\n"
        "from task_control import TaskControl\n"
        "taskman = TaskControl()\n"
        "for n in range(3):\n"
        "    taskman.add(name=f'task {n}', function=lambda f: None)\n"
        "time.sleep(0.5)\n"
        "print([record['name'] for record in taskman.get_all()])\n"
        "done = taskman.db.search(taskman.dbQuery.status == 0)\n"
        "print(len(done), taskman.db.count(taskman.dbQuery.name == 'task 1'))\n"
        "print(taskman.purge(days=1, hours=2, minutes=3), len(taskman.get_all()))\n"
        "print(taskman.purge(), taskman.get_all())\n"
    )

    assert lines == ["['task 0', 'task 1', 'task 2']", "3 1", "0 3", "3 []"]
