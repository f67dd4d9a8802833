"""What it costs the engine's process that others watch: processor time a task, with and without clients."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from dashboard import wire
from dashboard.broadcast import Pace
from dashboard.frames import frame
from engine import TaskControl

from .browser import served_panel
from .clients import Clients, Heard
from .contestants import CHANGES_PER_TASK, work
from .report import Report, Table, Target, figure, micros, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Clients that watch"
ABOUT = """
Tasks that do nothing are added at an even pace, so many that 5,000 changes a second come about. The panel is served by
the same process, by Werkzeug with threads. Ten websocket clients in one other process read all messages, or nobody
does. Counted is the processor time of the engine's process, shared out among the tasks, from the first `add` until the
clients have heard of the last change; server and broadcaster are in it, the clients are not. The floor, all that can't
be left out if clients are to see each task: its row made and encoded as JSON once, and frames of such rows, at the
panel's pace, given to the system for as many sockets; no thread, nothing looked up, nobody woken.
"""

CLIENTS = 10
ROWS = 2_000
CHANGES_PER_S = 5_000
LOAD_S, QUICK_LOAD_S = 4.0, 1.5
ROUNDS, QUICK_ROUNDS = 7, 3
MOST = 1.1


class Watched(NamedTuple):
    """What was seen with clients, one value a round: changes a second, and messages and bytes a second to each."""

    changes: Series
    messages: Series
    sizes: Series


class Floor(NamedTuple):
    """The processor seconds a task of what can't be left out: its row, made and encoded, and its share of the sends."""

    rows: Series
    sends: Series


def run(quick: bool) -> Report:
    """Measure and report."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    return report(*measure(QUICK_LOAD_S if quick else LOAD_S, rounds), measure_floor(rounds))


def measure_floor(rounds: int, clients: int = CLIENTS) -> Floor:
    """The processor seconds a task to make and encode its row, and to give rows to so many sockets of this machine."""
    with TaskControl() as taskman, ExitStack() as stack:
        for _ in range(ROWS):
            taskman.add("No-op", work)
        taskman.wait()
        records = taskman.snapshot().records
        pairs = [stack.enter_context(_pair()) for _ in range(clients)]
        rows = interleaved({"rows": lambda: _encode(records)}, rounds=rounds)["rows"]
        sends = interleaved({"sends": lambda: _send(records, pairs)}, rounds=rounds)["sends"]
        return Floor(rows, sends)


def _encode(records: Sequence[Mapping[str, Any]]) -> float:
    begun = time.process_time()
    wire.encode([wire.row(record) for record in records])
    return (time.process_time() - begun) / len(records)


def _send(records: Sequence[Mapping[str, Any]], pairs: Sequence[tuple[socket.socket, socket.socket]]) -> float:
    in_a_message = round(CHANGES_PER_S / CHANGES_PER_TASK * Pace().gap_s)
    frames = [
        frame(wire.encode([wire.row(record) for record in records[start : start + in_a_message]]))
        for start in range(0, len(records), in_a_message)
    ]
    spent_s = 0.0
    for data in frames:
        begun = time.process_time()
        for ours, _ in pairs:
            ours.sendall(data)
        spent_s += time.process_time() - begun
        for _, theirs in pairs:
            theirs.recv(len(data), socket.MSG_WAITALL)
    return spent_s / len(records)


@contextmanager
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        with ours, theirs:
            yield ours, theirs


def measure(load_s: float, rounds: int, clients: int = CLIENTS) -> tuple[Mapping[int, Series], Watched]:
    """The processor seconds a task by the number of clients, none and so many, under a load of that length."""
    seen: list[tuple[float, float, float]] = []

    def watched() -> float:
        spent_s, took_s, heard = _run(load_s, clients)
        changes = CHANGES_PER_S * load_s
        messages, sent_bytes = (sum(of_each) / clients for of_each in zip(*(one[:2] for one in heard), strict=True))
        seen.append((changes / took_s, messages / took_s, sent_bytes / took_s))
        return spent_s

    spent = interleaved({0: lambda: _run(load_s, 0)[0], clients: watched}, rounds=rounds, collect=True)
    return spent, Watched(*(Series(tuple(values)) for values in zip(*seen[-rounds:], strict=True)))


def _run(load_s: float, clients: int) -> tuple[float, float, Sequence[Heard]]:
    """The processor seconds a task, how long all took, and what each client heard meanwhile."""
    tasks = round(CHANGES_PER_S * load_s / CHANGES_PER_TASK)
    with ExitStack() as stack:
        taskman = stack.enter_context(TaskControl())
        address = stack.enter_context(served_panel(taskman))
        watching = stack.enter_context(Clients(f"{address}live", clients)) if clients else None
        if watching:
            watching.heard_until(0)  # their first message
        begun, spent = time.perf_counter(), time.process_time()
        _add_evenly(taskman, tasks, load_s)
        taskman.wait()
        heard = watching.heard_until(taskman.revision) if watching else ()
        return (time.process_time() - spent) / tasks, time.perf_counter() - begun, heard


def _add_evenly(taskman: TaskControl, tasks: int, seconds: float) -> None:
    begun = time.perf_counter()
    for number in range(tasks):
        early_s = begun + seconds * number / tasks - time.perf_counter()
        if early_s > 0:
            time.sleep(early_s)
        taskman.add("No-op", work)


def report(spent: Mapping[int, Series], watched: Watched, floor: Floor) -> Report:
    """The processor time of a task with and without clients."""
    (_, alone), (clients, with_clients) = sorted(spent.items())
    rows = [
        [
            "nobody" if not count else f"{count} clients",
            micros(series.median),
            percent(series.spread),
            str(len(series.values)),
        ]
        for count, series in sorted(spent.items())
    ]
    grown = ratio(with_clients, alone)
    claim = (
        f"at most {MOST} times the processor time when {clients} clients watch {figure(CHANGES_PER_S)} changes a second"
    )
    note = (
        f"With clients {figure(watched.changes.median)} changes a second came about; each client was sent"
        f" {figure(watched.messages.median)} messages and {figure(watched.sizes.median / 1000)} kB a second."
    )
    target = Target(claim, f"{times(grown)} times", grown.of_medians <= MOST)
    rows_s, sends_s = floor.rows.median, floor.sends.median
    least = (
        f"The floor: {micros(rows_s)} µs for each task's row and {micros(sends_s)} µs for its share of the sends, which"
        f" alone would make {figure(1 + (rows_s + sends_s) / alone.median)} times."
    )
    return Report(Table(["who watches", "a task, µs", "spread", "rounds"], rows), [target], [note, least])
