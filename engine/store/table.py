"""TinyDB's table and database over rows: same answers, any thread, at a cost that doesn't grow with the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.queries import QueryInstance, QueryLike
from tinydb.storages import Storage
from tinydb.table import Document, Table

from .draft import Draft
from .rows import Doc, Rows
from .storage import RowStorage

#: The name of the table that holds the tasks: TinyDB's own default.
TASKS = TinyDB.default_table_name

#: Values whose equality is that of the index's keys.
_PLAIN = (str, int, float, bool, type(None))


class RowTable(Table):
    """A TinyDB table on :class:`RowStorage`. All methods of TinyDB's table, each in one locked step."""

    def __init__(
        self,
        storage: Storage,
        name: str,
        cache_size: int = Table.default_query_cache_capacity,
        persist_empty: bool = False,
    ) -> None:
        self._store = cast(RowStorage, storage)
        self._certain: frozenset[int] = frozenset()
        self._cached_version = -1
        with self._store.guard:
            super().__init__(storage, name, cache_size=cache_size, persist_empty=persist_empty)

    @property
    def _rows(self) -> Rows:
        return self._store.rows(self.name)

    def __repr__(self) -> str:
        return f"<Table name={self.name!r}, total={len(self)}, storage={self._store!r}>"  # TinyDB's table to its users

    # TinyDB keeps the next number on the table object, which it resets to None; here all objects of a table share it.
    @property
    def _next_id(self) -> None:
        return None

    @_next_id.setter
    def _next_id(self, _: None) -> None:
        self._rows.forget_next_id()

    def _get_next_id(self) -> int:
        return self._rows.take_id()

    # -- the two hooks that every method of TinyDB's goes through

    def _read_table(self) -> dict[str, Mapping[str, Any]]:
        with self._store.guard:
            return {str(doc_id): doc for doc_id, doc in self._rows.docs.items()}

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        with self._store.guard:
            draft = Draft(self._rows)
            updater(draft)
            self._store.apply(self.name, draft.changes(self._certain))
            self.clear_cache()

    # -- writing

    def insert(self, document: Mapping[str, Any]) -> int:
        with self._store.guard:
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        made = list(documents)  # a generator is user code: not under the lock
        with self._store.guard:
            return super().insert_multiple(made)

    def update(
        self,
        fields: Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None],
        cond: QueryLike | None = None,
        doc_ids: Iterable[int] | None = None,
    ) -> list[int]:
        with self._store.guard:
            if doc_ids is None and cond is not None:
                doc_ids = [doc_id for doc_id, _ in self._matching(cond)]
            elif doc_ids is not None:
                doc_ids = list(doc_ids)
            if callable(fields):
                self._certain = frozenset(self._rows.docs if doc_ids is None else doc_ids)
            try:
                return super().update(fields, None, doc_ids)
            finally:
                self._certain = frozenset()

    def update_multiple(
        self,
        updates: Iterable[tuple[Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None], QueryLike]],
    ) -> list[int]:
        with self._store.guard:
            return super().update_multiple(updates)

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        with self._store.guard:
            return super().upsert(document, cond)

    def remove(self, cond: QueryLike | None = None, doc_ids: Iterable[int] | None = None) -> list[int]:
        with self._store.guard:
            if doc_ids is None and cond is not None:
                doc_ids = [doc_id for doc_id, _ in self._matching(cond)]
            return super().remove(None, doc_ids)

    def truncate(self) -> None:
        with self._store.guard:
            super().truncate()

    # -- reading: copies of immutable versions, so that nobody can spoil the store or the cache

    def search(self, cond: QueryLike) -> list[Document]:
        with self._store.guard:
            cached = self._fresh_cache_entry(cond)
            if cached is not None:
                return [self.document_class(doc, doc.doc_id) for doc in cached]
            found = [self._document(doc_id, doc) for doc_id, doc in self._matching(cond)]
            is_cacheable: Callable[[], bool] = getattr(cond, "is_cacheable", lambda: True)
            if is_cacheable():
                self._query_cache[cond] = [self.document_class(doc, doc.doc_id) for doc in found]
            return found

    def get(  # type: ignore[override]  # TinyDB's overloads, one implementation
        self,
        cond: QueryLike | None = None,
        doc_id: int | None = None,
        doc_ids: list[int] | None = None,
    ) -> Document | list[Document] | None:
        with self._store.guard:
            docs = self._rows.docs
            if doc_id is not None:
                doc = docs.get(_number(doc_id))
                return None if doc is None else self.document_class(doc, doc_id)
            if doc_ids is not None:
                wanted = {_number(doc_id) for doc_id in doc_ids}
                return [self._document(doc_id, doc) for doc_id, doc in docs.items() if doc_id in wanted]
            if cond is not None:
                for doc_id, doc in self._matching(cond):
                    return self._document(doc_id, doc)
                return None
        raise RuntimeError("You have to pass either cond or doc_id or doc_ids")

    def __len__(self) -> int:
        with self._store.guard:
            return len(self._rows.docs)

    def __iter__(self) -> Iterator[Document]:
        with self._store.guard:
            moment = list(self._rows.docs.items())
        for doc_id, doc in moment:
            yield self._document(doc_id, doc)

    # -- how queries are answered

    def _document(self, doc_id: int, doc: Doc) -> Document:
        return self.document_class(doc, self.document_id_class(doc_id))

    def _matching(self, cond: QueryLike) -> Iterator[tuple[int, Doc]]:
        """The documents that match, in table order; by an index where the query can use one."""
        rows = self._rows
        by_index = _indexed_equality(cond, rows)
        candidates = rows.having(*by_index) if by_index else iter(list(rows.docs.items()))
        return ((doc_id, doc) for doc_id, doc in candidates if cond(doc))

    def _fresh_cache_entry(self, cond: QueryLike) -> list[Document] | None:
        version = self._rows.version
        if self._cached_version != version:
            self._query_cache.clear()
            self._cached_version = version
        return self._query_cache.get(cond)


def _number(doc_id: object) -> int:
    try:
        return int(str(doc_id))
    except ValueError:
        return -1


def _indexed_equality(cond: QueryLike, rows: Rows) -> tuple[str, Any] | None:
    """The field and value of an ``==`` that every match must satisfy and an index knows, or None.

    TinyDB's queries describe themselves by a hash value such as ``('==', ('id',), 'd33dd55273')``, joined by
    ``('and', frozenset of both)``.
    """
    described = getattr(cond, "_hash", None) if type(cond) is QueryInstance else None
    if not described:
        return None
    for part in described[1] if described[0] == "and" else (described,):
        if isinstance(part, tuple) and len(part) == 3 and part[0] == "==" and len(part[1]) == 1:
            field, value = part[1][0], part[2]
            if isinstance(field, str) and rows.can_index(field) and type(value) in _PLAIN:
                return field, value
    return None


class TaskDB(TinyDB):
    """An in-memory TinyDB whose default table holds the tasks.

    Args:
        tasks: the rows of the task table; made here if not given.
    """

    table_class = RowTable

    def __init__(self, tasks: Rows | None = None) -> None:
        kept = {TASKS: Rows(("id", "status")) if tasks is None else tasks}
        super().__init__(storage=lambda: RowStorage(kept))

    @property
    def rows_storage(self) -> RowStorage:
        """The storage, by its own type."""
        return cast(RowStorage, self._storage)

    def table(self, name: str, **kwargs: Any) -> Table:
        known = self._tables.get(name)
        if known is not None:
            return known
        with self.rows_storage.guard:
            return super().table(name, **kwargs)

    def drop_tables(self) -> None:
        with self.rows_storage.guard:
            super().drop_tables()

    def drop_table(self, name: str) -> None:
        with self.rows_storage.guard:
            self._tables.pop(name, None)
            self.rows_storage.drop(name)
