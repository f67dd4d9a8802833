"""S1: one class under two names, an in-memory TinyDB behind it, and nothing of the web."""

from __future__ import annotations

from pathlib import Path

import pytest
from tinydb import TinyDB
from tinydb.queries import Query

import engine
import task_control

pytestmark = pytest.mark.guarantee("S1")

WEB_PACKAGES = ("flask", "flask_sock", "simple_websocket", "werkzeug", "jinja2", "wsproto", "gunicorn", "dashboard")


def test_both_import_names_give_the_same_class():
    """A script may import the manager from task_control or from engine: it is the same class."""
    assert task_control.TaskControl is engine.TaskControl


def test_a_manager_needs_no_argument(managers):
    """TaskControl() works without any argument and starts empty."""
    assert managers().get_all() == []


def test_the_store_is_a_tinydb(taskman):
    """The manager's db is an instance of TinyDB and its dbQuery a TinyDB query."""
    assert (isinstance(taskman.db, TinyDB), isinstance(taskman.dbQuery, Query)) == (True, True)


def test_the_store_lives_in_memory_only(run_script):
    """Running tasks writes no file."""
    lines = run_script(
        "import os\n"
        "from engine import TaskControl\n"
        "before = sorted(os.listdir('.'))\n"
        "with TaskControl() as taskman:\n"
        "    taskman.add(name='one', function=lambda f: None)\n"
        "print(sorted(os.listdir('.')) == before)\n"
    )

    assert lines == ["True"]


def test_two_managers_share_nothing(managers):
    """A task of one manager is unknown to another."""
    first, second = managers(), managers()
    first.add(name="mine", function=lambda f: None)

    assert second.get_all() == []


def test_importing_the_engine_loads_nothing_of_the_web(run_script):
    """The engine can be used where no web package is installed."""
    lines = run_script(
        "import sys\n"
        f"refused = {WEB_PACKAGES!r}\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in refused:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import engine, task_control\n"
        "with engine.TaskControl() as taskman:\n"
        "    task = taskman.add(name='one', function=lambda f: 7, get_result=True)\n"
        "    taskman.wait([task])\n"
        "    print(taskman.get_result(task))\n"
    )

    assert lines == ["7"]


def test_importing_the_engine_needs_tinydb_alone(run_script):
    """Of all installed packages the engine loads TinyDB, and no other."""
    lines = run_script(
        "import sys\n"
        "before = set(sys.modules)\n"
        "import engine\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(loaded - set(sys.stdlib_module_names) - {'engine', 'task_control'}))\n"
    )

    assert lines == ["['tinydb']"]


def test_importing_the_engine_starts_no_thread(run_script):
    """An import costs no thread; threads come with tasks."""
    lines = run_script("import threading\nimport engine, task_control\nprint(threading.active_count())\n")

    assert lines == ["1"]


def test_every_public_name_of_the_front_door_exists():
    """Everything that engine's __all__ promises can be imported from it."""
    missing = [name for name in engine.__all__ if not hasattr(engine, name)]

    assert missing == []


def test_the_seeds_module_holds_the_import_name_and_nothing_else():
    """task_control.py defines no class or function of its own."""
    source = Path(task_control.__file__).read_text(encoding="utf-8")

    assert [word for word in ("def ", "class ") if word in source] == []
