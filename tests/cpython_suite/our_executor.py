"""A program that runs CPython's own tests for thread pools with Task Control's executor, and prints what came of each.

Run it with the project's root on PYTHONPATH: the last line is the answer as JSON, `null` if the interpreter came
without its tests.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import unittest
from collections.abc import Iterator
from typing import Any

from engine import TaskExecutor

PACKAGE = "test.test_concurrent_futures"

#: What is not run: a whole class, or one test of a class, and why.
EXCLUDED = {
    "ThreadPoolInitializerTest": "threads are shared by all that the manager runs, so there is no initializer",
    "ThreadPoolFailingInitializerTest": "no initializer",
    "test_context_manager_shutdown": "makes a ThreadPoolExecutor itself",
    "test_default_workers": "the number of seats is the manager's: 1000",
    "test_del_shutdown": "makes a ThreadPoolExecutor itself",
    "test_cancel_futures_wait_false": "makes a ThreadPoolExecutor itself, in another interpreter",
    "test_hang_gh83386": "imports the executor from concurrent.futures, in another interpreter",
    "test_hang_global_shutdown_lock": "forks a process that runs tasks: the child refuses, and says so",
    "test_idle_thread_reuse": "counts the threads in a private attribute",
    "test_interpreter_shutdown": "imports the executor from concurrent.futures, in another interpreter",
    "test_max_workers_negative": "expects another wording of the ValueError",
    "test_saturation": "counts the threads in a private attribute",
    "test_shutdown_no_wait": "makes a ThreadPoolExecutor itself",
    "test_submit_after_interpreter_shutdown": "imports the executor from concurrent.futures, in another interpreter",
    "test_thread_names_assigned": "makes a ThreadPoolExecutor itself",
    "test_thread_names_default": "makes a ThreadPoolExecutor itself",
    "test_threads_terminate": "counts the threads in a private attribute",
}


def modules() -> Iterator[Any]:
    """The modules of the suite: up to 3.11 one, later a package."""
    suite = importlib.import_module(PACKAGE)
    yield suite
    for found in pkgutil.iter_modules(getattr(suite, "__path__", ())):
        if found.name != "__main__":
            yield importlib.import_module(f"{PACKAGE}.{found.name}")


def cases() -> Iterator[unittest.TestCase]:
    """Each test that a thread pool has to pass, made to get our executor."""
    seen = set()
    for module in modules():
        for name, found in sorted(vars(module).items()):
            if not isinstance(found, type) or not issubclass(found, unittest.TestCase) or found in seen:
                continue
            if not any(base.__name__ == "ThreadPoolMixin" for base in found.__mro__):
                continue
            seen.add(found)
            ours = type(name, (found,), {"executor_type": TaskExecutor})
            yield from map(ours, unittest.defaultTestLoader.getTestCaseNames(ours))


def main() -> str:
    """Run what isn't excluded; a list of [class, test, how it ended], as JSON."""
    try:
        importlib.import_module(PACKAGE)
    except ModuleNotFoundError:
        return "null"
    answers = []
    for case in cases():
        kind, name = type(case).__name__, case._testMethodName
        if kind in EXCLUDED or name in EXCLUDED:
            answers.append([kind, name, "excluded"])
            continue
        result = unittest.TestResult()
        case.run(result)
        problems = [text for _, text in (*result.errors, *result.failures)]
        answers.append([kind, name, problems[0] if problems else "skipped" if result.skipped else "passed"])
    return "\n" + json.dumps(answers)  # the tests print their times


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
