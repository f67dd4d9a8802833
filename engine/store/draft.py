"""What a TinyDB updater works on: a copy-on-write view of a table's documents."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from .rows import Doc, Rows


class Draft(MutableMapping[int, Doc]):
    """Looks like ``{number: document}``; what is read through it is a copy, kept as a possible change.

    An updater that raises leaves the table as it was, and no reader sees half an update. It costs in proportion
    to what is touched, not to the size of the table.
    """

    def __init__(self, rows: Rows) -> None:
        self._docs = rows.docs
        self._touched: dict[int, Doc | None] = {}

    def __contains__(self, doc_id: object) -> bool:
        if doc_id in self._touched:
            return self._touched[doc_id] is not None
        return doc_id in self._docs

    def __getitem__(self, doc_id: int) -> Doc:
        if doc_id in self._touched:
            doc = self._touched[doc_id]
            if doc is None:
                raise KeyError(doc_id)
            return doc
        copy = self._touched[doc_id] = dict(self._docs[doc_id])
        return copy

    def __setitem__(self, doc_id: int, doc: Doc) -> None:
        self._touched[doc_id] = doc

    def __delitem__(self, doc_id: int) -> None:
        if doc_id not in self:
            raise KeyError(doc_id)
        self._touched[doc_id] = None

    def __iter__(self) -> Iterator[int]:
        yield from (doc_id for doc_id in list(self._docs) if doc_id in self)
        yield from (
            doc_id for doc_id, doc in list(self._touched.items()) if doc is not None and doc_id not in self._docs
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Removes every document; the mixin's way would take quadratic time."""
        for doc_id in list(self):
            self._touched[doc_id] = None

    def changes(self, certainly: frozenset[int] = frozenset()) -> list[tuple[int, Doc | None]]:
        """What has changed, in the order of touching: number and new version, None if removed.

        Versions are compared by the identity of their values, since values may refuse ``==``; ``certainly`` names
        documents that count as changed all the same (their nested values may have been changed in place).
        """
        found: list[tuple[int, Doc | None]] = []
        for doc_id, doc in self._touched.items():
            old = self._docs.get(doc_id)
            if doc is None:
                if old is not None:
                    found.append((doc_id, None))
            elif old is None or doc_id in certainly or not _same(old, doc):
                found.append((doc_id, doc))
        return found


def _same(old: Doc, new: dict[str, Any]) -> bool:
    return len(old) == len(new) and all(key in old and old[key] is value for key, value in new.items())
