"""The messages of the live channel: what a client that stands at a revision needs to hear."""

from __future__ import annotations

import threading
from typing import NamedTuple

from engine import RevisionGone, TaskControl

from . import wire
from .settings import Settings


class Message(NamedTuple):
    """An encoded message, and the revision at which its receiver stands afterwards."""

    body: bytes
    revision: int


class Messages:
    """Makes the messages about one manager. Any thread may call it."""

    def __init__(self, taskman: TaskControl, settings: Settings) -> None:
        self._taskman = taskman
        self._settings = settings
        self._lock = threading.Lock()  # guards the one below, and lets many newcomers share one encoding
        self._snapshot: Message | None = None

    def first(self, boot_id: str | None, since: int | None) -> Message:
        """What a client hears first: what it missed, or everything if that can't be told.

        `boot_id` and `since` are what the client says of itself; a boot id that isn't given counts as ours.
        """
        if since is None or boot_id not in (None, "", self._taskman.boot_id):
            return self.snapshot()
        return self.after(since)

    def after(self, since: int) -> Message:
        """The changes after a revision, or everything if they are not held any more."""
        try:
            changes = self._taskman.changes(since, newest_only=True)
        except RevisionGone:
            return self.snapshot()
        # Counted after the changes were read: if one more came between, another delta will bring both.
        revision, counts = changes[-1].revision if changes else since, self._taskman.counts()
        rows: list[wire.Json] = []
        removed: list[str] = []
        for change in changes:
            if change.kind != "removed" and wire.is_shown(change.record):
                rows.append(wire.row(change.record))
            elif change.id is not None:
                removed.append(change.id)
        return Message(wire.delta(self._taskman.boot_id, revision, counts, rows, removed), revision)

    def snapshot(self) -> Message:
        """Everything, limited to the newest rows."""
        with self._lock:
            if self._snapshot is None or self._snapshot.revision != self._taskman.revision:
                self._snapshot = self._take_snapshot()
            return self._snapshot

    def heartbeat(self, revision: int) -> Message:
        """Nothing new, for a client that stands at `revision`."""
        return Message(wire.heartbeat(self._taskman.boot_id, revision, self._taskman.counts()), revision)

    def forget(self) -> None:
        """Give back the memory of the last snapshot."""
        with self._lock:
            self._snapshot = None

    def _take_snapshot(self) -> Message:
        moment = self._taskman.snapshot()
        shown = [record for record in moment.records if wire.is_shown(record)]
        counts = [0] * 5
        for record in shown:
            counts[record["status"]] += 1
        rows = [wire.row(record) for record in shown[-self._settings.max_rows :]]
        return Message(wire.snapshot(self._taskman.boot_id, moment.revision, counts, rows), moment.revision)
