"""The engine's guards against races, and how to take each of them out: `python -m tests.stress.guards` tries all.

A stress test is worth what it can find. For each guard this runs the storm, or the crowd, without it, in a process of
its own (what breaks may be Python's own locks), and says what was found. Draining isn't among them: Python delivers
what was sent right after the call that takes the gate's lock, but for a race in Python that no storm provokes;
test_interrupts shows what draining does. Nor are two that only a user's operation on the database can meet, at an
instant that is rare: that an end by hand is followed up once, and that who begins meanwhile is found begun; the tests
of S5 in tests/engine bring that instant about.
"""

from __future__ import annotations

import faulthandler
import inspect
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

from engine import endings, interrupts, lifecycle, pool, workers
from engine.store import storage


@dataclass(frozen=True)
class Guard:
    """A guard, and the change of source that takes it out."""

    what: str
    owner: object
    function: str
    text: str
    without: str
    #: The stress that is to miss it: the storm, or the crowd.
    found_by: str = "storm"

    def take_out(self) -> None:
        """Compiles the function again without the guard."""
        source = textwrap.dedent(inspect.getsource(getattr(self.owner, self.function)))
        assert self.text in source, f"{self.function} has changed: {self.text!r} is not in it any more"
        module = sys.modules[getattr(self.owner, "__module__", None) or self.owner.__name__]
        scope: dict[str, object] = {}
        exec(
            compile("from __future__ import annotations\n" + source.replace(self.text, self.without), "mutant", "exec"),
            vars(module),
            scope,
        )
        setattr(self.owner, self.function, scope[self.function])


GUARDS = {
    "closing": Guard(
        "the worker shuts the gate when the function has returned",
        workers.Worker,
        "_execute",
        "gate.lock.acquire()",
        "pass",
    ),
    "run": Guard(
        "an interrupt is only sent to the run that it is meant for",
        interrupts.Gate,
        "interrupt",
        "if self.run is run:",
        "if True:",
    ),
    "shield": Guard(
        "the engine's own steps in a task's thread are shielded",
        interrupts.Shield,
        "__enter__",
        "gate is not None",
        "False",
    ),
    "claim": Guard(
        "a task begins only if nobody has decided its end",
        lifecycle.Lifecycle,
        "begin",
        "if task.stop is not None:",
        "task.stop = None\n    if False:",
    ),
    "first decision": Guard(
        "the first decision stands: a late result is dropped",
        lifecycle.Lifecycle,
        "conclude",
        "not task.decide()",
        "not (task.decide() or True)",
    ),
    "decide once": Guard(
        "a cancel or timeout decides nothing about a task that has ended",
        lifecycle.Lifecycle,
        "decide",
        "not task.decide()",
        "not (task.decide() or True)",
    ),
    "seat back": Guard(
        "a task that has waited takes its seat back",
        pool.Pool,
        "take_seat_back",
        "self._seats += 1",
        "pass",
    ),
    "seat dismissed once": Guard(
        "a seat is counted out once, whoever gives it up",
        pool.Pool,
        "_leave_seat",
        "worker.has_seat = False",
        "pass",
    ),
    "lock": Guard(
        "one lock around each step of the store",
        storage.Guard,
        "__enter__",
        "self._lock.acquire()",
        "pass",
    ),
    "doom once": Guard(
        "a task that has ended is not canceled for its dependencies any more",
        endings.Endings,
        "doom",
        "if record is None or not dependant.decide():",
        "if record is None:",
        found_by="crowd",
    ),
    "forget": Guard(
        "a purge looks at a record and removes it in one step",
        lifecycle.Lifecycle,
        "forget",
        "with self._lock:",
        "if True:",
        found_by="crowd",
    ),
}

SEEDS = 12
TASKS = 1500


def _storm_without(name: str) -> None:
    """In the child: finds a seed for which the stress has problems; exits with 1 then, with 0 if there is none."""
    from .crowd import Crowd
    from .storm import Storm

    sys.setswitchinterval(1e-5)
    faulthandler.dump_traceback_later(35, exit=True)
    GUARDS[name].take_out()
    for seed in range(SEEDS):
        runs = [Crowd(seed, TASKS * 2)]
        if GUARDS[name].found_by == "storm":
            runs = [Storm(seed, TASKS, only_ends) for only_ends in (True, False)]
        for run in runs:
            if problems := run.run():
                sys.stdout.write(f"seed {seed}: {problems[0]}")
                sys.stdout.flush()
                os._exit(1)
    os._exit(0)


def finding(name: str) -> str | None:
    """What the storm or the crowd finds without a guard: a problem, a crash or a hang; None if nothing."""
    command = [sys.executable, "-m", "tests.stress.guards", name]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "hangs"
    if done.returncode == 0:
        return None
    if "Timeout (" in done.stderr:
        return "hangs"
    return done.stdout.strip() or (done.stderr.strip().splitlines() or ["crashes"])[-1]


if __name__ == "__main__":
    if sys.argv[1:]:
        _storm_without(sys.argv[1])
    for each, guard in GUARDS.items():
        sys.stdout.write(f"{each:20} {guard.what:75} -> {finding(each)}\n")
