"""The tasks of one manager that haven't ended."""

from __future__ import annotations

from .records import Record
from .task import Task


class Unfinished:
    """By id. They come in without a lock, and leave under the store's.

    Attributes:
        live: those whose end isn't on the record.
    """

    __slots__ = ("live",)

    def __init__(self) -> None:
        self.live: dict[str, Task] = {}

    def find(self, task_id: object) -> Task | None:
        """The task with this id, if its end isn't on the record."""
        return self.live.get(task_id) if isinstance(task_id, str) else None

    def at(self, doc_id: int, record: Record) -> Task | None:
        """The same for a record, which may be a copy that a user has made of the task's own."""
        task = self.find(record.get("id"))
        return task if task is not None and task.doc_id == doc_id else None

    @property
    def is_empty(self) -> bool:
        """Whether all have ended, once what was posted is on the records."""
        try:
            return all(task.has_ended for task in self.live.values())  # the first is the oldest: most often it says it
        except RuntimeError:  # one has just been added
            return False

    def clear(self) -> None:
        """Forgets all: in a forked child they are another process's, and end there."""
        for task in self.live.values():
            task.decide()
        self.live.clear()
