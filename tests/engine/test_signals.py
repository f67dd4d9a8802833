"""S16: what a signal does to a main program that waits for its tasks."""

from __future__ import annotations

import signal

import pytest

pytestmark = [
    pytest.mark.guarantee("S16"),
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers with signals on this system"),
]


BLOCKED = {
    "waits": "taskman.wait(task)\n",
    "waits with a timeout": "taskman.wait(task, timeout=60)\n",
    "shuts down": "taskman.shutdown()\n",
    "reads changes": "list(taskman.subscribe())\n",
    "is at its end": "",
}


@pytest.mark.parametrize("main", BLOCKED.values(), ids=BLOCKED.keys())
def test_a_handler_that_shuts_down_ends_what_the_main_program_waits_for(start_script, main):
    """As servers do it on SIGTERM: the handler cancels everything, and the main program goes on and ends."""
    process = start_script(
        "import atexit, signal\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "def stop(number, frame):\n"
        "    taskman.shutdown(wait=False, cancel_futures=True)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "task = taskman.add(name='long', function=lambda f: (print('working', flush=True), f.sleep(60)))\n"
        "atexit.register(lambda: print(taskman.get_status_str(task)))\n" + main
    )
    first_line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=20)

    assert (first_line, output, errors, process.returncode) == ("working\n", "Canceled\n", "", 0)


@pytest.mark.parametrize("main", BLOCKED.values(), ids=BLOCKED.keys())
def test_a_signal_that_does_not_wake_the_main_thread_is_handled_all_the_same(start_script, main):
    """As one that comes in the instant before that thread falls asleep: here another thread is sent it."""
    process = start_script(
        "import signal, threading\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "def stop(number, frame):\n"
        "    taskman.shutdown(wait=False, cancel_futures=True)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        "def work(handle):\n"
        "    handle.sleep(0.5)\n"
        "    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)\n"
        "    handle.sleep(60)\n"
        "task = taskman.add(name='long', function=work)\n" + main
    )
    output, errors = process.communicate(timeout=20)

    assert (output, errors, process.returncode) == ("", "", 0)


def test_sigterm_turned_into_an_exit_lets_the_tasks_finish(start_script):
    """A handler that raises SystemExit out of a wait ends the program as its last line would: what runs ends first."""
    process = start_script(
        "import signal, sys\n"
        "from engine import TaskControl\n"
        "taskman = TaskControl()\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))\n"
        "def work(handle):\n"
        "    print('working', flush=True)\n"
        "    handle.sleep(0.5)\n"
        "    print('finished', flush=True)\n"
        "taskman.add(name='work', function=work)\n"
        "taskman.wait()\n"
    )
    first_line = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=20)

    assert (first_line, output, errors, process.returncode) == ("working\n", "finished\n", "", 7)
