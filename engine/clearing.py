"""The part of TaskControl that removes records."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import Any

from . import arguments
from .insight import Insight
from .interrupts import shield
from .status import FINAL


class Clearing(Insight):
    """Removes records of ended tasks, or all. Every method may be called from any thread, from inside tasks as well."""

    def purge(
        self,
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        statuses: Iterable[int] | None = None,
    ) -> int:
        """Removes records and returns how many.

        With ages, which add up: those of ended tasks that were added longer ago. With ``statuses``: those that
        ended with one of these codes. Without any argument everything goes, and what still waits or runs is
        canceled first. Raises TypeError or ValueError for bad ages and statuses.
        """
        age_s, codes = arguments.check_age(days, hours, minutes), arguments.check_statuses(statuses)
        if age_s is not None or statuses is not None:
            return self.remove(self._ended(age_s or 0.0, codes))
        with shield:
            self._runtime.cancel_all()
            return self._runtime.life.forget([doc_id for doc_id, _ in self._keeper.numbered()], only_final=False)

    def purge_preview(
        self,
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        statuses: Iterable[int] | None = None,
    ) -> list[str]:
        """The ids of the ended tasks that :meth:`purge` with these arguments would remove now, oldest first.

        Without any argument all that have ended; ``purge()`` takes what waits and runs as well.
        """
        age_s, codes = arguments.check_age(days, hours, minutes), arguments.check_statuses(statuses)
        return self._ended(age_s or 0.0, codes)

    def remove(self, ids: str | Iterable[str]) -> int:
        """Removes the records of those of these tasks that have ended, and returns how many. Others are passed over."""
        named = arguments.check_ids(ids)
        with shield:
            found = [pair for pair in map(self._keeper.locate, named) if pair is not None]
            return self._runtime.life.forget(
                [doc_id for doc_id, record in found if _has_ended(record)], only_final=True
            )

    def _ended(self, age_s: float, codes: frozenset[int]) -> list[str]:
        latest = time.time() - age_s
        return [
            record["id"]
            for record in self._keeper.moment().records
            if record.get("status") in codes and _added_at(record) <= latest
        ]


def _added_at(record: dict[str, Any]) -> float:
    added_at = record.get("added_at")  # users may have written anything
    return added_at if isinstance(added_at, (int, float)) else math.inf


def _has_ended(record: dict[str, Any]) -> bool:
    return record.get("status") in FINAL
