"""The documents of one table: kept in place, indexed, never changed once published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Doc = dict[str, Any]

#: Told of each change: the old version or None, the new version or None. Called under the store's lock.
Observer = Callable[[Doc | None, Doc | None], None]


class _Unhashable:
    """The index key of values that can't be one."""


class Rows:
    """One table's documents by number, with an index on some fields.

    A document is a plain dict that nobody changes after ``put``: a change is a new dict. That is why readers need
    no lock for a document that they hold. Everything else here is guarded by the store's lock.
    """

    __slots__ = ("docs", "exists", "version", "_next_id", "_indexes", "_order", "_observer", "_sequence")

    def __init__(self, index_fields: Iterable[str] = (), observer: Observer | None = None) -> None:
        self.docs: dict[int, Doc] = {}
        #: Whether TinyDB would list this table: from its first write until it is dropped.
        self.exists = False
        #: Goes up with each change, so that query caches know when they are stale.
        self.version = 0
        self._next_id: int | None = None
        self._indexes: dict[str, dict[Any, dict[int, None]]] = {field: {} for field in index_fields}
        self._order: dict[int, int] = {}
        self._sequence = 0
        self._observer = observer

    # -- document numbers, by TinyDB's rules: one more than the last, or than the highest once that is forgotten

    def take_id(self) -> int:
        """The number for the next document."""
        if self._next_id is None:
            self._next_id = max(self.docs, default=0) + 1
        taken = self._next_id
        self._next_id = taken + 1
        return taken

    def forget_next_id(self) -> None:
        """Makes the next ``take_id`` look for the highest number again."""
        self._next_id = None

    # -- changes

    def put(self, doc_id: int, doc: Doc) -> None:
        """Inserts or replaces a document. ``doc`` belongs to the table from here on."""
        old = self.docs.get(doc_id)
        if old is None:
            self._sequence += 1
            self._order[doc_id] = self._sequence
        for field, index in self._indexes.items():
            self._reindex(index, field, doc_id, old, doc)
        self.docs[doc_id] = doc
        self.exists = True
        self.version += 1
        if self._observer is not None:
            self._observer(old, doc)

    def drop(self, doc_id: int) -> Doc:
        """Removes a document and returns its last version."""
        old = self.docs.pop(doc_id)
        del self._order[doc_id]
        for field, index in self._indexes.items():
            self._reindex(index, field, doc_id, old, None)
        self.version += 1
        if self._observer is not None:
            self._observer(old, None)
        return old

    @staticmethod
    def _reindex(index: dict[Any, dict[int, None]], field: str, doc_id: int, old: Doc | None, new: Doc | None) -> None:
        if old is not None and new is not None and field in old and field in new and old[field] is new[field]:
            return
        if old is not None and field in old:
            key = _key(old[field])
            bucket = index[key]
            del bucket[doc_id]
            if not bucket:
                del index[key]
        if new is not None and field in new:
            index.setdefault(_key(new[field]), {})[doc_id] = None

    # -- reading

    def has_index(self, field: str) -> bool:
        """Whether :meth:`having` can be asked about this field."""
        return field in self._indexes

    def having(self, field: str, value: Any) -> Iterator[tuple[int, Doc]]:
        """The documents that can have ``value`` in an indexed field, in table order; the caller checks each."""
        index = self._indexes[field]
        found = [*index.get(value, ()), *index.get(_Unhashable, ())]
        if len(found) * 4 > len(self.docs):
            wanted = set(found)
            found = [doc_id for doc_id in self.docs if doc_id in wanted]
        else:
            found.sort(key=self._order.__getitem__)
        return ((doc_id, self.docs[doc_id]) for doc_id in found)


def _key(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return _Unhashable
    return value
