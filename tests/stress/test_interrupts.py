"""The gate: what it lets through, what it keeps out, and what it takes back."""

from __future__ import annotations

import operator
import sys
import threading
from collections import deque
from functools import partial

import pytest

from engine import TaskCancelled
from engine.interrupts import Gate, _send, drain, gates, shield

RUN, OTHER_RUN = object(), object()


@pytest.fixture
def gate():
    """A gate of this thread's, shut as it is made."""
    made = gates[threading.get_ident()] = Gate(threading.get_ident())
    made.run = RUN
    yield made
    del gates[threading.get_ident()]


@pytest.fixture(autouse=True)
def untraced():
    """No tracer, as one that measures coverage, while what is sent isn't received: up to 3.11 it would halt."""
    here, elsewhere = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    drain(threading.get_ident())  # lowers the flag that such a thread halts at
    threading.settrace(elsewhere)
    sys.settrace(here)


def _call_without_a_look_between(*steps):
    """Calls functions of C one after the other: Python looks for interrupts only between its own instructions."""
    deque(map(operator.call, steps), maxlen=0)


def _interrupt_from_another_thread(gate, run=RUN):
    thread = threading.Thread(target=gate.interrupt, args=(run, TaskCancelled))
    thread.start()
    thread.join()


def _look_for_interrupts():
    for _ in range(3):
        pass


@pytest.mark.guarantee("S8")
def test_an_interrupt_that_was_not_taken_back_arrives():
    """Without draining, an interrupt under way reaches whatever its thread does next."""
    send = partial(_send, threading.get_ident(), TaskCancelled)

    with pytest.raises(TaskCancelled):
        _call_without_a_look_between(send)


@pytest.mark.guarantee("S8")
def test_draining_takes_back_an_interrupt_under_way():
    """After draining nothing is left of an interrupt that was sent and not yet received."""
    ident = threading.get_ident()
    arrived = []
    try:
        _call_without_a_look_between(partial(_send, ident, TaskCancelled), _c_drain(ident))
        _look_for_interrupts()
    except TaskCancelled:
        arrived.append(1)

    assert arrived == []


def _c_drain(ident):
    """What drain() calls, without the Python function around it, which would be a place to look."""
    from engine import interrupts

    assert drain.__code__.co_names[0] == "_clear"  # the rest lowers a flag
    return partial(interrupts._clear, ident, None)


@pytest.mark.guarantee("S8")
def test_a_gate_is_shut_until_its_thread_opens_it(gate):
    """Between the claim of a task and the call of its function nothing can be interrupted."""
    _interrupt_from_another_thread(gate)
    _look_for_interrupts()

    assert not gate.was_used


@pytest.mark.guarantee("S8")
def test_a_shield_keeps_interrupts_out(gate):
    """While a step of the engine is shielded, an interrupt isn't even sent."""
    gate.lock.release()
    with shield:
        _interrupt_from_another_thread(gate)
        _look_for_interrupts()

    assert not gate.was_used


@pytest.mark.guarantee("S8")
def test_shields_nest(gate):
    """The inner of two shields doesn't lift the outer one."""
    gate.lock.release()
    with shield:
        with shield:
            pass
        _interrupt_from_another_thread(gate)
        _look_for_interrupts()

    assert not gate.was_used


@pytest.mark.guarantee("S8")
def test_an_open_gate_lets_an_interrupt_through(gate):
    """What is sent while the function runs arrives in it."""
    gate.lock.release()

    with pytest.raises(TaskCancelled):
        _interrupt_from_another_thread(gate)
    assert gate.was_used


@pytest.mark.guarantee("S8")
def test_an_interrupt_meant_for_another_run_is_not_sent(gate):
    """A gate serves one run after the other: what comes late for the one before doesn't hit the next."""
    gate.lock.release()
    _interrupt_from_another_thread(gate, OTHER_RUN)
    _look_for_interrupts()

    assert not gate.was_used


@pytest.mark.guarantee("S8")
def test_a_shield_that_is_lifted_elsewhere_does_nothing_there(gate):
    """A shield in a generator may be left in another run: that one's gate stays as it is."""
    gate.lock.release()
    shield.__exit__(None, None, None)
    with shield:
        _interrupt_from_another_thread(gate)
        _look_for_interrupts()

    assert not gate.was_used
