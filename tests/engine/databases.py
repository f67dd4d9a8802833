"""The two databases of the store's contract, TinyDB's own and ours, and what the tests read from them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from tinydb import TinyDB
from tinydb.storages import MemoryStorage

from engine.store import TaskDB


class CopyingStorage(MemoryStorage):
    """Memory that hands out copies, as a file does, so that nobody changes what is stored by accident."""

    def read(self) -> dict[str, dict[str, Any]] | None:
        return copy.deepcopy(self.memory)

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        self.memory = copy.deepcopy(data)


def plain() -> TinyDB:
    """TinyDB as it comes."""
    return TinyDB(storage=CopyingStorage)


DATABASES: Mapping[str, Callable[[], TinyDB]] = MappingProxyType({"tinydb": plain, "ours": TaskDB})


def ids(documents: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The ids of documents, in their order."""
    return [document["id"] for document in documents]


def contents(db: TinyDB) -> dict[int, dict[str, Any]]:
    """Everything in the default table, by number and in order."""
    return {document.doc_id: dict(document) for document in db}
