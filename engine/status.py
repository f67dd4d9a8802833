"""The five states of a task and the moves between them; pure."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """A task's status code. Records carry the plain integer."""

    COMPLETED = 0
    ERROR = 1
    SUSPENDED = 2
    RUNNING = 3
    CANCELED = 4

    @property
    def is_final(self) -> bool:
        """Whether a task in this state has ended; ended tasks never change their state again."""
        return not MOVES[self]

    @property
    def word(self) -> str:
        """The description, as ``status_code`` lists it."""
        return self.name.capitalize()


#: Where a task may go from each state. Suspended tasks reach Completed and Error only by a write through ``db``.
MOVES: dict[Status, frozenset[Status]] = {
    Status.SUSPENDED: frozenset({Status.RUNNING, Status.COMPLETED, Status.ERROR, Status.CANCELED}),
    Status.RUNNING: frozenset({Status.COMPLETED, Status.ERROR, Status.CANCELED}),
    Status.COMPLETED: frozenset(),
    Status.ERROR: frozenset(),
    Status.CANCELED: frozenset(),
}

#: The descriptions, indexed by code.
WORDS: list[str] = [status.word for status in Status]

#: The plain codes of ended tasks, and of those that wait or run.
FINAL: frozenset[int] = frozenset(status.value for status in Status if status.is_final)
UNFINISHED: frozenset[int] = frozenset(status.value for status in Status if not status.is_final)


def word_of(code: object) -> str:
    """The description of a status code, or its text if it is none of the five."""
    return WORDS[code] if isinstance(code, int) and 0 <= code < len(WORDS) else str(code)


def is_code(value: object) -> bool:
    """Whether a value can be a status code at all: an integer, members of Status included, but no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def may_be_written(old: object, new: object) -> bool:
    """Whether a user may write status ``new`` over ``old`` through the database: only to end what hasn't ended."""
    return is_code(new) and old in UNFINISHED and new in FINAL
