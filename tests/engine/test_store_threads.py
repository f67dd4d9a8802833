"""S5: our store loses and tears nothing, however many threads use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tinydb import where
from tinydb.operations import increment

from engine.store import TaskDB

pytestmark = [pytest.mark.guarantee("S5"), pytest.mark.usefixtures("hasty_switching")]

THREADS = 8


@pytest.fixture
def db():
    with TaskDB() as database:
        yield database


def in_threads(work: Callable[[int], object]) -> list[object]:
    """Run the work in several threads that begin together, and return their answers."""
    together = threading.Barrier(THREADS)

    def begin(number: int) -> object:
        together.wait(10)
        return work(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(begin, range(THREADS)))


def test_no_insert_is_lost(db):
    """Every document that any thread inserted is there, each under a number of its own."""
    answers = in_threads(lambda thread: [db.insert({"thread": thread, "n": n}) for n in range(200)])
    numbers = [number for answer in answers for number in answer]

    assert (len(db), sorted(numbers), sorted((d["thread"], d["n"]) for d in db)) == (
        THREADS * 200,
        list(range(1, THREADS * 200 + 1)),
        [(thread, n) for thread in range(THREADS) for n in range(200)],
    )


def test_no_bulk_insert_is_torn(db):
    """Documents inserted together lie together, whatever other threads insert."""
    in_threads(lambda thread: [db.insert_multiple({"thread": thread} for _ in range(10)) for _ in range(10)])
    order = [document["thread"] for document in db]
    groups = {tuple(order[start : start + 10]) for start in range(0, len(order), 10)}

    assert {len(set(group)) for group in groups} == {1}


def test_no_update_is_lost(db):
    """Counters that all threads raise end at the sum of their steps."""
    db.insert_multiple({"id": n, "count": 0} for n in range(4))

    def raise_counters(thread: int) -> None:
        for n in range(100):
            db.update(increment("count"), where("id") == n % 4)

    in_threads(raise_counters)

    assert [document["count"] for document in db] == [THREADS * 25] * 4


def test_a_document_is_removed_by_one_thread_only(db):
    """If several threads remove the same documents, each number is in one answer."""
    db.insert_multiple({"id": n} for n in range(300))
    answers = in_threads(lambda thread: [number for n in range(300) for number in db.remove(where("id") == n)])

    assert (len(db), sorted(number for answer in answers for number in answer)) == (0, list(range(1, 301)))


def test_upsert_inserts_once(db):
    """If several threads upsert the same key, one document comes of it."""
    in_threads(lambda thread: [db.upsert({"id": n, "by": thread}, where("id") == n) for n in range(50)])

    assert [document["id"] for document in db] == list(range(50))


def test_readers_never_see_half_a_write(db):
    """Documents that are always written together are always read together."""
    db.insert_multiple({"id": n, "version": 0} for n in range(20))
    torn: list[set[int]] = []

    def work(thread: int) -> None:
        for version in range(1, 100):
            if thread == 0:
                db.update({"version": version})
            else:
                versions = {document["version"] for document in db.all()}
                if len(versions) > 1:
                    torn.append(versions)

    in_threads(work)

    assert torn == []


def test_a_search_gives_what_the_query_asks_for(db):
    """Whatever is written meanwhile, each document found fulfils the query."""
    db.insert_multiple({"id": n, "status": 0} for n in range(20))
    wrong: list[object] = []

    def work(thread: int) -> None:
        for n in range(200):
            if thread % 2:
                db.update({"status": n % 3}, where("id") == n % 20)
            else:
                wrong.extend(document for document in db.search(where("status") == 1) if document["status"] != 1)

    in_threads(work)

    assert wrong == []


def test_a_table_is_made_once(db):
    """Threads that ask for a new table at the same time all get the same one."""
    tables = [in_threads(lambda thread, n=n: db.table(f"table {n}")) for n in range(30)]

    assert [len({id(table) for table in same}) for same in tables] == [1] * 30
