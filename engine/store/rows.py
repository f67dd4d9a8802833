"""The documents of one table: kept in place, indexed, never changed once published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Doc = dict[str, Any]

Index = dict[Any, dict[int, None]]


class _Unhashable:
    """The index key of values that can't be one."""


class Rows:
    """One table's documents by number, with an index on some fields, each built when it is first asked for.

    A document is a plain dict (or what stands in its place, see ``TaskRows``) that nobody changes after ``put``: a
    change is a new dict. That is why readers need no lock for a document that they hold. Everything else here is
    guarded by the store's lock.
    """

    __slots__ = ("docs", "exists", "version", "_fields", "_highest", "_indexes", "_is_sorted", "_next_id")

    def __init__(self, index_fields: Iterable[str] = ()) -> None:
        self.docs: dict[int, Any] = {}
        #: Whether TinyDB would list this table: from its first write until it is dropped.
        self.exists = False
        #: Goes up with each change, so that query caches know when they are stale.
        self.version = 0
        self._fields = frozenset(index_fields)
        self._indexes: dict[str, Index] = {}
        self._next_id: int | None = None
        self._highest = 0
        self._is_sorted = True

    # -- document numbers, by TinyDB's rules: one more than the last, or than the highest once that is forgotten

    def take_id(self) -> int:
        """The number for the next document."""
        taken = self._next_id
        if taken is None:
            taken = max(self.docs, default=0) + 1
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
            self._note_order(doc_id)
            self.exists = True
        if self._indexes:
            self._reindex(doc_id, old, doc)
        self.docs[doc_id] = doc
        self.version += 1

    def drop(self, doc_id: int) -> Doc:
        """Removes a document and returns its last version."""
        old: Doc = self.docs.pop(doc_id)
        if not self.docs:
            self._highest, self._is_sorted = 0, True
        for field, index in self._indexes.items():
            _take_out(index, field, doc_id, old)
        self.version += 1
        return old

    def _reindex(self, doc_id: int, old: Doc | None, doc: Doc) -> None:
        for field, index in list(self._indexes.items()):
            if old is None or field not in old or field not in doc or old[field] is not doc[field]:
                _take_out(index, field, doc_id, old)
                _take_in(index, field, doc_id, doc)

    def _note_order(self, doc_id: int) -> None:
        """Keeps in mind whether the order of the table is that of the numbers, as it is unless users choose them."""
        if not self.docs:
            self._highest, self._is_sorted = doc_id, True
        elif doc_id > self._highest:
            self._highest = doc_id
        else:
            self._is_sorted = False

    # -- reading

    def can_index(self, field: str) -> bool:
        """Whether :meth:`having` can be asked about this field."""
        return field in self._fields

    def having(self, field: str, value: Any) -> Iterator[tuple[int, Doc]]:
        """The documents that can have ``value`` in an indexed field, in table order; the caller checks each."""
        index = self._indexes.get(field)
        if index is None:
            index = self._indexes[field] = {}
            for doc_id, doc in self.docs.items():
                _take_in(index, field, doc_id, doc)
        found = [*index.get(value, ()), *index.get(_Unhashable, ())]
        if len(found) > 1:
            if self._is_sorted:
                found.sort()
            else:
                wanted = set(found)
                found = [doc_id for doc_id in self.docs if doc_id in wanted]
        return ((doc_id, self.docs[doc_id]) for doc_id in found if doc_id in self.docs)


def _take_out(index: Index, field: str, doc_id: int, doc: Doc | None) -> None:
    if doc is not None and field in doc:
        key = _key(doc[field])
        bucket = index.get(key, {})
        bucket.pop(doc_id, None)  # it isn't there yet where a finalizer writes while a document is being taken in
        if not bucket:
            index.pop(key, None)


def _take_in(index: Index, field: str, doc_id: int, doc: Doc) -> None:
    if field in doc:
        index.setdefault(_key(doc[field]), {})[doc_id] = None


def _key(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return _Unhashable
    return value
