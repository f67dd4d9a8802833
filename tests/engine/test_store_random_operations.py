"""S5: any sequence of TinyDB operations leaves our store as it leaves TinyDB's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.operations import delete, increment
from tinydb.queries import Query
from tinydb.table import Document

from engine.store import TaskDB
from tests.engine.databases import contents, plain

pytestmark = pytest.mark.guarantee("S5")


VALUES = st.one_of(
    st.integers(-1, 4), st.sampled_from(["a", "b", None, True, 1.0, (1,)]), st.lists(st.integers(0, 2), max_size=2)
)
FIELDS = st.sampled_from(["id", "status", "name"])
DOCUMENTS = st.dictionaries(FIELDS, VALUES, max_size=3)
NUMBERS = st.lists(st.integers(1, 12), max_size=3)

SIMPLE_QUERIES = st.one_of(
    st.builds(lambda field, value: where(field) == value, FIELDS, VALUES),
    st.builds(lambda field, value: where(field) != value, FIELDS, VALUES),
    st.builds(lambda field: where(field).exists(), FIELDS),
    st.builds(lambda field, values: where(field).one_of(values), FIELDS, st.lists(VALUES, max_size=2)),
    st.builds(lambda fragment: Query().fragment(fragment), st.dictionaries(FIELDS, VALUES, min_size=1, max_size=2)),
)
QUERIES = st.recursive(
    SIMPLE_QUERIES,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        inner.map(lambda a: ~a),
    ),
    max_leaves=3,
)
UPDATES = st.one_of(
    DOCUMENTS,
    FIELDS.map(increment),  # raises where the field is missing or no number
    FIELDS.map(delete),
    st.just(lambda document: document.clear()),
)

Operation = Callable[[TinyDB], Any]
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(lambda document: lambda db: db.insert(dict(document)), DOCUMENTS),
    st.builds(
        lambda document, number: lambda db: db.insert(Document(document, doc_id=number)), DOCUMENTS, st.integers(1, 12)
    ),
    st.builds(lambda documents: lambda db: db.insert_multiple(documents), st.lists(DOCUMENTS, max_size=3)),
    st.builds(lambda update, query: lambda db: db.update(update, query), UPDATES, QUERIES),
    st.builds(lambda update, numbers: lambda db: db.update(update, doc_ids=numbers), UPDATES, NUMBERS),
    st.builds(lambda update: lambda db: db.update(update), UPDATES),
    st.builds(
        lambda pairs: lambda db: db.update_multiple(pairs),
        st.lists(st.tuples(UPDATES, QUERIES), min_size=1, max_size=2),
    ),
    st.builds(lambda document, query: lambda db: db.upsert(dict(document), query), DOCUMENTS, QUERIES),
    st.builds(
        lambda document, number: lambda db: db.upsert(Document(document, doc_id=number)), DOCUMENTS, st.integers(1, 12)
    ),
    st.builds(lambda query: lambda db: db.remove(query), QUERIES),
    st.builds(lambda numbers: lambda db: db.remove(doc_ids=numbers), NUMBERS),
    st.builds(lambda query: lambda db: (db.search(query), db.count(query), db.contains(query), db.get(query)), QUERIES),
    st.builds(lambda numbers: lambda db: db.get(doc_ids=numbers), NUMBERS),
    st.just(lambda db: db.truncate()),
    st.just(lambda db: db.drop_table(db.default_table_name)),
    st.just(lambda db: db.drop_tables()),
)


def answer(operation: Operation, db: TinyDB) -> Any:
    """What the operation returns, or the type of what it raises."""
    try:
        return operation(db)
    except Exception as error:
        return type(error)


@settings(max_examples=150, deadline=None)
@given(st.lists(OPERATIONS, max_size=12))
def test_any_sequence_of_operations_gives_what_tinydb_gives(operations):
    """After each step both have answered the same and hold the same documents in the same order."""
    theirs, ours = plain(), TaskDB()
    steps = [
        (answer(step, theirs), list(contents(theirs).items()), answer(step, ours), list(contents(ours).items()))
        for step in operations
    ]

    assert [(mine, held) for _, _, mine, held in steps] == [(given, kept) for given, kept, _, _ in steps]
