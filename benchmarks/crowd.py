"""Very many open pages that all watch the same changes: what they cost the server, and the host that it serves."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from dashboard import gthread

from . import peers
from .clients import Clients, Heard
from .crowd_server import CLIENTS, FLOOR, PANEL, WEBSOCKETS, Pushing
from .report import Report, Table, Target, Unavailable, figure, millis, percent, times
from .timing import Series, interleaved, ratio

TITLE = "Five hundred open pages"
ABOUT = """
A host's application with the panel, on gunicorn's gthread worker with 700 threads. Tasks report their progress, all at
once, twenty times a second, so that a frame of about 20 kB is due to each of 500 websocket clients each time. Beside it
the `websockets` library, whose `broadcast` pushes frames of that size, made beforehand, at that rate, without
compression; and the floor: a loop that hands each frame to the system for one socket after the other, and does nothing
else. Each has a process of its own and takes its turn; the clients are in one other process, drain all they are sent,
and note the last revision of each. Counted is the processor time of the server's process, engine and tasks included,
until all clients have heard of the last change; what the handshakes have left as garbage is collected before. Then,
under the same load once more, a page of the host's own that says one sentence is asked for again and again; idle means
with all clients connected and nothing to tell them.
"""

FRAMES_PER_S = 20
LOAD_S = 3.0
ASKED_S = 1.0
ROUNDS, QUICK_ROUNDS = 5, 1
PAUSE_S = 0.02
MOST_SLOWER = 3.0
_DESCRIPTORS = 2 * CLIENTS

NAMES = {PANEL: "Task Control", WEBSOCKETS: "websockets, broadcast", FLOOR: "a loop that only sends (the floor)"}


class Served(NamedTuple):
    """One round of a server: the share of a core that it took, for how long, the last revision and what was heard.

    `idle_s` and `loaded_s` are the medians of the host's answers; None where no host is.
    """

    core: float
    took_s: float
    revision: int
    heard: Sequence[Heard]
    idle_s: float | None = None
    loaded_s: float | None = None

    @property
    def kept(self) -> int:
        """How many clients weren't cut."""
        return sum(one.is_open for one in self.heard)

    @property
    def caught_up(self) -> int:
        """How many clients ended at the last revision."""
        return sum(one.revision == self.revision for one in self.heard)

    @property
    def messages_per_s(self) -> float:
        """How many messages each client was sent a second, on the average."""
        return sum(one.messages for one in self.heard) / len(self.heard) / self.took_s

    @property
    def message_bytes(self) -> float:
        """How long a message was, on the average."""
        return sum(one.sent_bytes for one in self.heard) / max(1, sum(one.messages for one in self.heard))


Rounds = Mapping[str, Sequence[Served]]


def run(quick: bool) -> Report:
    """Measure and report."""
    missing = peers.why_not("websockets")
    servers = [name for name in NAMES if not (missing and name == WEBSOCKETS)]
    return report(measure(servers, LOAD_S, ASKED_S, QUICK_ROUNDS if quick else ROUNDS), missing)


def measure(servers: Sequence[str], load_s: float, asked_s: float, rounds: int, clients: int = CLIENTS) -> Rounds:
    """Let each server push to so many clients for so long, and ask the host for so long, in so many rounds."""
    if not gthread.is_possible():
        raise Unavailable("gunicorn can't run here: it needs a system that forks")
    _allow_descriptors()
    seen: dict[str, list[Served]] = {name: [] for name in servers}

    def serve(name: str) -> float:
        seen[name].append(_serve(name, load_s, asked_s, clients))
        return seen[name][-1].core

    interleaved({name: functools.partial(serve, name) for name in servers}, rounds=rounds, warm_up=0)
    return seen


def _allow_descriptors() -> None:
    """Let this process and its children have one for every client, if the system does."""
    import resource  # not on every system, but wherever gunicorn is

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY != soft < _DESCRIPTORS:
        if resource.RLIM_INFINITY != hard < _DESCRIPTORS:
            raise Unavailable(f"{CLIENTS} clients need more descriptors than the {hard} allowed here: see ulimit -n")
        resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, hard))


def _serve(name: str, load_s: float, asked_s: float, clients: int) -> Served:
    with Pushing(name) as server, Clients(server.address, clients) as crowd:
        idle_s = _answer_s(server.address, asked_s) if name == PANEL else None
        crowd.heard_until(-1)  # what comes from here on counts
        begun = time.monotonic()
        server.push(round(load_s * FRAMES_PER_S), FRAMES_PER_S)
        revision = server.revision()
        heard = crowd.heard_until(revision)
        took_s = time.monotonic() - begun
        served = Served(server.spent_s() / took_s, took_s, revision, heard)
        if name != PANEL:
            return served
        server.push(round(asked_s * FRAMES_PER_S) + 1, FRAMES_PER_S)
        loaded_s = _answer_s(server.address, asked_s)
        crowd.heard_until(server.revision())
        return served._replace(idle_s=idle_s, loaded_s=loaded_s)


def _answer_s(address: str, seconds: float) -> float:
    """The median time that the host's page takes to come, asked for so long with pauses in between."""
    url = urlsplit(address)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=30)
    took: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        connection.request("GET", "/")
        connection.getresponse().read()
        took.append(time.perf_counter() - begun)
        time.sleep(PAUSE_S)
    connection.close()
    return Series(tuple(took)).median


def report(seen: Rounds, missing: str | None = None) -> Report:
    """What each server took; `missing` says why the library wasn't there."""
    head = ["who pushes", "share of a core", "spread", "messages/s to each", "kB a message", "rounds"]
    rows = [_row(NAMES[name], served) for name, served in seen.items()]
    ours = seen[PANEL]
    clients = len(ours[0].heard)
    kept, caught_up = min(served.kept for served in ours), min(served.caught_up for served in ours)
    idle, loaded = (Series(tuple(filter(None, values))) for values in zip(*(one[-2:] for one in ours), strict=True))
    slower = ratio(loaded, idle)
    targets = [
        Target("nobody is cut", f"{clients - kept} of {clients} in the worst round", kept == clients),
        Target("all end at the last revision", f"{caught_up} of {clients} in the worst round", caught_up == clients),
    ]
    if WEBSOCKETS in seen:
        of_theirs = ratio(_core(ours), _core(seen[WEBSOCKETS]))
        claim = "no more processor time than the broadcast of websockets"
        targets.append(Target(claim, f"{times(of_theirs)} times", of_theirs.of_medians <= 1.0))
    claim = f"the host answers within {figure(MOST_SLOWER)} times what it takes when idle, in the median"
    targets.append(Target(claim, f"{times(slower)} times", slower.of_medians <= MOST_SLOWER))
    notes = [f"The host's page: {millis(idle.median)} ms when idle, {millis(loaded.median)} ms under load."]
    return Report(Table(head, rows), targets, notes + [f"Skipped: websockets ({missing})."] * bool(missing))


def _row(name: str, served: Sequence[Served]) -> list[str]:
    core = _core(served)
    messages, size = (
        Series(tuple(value(one) for one in served)).median
        for value in (lambda one: one.messages_per_s, lambda one: one.message_bytes / 1000)
    )
    return [name, f"{core.median:.3f}", percent(core.spread), figure(messages), figure(size), str(len(served))]


def _core(served: Sequence[Served]) -> Series:
    return Series(tuple(one.core for one in served))
