"""`python -m dashboard script.py`: an unchanged script, with the panel beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from tests.serving.servers import PATIENCE_S, ROOT, Server

pytestmark = pytest.mark.guarantee("P4")

#: Two managers; the first one's task waits until the panel has canceled it.
WORKING = """
import sys
from task_control import TaskControl

first, second = TaskControl(), TaskControl()
task = first.add("waits for the panel", lambda task: task.sleep(60))
second.add("ends", lambda: None)
first.wait()
print(first.get_status_str(task), *sys.argv[1:])
"""


@pytest.fixture
def script(tmp_path):
    """Write a script, and say where it is."""

    def write(text: str) -> str:
        (tmp_path / "beside.py").write_text("WORD = 'found'\n")
        (tmp_path / "script.py").write_text(text)
        return str(tmp_path / "script.py")

    return write


@pytest.fixture
def start(script):
    """Run scripts with the panel beside them; what still runs at the end is killed."""
    started = []

    def begin(text: str, *options: str, arguments: tuple[str, ...] = ()) -> Server:
        command = ["-m", "dashboard", "--port", "0", *options, script(text), *arguments]
        started.append(Server(command, speaks_on="stderr"))
        return started[-1]

    yield begin
    for server in started:
        server.kill()
        server.process.communicate()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dashboard", "--port", "0", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_every_manager_has_its_board(start, until):
    """Each TaskControl of the script is shown, and can be acted on, while the script runs."""
    server = start(WORKING, arguments=("--with", "arguments"))
    until(lambda: '"ends"' in server.ask("2/api/tasks")[1], "the second board and its task")

    first, second = (json.loads(server.get(f"{number}/api/tasks"))["tasks"] for number in (1, 2))
    listed = server.get("")
    status, _ = server.ask(f"1/api/tasks/{first[0]['id']}/cancellation", b"", **{"X-Task-Control": "1"})

    assert ([task["name"] for task in first], [task["name"] for task in second]) == (["waits for the panel"], ["ends"])
    assert ['href="1/"' in listed, 'href="2/"' in listed] == [True, True]
    assert status == 202
    assert server.process.communicate(timeout=PATIENCE_S)[0] == "Canceled --with arguments\n"
    assert server.process.returncode == 0


def test_a_board_is_live(start, until):
    """The websocket of a board works below its number."""
    server = start("from engine import TaskControl\nTaskControl().add('x', lambda task: task.sleep(60))\n")
    until(lambda: server.ask("1/healthz")[0] == 200, "the board")

    with server.page("/1/live") as page:
        assert next(page.messages()) == "snapshot"


def test_the_script_runs_as_it_would_alone(script):
    """It is the main module, finds what lies beside it, and its output and exit code are its own."""
    text = "import beside, sys\nprint(__name__, beside.WORD, sys.argv[1:], __file__)\nsys.exit(3)\n"
    path = script(text)

    done = run(path, "-x", "y")

    assert done.stdout == f"__main__ found ['-x', 'y'] {path}\n"
    assert done.returncode == 3


def test_a_script_that_fails_shows_why(script):
    """Its traceback names the script's line, and the exit code is Python's."""
    done = run(script("1 / 0\n"))

    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "script.py" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_panel_stays_if_it_is_told_to(start, number):
    """With --stay the panel serves on after the script, until a signal, which cancels what still runs."""
    server = start("from engine import TaskControl\nTaskControl().add('x', lambda task: task.sleep(60))\n", "--stay")
    assert "The script has ended" in server.next_error()

    tasks = json.loads(server.get("1/api/tasks"))["tasks"]
    code, _ = server.end(number)

    assert ([task["name"] for task in tasks], code) == (["x"], 0)


def test_a_script_that_cannot_be_read_is_said(tmp_path):
    """A missing script ends with a message and no traceback."""
    done = run(str(tmp_path / "missing.py"))

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "missing.py can't be read" in done.stderr


def test_an_address_for_others_is_refused(script):
    """There is no login, so that nothing but this machine is served."""
    done = run("--host", "0.0.0.0", script("print('ran')\n"))

    assert (done.returncode, done.stdout) == (1, "")
    assert "no login" in done.stderr
