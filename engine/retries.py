"""How often, how soon and after which exceptions a task is tried again."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Retry:
    """What ``add(retries=...)`` takes for more than a number.

    Args:
        times: how many further attempts there may be after the first.
        on: the exception class, or a tuple of them, after which there is another attempt. One that was over its time
            limit has failed with TimeoutError.
        delay: seconds before the second attempt.
        factor: by how much each further pause is longer than the one before.
        max_delay: the longest pause in seconds.
        jitter: by which share a pause may be shorter or longer, at random, so that tasks which failed together are
            not all tried again together.

    Raises TypeError or ValueError for what makes no sense.
    """

    times: int
    on: type[BaseException] | tuple[type[BaseException], ...] = Exception
    delay: float = 1.0
    factor: float = 2.0
    max_delay: float = 60.0
    jitter: float = 0.1

    def __post_init__(self) -> None:
        if isinstance(self.times, bool) or not isinstance(self.times, int):
            raise TypeError(f"times must be a whole number, not {type(self.times).__name__}: Retry(times=3)")
        if self.times < 1:
            raise ValueError(f"times must be at least 1, not {self.times}; add(retries=0) tries once")
        kinds: tuple[object, ...] = self.on if isinstance(self.on, tuple) else (self.on,)
        if not kinds or not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
            raise TypeError(f"on must be an exception class or a tuple of them, not {self.on!r}: on=(ConnectionError,)")
        _check("delay", self.delay, 0, math.inf)
        _check("factor", self.factor, 1, math.inf)
        _check("max_delay", self.max_delay, 0, math.inf)
        _check("jitter", self.jitter, 0, 1)

    def pause_s(self, failed: int) -> float:
        """Seconds until the next attempt after so many have failed."""
        try:
            pause = min(self.max_delay, self.delay * self.factor ** (failed - 1))
        except OverflowError:
            pause = self.max_delay
        return pause * random.uniform(1 - self.jitter, 1 + self.jitter)  # no secret


def _check(name: str, value: object, least: int, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not math.isfinite(value) or not least <= value <= most:
        bounds = f"between {least} and {most}" if most < math.inf else f"at least {least} and finite"
        raise ValueError(f"{name} must be {bounds}, not {value!r}")


def check_retries(retries: object) -> Retry | None:
    """What ``add`` is given: a number of further attempts, or a :class:`Retry`; None for no further attempt."""
    if isinstance(retries, Retry):
        return retries
    if isinstance(retries, bool) or not isinstance(retries, int):
        raise TypeError(f"retries must be a whole number or a Retry, not {type(retries).__name__}: add(..., retries=3)")
    if retries < 0:
        raise ValueError(f"retries must be zero or more, not {retries}")
    return Retry(retries) if retries else None
