"""One soak: rounds of random load, after each of which the server rests and is measured; says what went wrong."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from tests.serving.faulty import FaultyServer
from tests.serving.visitors import Good
from tests.soak.loads import LOADS, purges

VISITORS = 6
ROUNDS = 9
REST_S = 20.0
LONGEST_GAP_S = 15.0
MOST_GROWTH = 1.05
MOST_PROBLEMS = 20


class Soak:
    """Runs for about `seconds` and then stops by itself; `tell` is given a line now and then."""

    def __init__(
        self,
        kind: str,
        seconds: float,
        seed: int,
        most_growth: float = MOST_GROWTH,
        rounds: int = ROUNDS,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.seconds = seconds
        self.most_growth = most_growth
        self.rounds = rounds  # the first third warms up: caches fill, the allocator takes what it keeps
        self.seed = seed
        self.tell = tell
        self.problems: list[str] = []
        self.done: Counter[str] = Counter()
        self.measured: list[dict[str, int]] = []
        self.server = FaultyServer(kind)
        self._said: deque[str] = deque(maxlen=50)
        self._readers = [
            threading.Thread(target=self._drain, args=(stream,), daemon=True)
            for stream in (self.server.process.stdout, self.server.process.stderr)
        ]

    def run(self) -> list[str]:
        """The soak from first to last: what went wrong, in words."""
        for reader in self._readers:  # a pipe that nobody reads holds up who writes to it
            reader.start()
        try:
            self._run()
        finally:
            self.server.process.send_signal(signal.SIGTERM)
            try:
                self.server.process.wait(30)
            except Exception:
                self.problems.append("the server didn't end on SIGTERM")
            self.server.kill()
            self.server.process.wait()
            for reader in self._readers:
                reader.join()
            for stream in (self.server.process.stdout, self.server.process.stderr):
                stream.close()
        return [*self.problems[:MOST_PROBLEMS], *(f"the server said: {line}" for line in self._said)]

    def _run(self) -> None:
        good = Good(self.server.port)
        try:
            for number in range(self.rounds):
                self._load(number)
                self._measure(number)
        finally:
            good.close()
        if good.ended:
            self.problems.append(f"the client that behaves was cut off: {good.ended}")
        elif max(good.gaps_s[1:], default=0.0) > LONGEST_GAP_S:
            self.problems.append(f"the client that behaves heard nothing for {max(good.gaps_s[1:]):.1f} s")
        self._judge()

    def _load(self, number: int) -> None:
        until = time.monotonic() + self.seconds / self.rounds
        visitors = [
            threading.Thread(target=self._visit, args=(random.Random(f"{self.seed} {number} {one}"), until, one))
            for one in range(VISITORS)
        ]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()

    def _visit(self, chance: random.Random, until: float, number: int) -> None:
        due = list(LOADS)[number::VISITORS]  # each kind comes in each round, however short it is
        while due or time.monotonic() < until:
            load = due.pop() if due else chance.choices(list(LOADS), list(LOADS.values()))[0]
            try:
                load(self.server, chance)
            except Exception as error:  # whatever it is belongs to the verdict
                self.problems.append(f"{load.__name__}: {type(error).__name__}: {error}")
            self.done[load.__name__] += 1
            time.sleep(chance.uniform(0, 0.05))

    def _measure(self, number: int) -> None:
        """Wait until the good client is alone and nothing but the ticking task runs, then look."""
        deadline = time.monotonic() + REST_S
        now = self.server.stats()
        while now["sockets"] > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
            now = self.server.stats()
        time.sleep(1.0)  # longer than the longest of the tasks that are added
        purges(self.server, random.Random(1))
        self.measured.append(self._at_rest())
        self.tell(f"round {number + 1} of {self.rounds}: {sum(self.done.values())} done, {self.measured[-1]}")

    def _at_rest(self) -> dict[str, int]:
        """What it uses once it is down to what it has used before: a connection just left closes in a moment."""
        deadline = time.monotonic() + REST_S / 4
        now = self.server.stats(settled=True)
        while self._is_above(now) and time.monotonic() < deadline:
            time.sleep(0.2)
            now = self.server.stats(settled=True)
        return now

    def _is_above(self, now: dict[str, int]) -> bool:
        counted = ("sockets", "descriptors", "threads")
        return any(now[what] > min((one[what] for one in self.measured), default=now[what]) for what in counted)

    def _judge(self) -> None:
        third = self.rounds // 3
        before, after = self.measured[third : 2 * third], self.measured[2 * third :]
        for what, growth in (("sockets", 1.0), ("descriptors", 1.0), ("threads", 1.0), ("kilobytes", self.most_growth)):
            first, last = min(one[what] for one in before), min(one[what] for one in after)
            if last > first * growth:
                self.problems.append(f"{what} grew from {first} to {last}: {[one[what] for one in self.measured]}")
        if self.done.total() == 0:
            self.problems.append("nothing was done")

    def _drain(self, stream: Any) -> None:
        for line in stream:
            self._said.append(line.rstrip())
