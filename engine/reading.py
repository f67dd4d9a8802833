"""What can be asked of a task manager without changing anything."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .errors import UnknownTask
from .status import word_of
from .store import Doc, Document, Keeper


class Snapshot(NamedTuple):
    """All task records of one moment, oldest first and read-only, and the revision of that moment."""

    revision: int
    records: list[Mapping[str, Any]]


class Reading:
    """The reading half of TaskControl. Every method may be called from any thread, none waits for a task."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def get_task(self, task_id: str) -> list[Document]:
        """A list with the task's record, ``[]`` for an unknown id."""
        found = self._keeper.locate(task_id)
        return [] if found is None else [Document(found[1], found[0])]

    def get_all(self) -> list[Document]:
        """All records, oldest first."""
        return [Document(record, doc_id) for doc_id, record in self._keeper.numbered()]

    def get_status(self, task_id: str) -> int:
        """The task's status code. Raises UnknownTask."""
        facts = self._keeper.ended(task_id)
        status: int = self._record(task_id)["status"] if facts is None else facts.status
        return status

    def get_status_str(self, task_id: str) -> str:
        """The description of the task's status. Raises UnknownTask."""
        return word_of(self.get_status(task_id))

    def get_result(self, task_id: str) -> Any:
        """What the function returned, the very object; None before the end or without ``get_result=True``.

        Raises UnknownTask.
        """
        facts = self._keeper.ended(task_id)
        return self._record(task_id).get("result") if facts is None else facts.result

    def get_dependants(self, task_id: str) -> list[str]:
        """The ids of the tasks that name this one in ``depend_on``, oldest first. Looks through all records."""
        found = []
        for record in self._keeper.moment().records:
            named = record.get("depend_on")
            if named == task_id or (isinstance(named, (list, tuple)) and task_id in named):
                found.append(record["id"])
        return found

    @property
    def revision(self) -> int:
        """The number of the newest change; 0 before the first. Every change of a record takes the next number."""
        return self._keeper.revision

    def counts(self) -> tuple[int, ...]:
        """How many records have each status, indexed by status code. Kept as they change, not counted."""
        return self._keeper.counts()

    def snapshot(self) -> Snapshot:
        """All records of one moment with its revision, to be followed by the changes after it. Copies no record."""
        moment = self._keeper.moment()
        return Snapshot(moment.revision, [MappingProxyType(record) for record in moment.records])

    def _record(self, task_id: str) -> Doc:
        record = self._keeper.find(task_id)
        if record is None:
            raise UnknownTask(task_id)
        return record
