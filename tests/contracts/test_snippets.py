"""What README and docs show can be done: each Python block runs and prints what it says, each command exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache

import pytest

from tests.contracts.pages import PAGES, ROOT

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Before each block: an app that is started is only asked for the panels that it has.
PRELUDE = """
import flask

def ask_for_panels(app, **options):
    for prefix in app.extensions["task_control"]:
        answer = app.test_client().get(prefix + "/")
        assert answer.status_code == 200, answer.text

flask.Flask.run = ask_for_panels
"""

GUNICORN_HOOK = """
import os, signal, threading
from wsgi import taskman

stopped = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, lambda *_: stopped.set())
post_worker_init(None)
taskman.add("Busy", lambda task: task.sleep(60))
os.kill(os.getpid(), signal.SIGTERM)
assert stopped.wait(10)
assert taskman.wait(timeout=10)
"""

LOGIN = """
client = app.test_client()
assert client.get("/tasks/").location == "/login"
assert client.post("/tasks/api/purges", json={"dry_run": True}).status_code == 404
act = {"json": {"dry_run": True}, "headers": {"X-Task-Control": "1"}}
for user, may_act in (("ada", 200), ("bob", 403)):
    client.post("/login", data={"user": user})
    assert client.get("/tasks/").status_code == 200
    assert client.post("/tasks/api/purges", **act).status_code == may_act
"""

#: Commands of others, which are not looked into.
FOREIGN = {"gunicorn", "ssh"}


def blocks(language: str) -> list:
    """The blocks of a language, each named by page and line."""
    return [
        pytest.param(found[2], id=f"{name}:{text[: found.start()].count(chr(10)) + 1}")
        for name, text in PAGES.items()
        for found in FENCED.finditer(text)
        if found[1] == language
    ]


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code as a program of its own in the project's folder."""
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


@cache
def help_of(*command: str) -> str:
    """What a program of the project says of its options."""
    return subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True).stdout


@pytest.mark.parametrize("code", blocks("python"))
def test_python_block_runs(code):
    """A block ends without an error, in a process of its own, and prints what its comments say."""
    expected = re.findall(r"\bprint\(.*\)  # (.+)$", code, re.MULTILINE)

    done = run(PRELUDE + code)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block.values[0].splitlines() if line])
def test_command_exists(line):
    """A make target, a program of the project with these options, or a known command of others."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert [target for target in arguments if "=" not in target and target not in targets] == []
    elif program == "python":
        options = [argument for argument in arguments if argument.startswith("--")]
        known = re.findall(r"--[\w-]+", help_of(*arguments[:2] if arguments[0] == "-m" else arguments[:1]))
        assert [option for option in options if option not in known] == []
    else:
        assert program in FOREIGN


@pytest.mark.parametrize(
    ("mark", "trial"),
    [("import post_worker_init", GUNICORN_HOOK), ("def check_login", LOGIN)],
    ids=["gunicorn", "login"],
)
def test_block_does_what_the_page_says(mark, trial):
    """The hook for gunicorn ends what runs and lets gunicorn go on; the login lets users in by their role."""
    code = next(block.values[0] for block in blocks("python") if mark in block.values[0])

    done = run(code + trial)

    assert (done.returncode, done.stderr) == (0, "")


def test_no_block_is_of_another_kind():
    """Python, commands and nginx are tried out, text is to be read; nothing else would be noticed."""
    kinds = {found[1] for text in PAGES.values() for found in FENCED.finditer(text)}

    assert kinds <= {"python", "sh", "nginx", "text"}


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_seen(name):
    """No fence is indented, of another sign or without a kind: these tests would pass its block over."""
    fences = re.findall(r"^\s*(?:```|~~~)", PAGES[name], re.MULTILINE)

    assert len(fences) == 2 * len(FENCED.findall(PAGES[name]))
