"""When more threads are started for tasks that take long."""

from __future__ import annotations

import time

from engine import Status
from engine.pool import EAGER_THREADS, LOOK_EVERY_S


def test_tasks_that_take_long_get_their_threads_at_the_first_look(taskman, gates, until, monkeypatch):
    """Nothing has moved since it was planned, so there is one thread for each, whatever was run before that."""
    looks = []
    monkeypatch.setattr(taskman._runtime.pool, "_call_at", lambda _when, look: looks.append(look))
    gate = gates()
    ids = [taskman.add("long", gate) for _ in range(EAGER_THREADS)]
    until(lambda: taskman.counts()[Status.RUNNING] == EAGER_THREADS, "as many run as have a thread at once")
    ids += [taskman.add("long", gate) for _ in range(3 * EAGER_THREADS)]
    assert taskman.counts()[Status.RUNNING] == EAGER_THREADS

    time.sleep(LOOK_EVERY_S)
    (first_look,) = looks
    first_look(None)
    until(lambda: taskman.counts()[Status.RUNNING] == len(ids), "a thread for each")
    gate.open()
