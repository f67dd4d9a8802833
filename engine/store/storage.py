"""TinyDB's storage interface over rows in memory: one lock, and a say for the engine in what users write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from tinydb.storages import MemoryStorage

from ..interrupts import shield
from .rows import Doc, Rows

#: One change made from outside the engine: number, old version, new version.
Edit = tuple[int, Doc | None, Doc | None]


class Guard:
    """The store's lock as users of ``db`` take it: ``with guard:``, re-entrant, from any thread.

    A task that is stopped in the middle of a write finishes the write first. What was changed from outside is
    told to ``react`` after the lock has been released, by the thread that changed it.
    """

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._depth = 0
        self._edits: list[Edit] = []
        self.react: Callable[[list[Edit]], None] | None = None
        #: Called with the lock when a user's operation begins: brings the rows up to date.
        self.prepare: Callable[[], None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether a user's operation is under way. With the lock held."""
        return self._depth > 0

    def __enter__(self) -> None:
        shield.__enter__()
        self._lock.acquire()
        try:
            if not self._depth and self.prepare is not None:
                self.prepare()
        except BaseException:  # Ctrl-C, most likely
            self._lock.release()
            shield.__exit__(None, None, None)
            raise
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._depth -= 1
        edits: list[Edit] = []
        if not self._depth and self._edits:
            edits, self._edits = self._edits, edits
        self._lock.release()
        try:
            if edits and self.react is not None:
                self.react(edits)
        finally:
            shield.__exit__(kind, error, tb)

    def note(self, edit: Edit) -> None:
        """Remembers a change for ``react``; called with the lock held."""
        if self.react is not None:
            self._edits.append(edit)


class RowStorage(MemoryStorage):
    """All tables of a database. ``rows(name)`` is what our tables use; read and write are TinyDB's own interface.

    Attributes:
        lock: guards every row, index, counter and revision of this store. The engine takes it as it is; tables
            take it through ``guard``.
        review: asked, under the lock, about each change that a user makes to a document of the task table (None: its
            removal); answers with the version to store.
    """

    def __init__(self, kept: Mapping[str, Rows] | None = None) -> None:
        self._written = False
        self._foreign: Any = None
        self.lock = threading.RLock()
        self.guard = Guard(self.lock)
        self.review: Callable[[Doc, Doc | None], Doc | None] | None = None
        self._kept = dict(kept or {})
        self._tables: dict[str, Rows] = dict(self._kept)

    def __repr__(self) -> str:
        return f"<tinydb.storages.MemoryStorage object at {id(self):#x}>"  # what it is to TinyDB's users

    @property
    def memory(self) -> Any:
        """What TinyDB's memory storage keeps: here a copy of everything."""
        return self.read()

    @memory.setter
    def memory(self, data: Any) -> None:
        self.write(data)

    def rows(self, name: str) -> Rows:
        """The rows of a table, made on first use. With the lock held."""
        rows = self._tables.get(name)
        if rows is None:
            rows = self._tables[name] = Rows()
        return rows

    def apply(self, name: str, changes: list[tuple[int, Doc | None]]) -> None:
        """Stores what a user has changed in a table. With the guard held."""
        rows = self.rows(name)
        rows.exists = self._written = True
        self._foreign = None
        is_kept = name in self._kept
        for doc_id, doc in changes:
            old = rows.docs.get(doc_id)
            if is_kept and old is not None and self.review is not None:
                doc = self.review(old, doc)
            if doc is None:
                rows.drop(doc_id)
            else:
                rows.put(doc_id, doc)
            if is_kept:
                self.guard.note((doc_id, old, doc))

    def drop(self, name: str) -> None:
        """Removes a table with all its documents. With the guard held."""
        rows = self._tables.get(name)
        if rows is None or not rows.exists:
            return
        self.apply(name, [(doc_id, None) for doc_id in list(rows.docs)])
        rows.exists = False
        rows.forget_next_id()
        if name not in self._kept:
            del self._tables[name]

    # -- TinyDB's interface

    def read(self) -> dict[str, dict[str, Any]] | None:
        """A copy of everything, as ``{table: {number as text: document}}``; None before the first write."""
        with self.guard:
            if self._foreign is not None or not (self._written or any(r.exists for r in self._tables.values())):
                return self._foreign  # type: ignore[no-any-return]  # whatever the user wrote
            return {
                name: {str(doc_id): dict(doc) for doc_id, doc in rows.docs.items()}
                for name, rows in self._tables.items()
                if rows.exists
            }

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replaces everything by ``data``; what is unchanged stays as it is."""
        wanted = _parse(data)
        with self.guard:
            if wanted is None:
                for name in list(self._tables):
                    self.drop(name)
                self._written, self._foreign = False, data
                return
            for name in [name for name in self._tables if name not in wanted]:
                self.drop(name)
            self._written = True
            self._foreign = None
            for name, docs in wanted.items():
                self._replace(name, docs)

    def _replace(self, name: str, docs: dict[int, Doc]) -> None:
        current = self.rows(name).docs
        gone: list[tuple[int, Doc | None]] = [(doc_id, None) for doc_id in current if doc_id not in docs]
        new: list[tuple[int, Doc | None]] = [
            (doc_id, dict(doc)) for doc_id, doc in docs.items() if not _equal(current.get(doc_id), doc)
        ]
        self.apply(name, gone + new)


def _equal(old: Doc | None, new: Mapping[str, Any]) -> bool:
    return old is not None and len(old) == len(new) and all(k in old and old[k] is v for k, v in new.items())


def _parse(data: Any) -> dict[str, dict[int, Doc]] | None:
    """``data`` with numbers for the documents, or None if it hasn't the shape of a database."""
    try:
        parsed = {name: {int(key): doc for key, doc in table.items()} for name, table in data.items()}
    except (AttributeError, TypeError, ValueError):
        return None
    shaped = all(isinstance(doc, Mapping) for table in parsed.values() for doc in table.values())
    return parsed if shaped else None
