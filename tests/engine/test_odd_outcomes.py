"""S6, S7: what functions raise and return may be as odd as Python allows; each task ends, and only that task."""

from __future__ import annotations

import sys
import threading

import pytest

PATIENCE_S = 30.0


class Unprintable(Exception):
    """Neither str nor repr can be had."""

    def __str__(self) -> str:
        raise ValueError("no str")

    def __repr__(self) -> str:
        raise ValueError("no repr")


class ExitsInStr(Exception):
    """Its str raises what ends programs."""

    def __str__(self) -> str:
        raise SystemExit(3)

    __repr__ = __str__


class NotAString(Exception):
    """Its str is no string."""

    def __str__(self) -> str:
        return 42  # noqa: PLE0307 # that is the point


class RecursesInStr(Exception):
    """Its str never comes to an end."""

    def __str__(self) -> str:
        return str(self)


def caused_by_itself() -> BaseException:
    error = ValueError("round")
    error.__cause__ = error.__context__ = error
    return error


def with_odd_notes() -> BaseException:
    error = ValueError("noted")
    error.__notes__ = [Unprintable(), 3]
    return error


class ExitsInNotes(ValueError):
    """Its notes can't be asked for."""

    @property
    def __notes__(self) -> list[str]:
        raise SystemExit


RAISED = {
    "SystemExit": (lambda: SystemExit(3), "SystemExit: 3"),
    "SystemExit without a code": (SystemExit, "SystemExit"),
    "KeyboardInterrupt": (KeyboardInterrupt, "KeyboardInterrupt"),
    "GeneratorExit": (GeneratorExit, "GeneratorExit"),
    "StopIteration": (lambda: StopIteration(1), "StopIteration: 1"),
    "MemoryError": (lambda: MemoryError("raised"), "MemoryError: raised"),
    "RecursionError": (lambda: RecursionError("raised"), "RecursionError: raised"),
    "a group": (lambda: ExceptionGroup("both", [ValueError("a"), Unprintable()]), "ExceptionGroup: both"),
    "no str or repr": (Unprintable, "Unprintable: "),
    "a str that exits": (ExitsInStr, "ExitsInStr: "),
    "a str that is none": (NotAString, "NotAString: "),
    "a str without end": (RecursesInStr, "RecursesInStr: "),
    "lines and no end": (lambda: ValueError("line\n" * 100_000), "ValueError: line line"),
    "unprintable arguments": (lambda: ValueError(Unprintable()), "ValueError: "),
    "its own cause": (caused_by_itself, "ValueError: round"),
    "odd notes": (with_odd_notes, "ValueError: noted"),
    "notes that exit": (lambda: ExitsInNotes("noted"), "ExitsInNotes: noted"),
    "lone surrogates": (lambda: ValueError("\udcff"), "ValueError: \udcff"),
}


@pytest.mark.guarantee("S6")
@pytest.mark.parametrize(("make", "line"), RAISED.values(), ids=RAISED.keys())
def test_whatever_is_raised_ends_the_task_as_an_error(managers, ended, make, line):
    """The record names the type on one line of bounded length, and the seat serves the next task."""
    manager = managers(max_workers=1)

    def work(handle) -> None:
        raise make()

    task_id = manager.add(name="raises", function=work, get_result=True)
    behind = manager.add(name="behind", function=lambda f: None, depend_on=task_id)
    after = manager.add(name="after", function=lambda f: "ran", get_result=True)
    record = ended(task_id, manager)

    assert (record["status"], record["result"]) == (1, None)
    assert record["error"].startswith(line)
    assert len(record["error"].splitlines()) == 1
    assert len(record["error"]) <= 10_000
    assert "in work" in record["traceback"]
    assert (ended(behind, manager)["status"], ended(after, manager)["result"]) == (4, "ran")


def recurse(depth: int = 0) -> int:
    return recurse(depth + 1)


def ask_for_too_much() -> bytes:
    return bytes(sys.maxsize // 2)


@pytest.mark.guarantee("S6")
@pytest.mark.parametrize(
    ("function", "kind"),
    [(lambda f: recurse(), "RecursionError"), (lambda f: ask_for_too_much(), "MemoryError"), (sys.exit, "SystemExit")],
    ids=["endless recursion", "all memory", "sys.exit itself"],
)
def test_running_into_pythons_limits_is_an_error_of_that_task(managers, ended, function, kind):
    """A real RecursionError or MemoryError, again and again, leaves the thread fit for the next task."""
    manager = managers(max_workers=1)
    failed = [manager.add(name="limits", function=function) for _ in range(3)]
    after = manager.add(name="after", function=lambda f: "ran", get_result=True)

    assert [ended(task_id, manager)["error"].split(":")[0] for task_id in failed] == [kind] * 3
    assert ended(after, manager)["result"] == "ran"


@pytest.mark.guarantee("S6")
def test_an_exception_whose_text_never_comes_costs_no_capacity(managers, gates, ended):
    """Its str blocks: the task's limit still decides its end, and others get the seat."""
    manager, gate = managers(max_workers=1), gates()

    class Blocks(Exception):
        def __str__(self) -> str:
            gate(None)
            return "at last"

    def work(handle) -> None:
        raise Blocks

    task_id = manager.add(name="raises", function=work, thread_timeout=0.1)
    after = manager.add(name="after", function=lambda f: "ran", get_result=True)

    assert ended(task_id, manager)["error"] == "Killed by timeout"
    assert ended(after, manager)["result"] == "ran"


class Odd:
    """A result that can't be copied, compared, hashed, shown, counted or asked for its truth."""

    def refuse(self, *_: object, **__: object) -> object:
        raise RuntimeError("not with me")

    __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = refuse
    __eq__ = __ne__ = __lt__ = __hash__ = refuse  # type: ignore[assignment]
    __repr__ = __str__ = __format__ = refuse  # type: ignore[assignment]
    __len__ = __bool__ = __iter__ = __getattr__ = refuse  # type: ignore[assignment]


@pytest.mark.guarantee("S7")
def test_a_result_that_refuses_everything_is_kept(taskman, ended):
    """It can be read, searched past, followed and purged, as any other."""
    odd = Odd()
    with taskman.subscribe() as changes:
        task_id = taskman.add(name="odd", function=lambda f: odd, get_result=True)
        other = taskman.add(name="other", function=lambda f: 1, get_result=True)
        record = ended(task_id)
        ended(other)
        versions = [change.record["result"] for change in changes.get(timeout=PATIENCE_S) if change.id == task_id]

    assert record["result"] is odd
    assert taskman.get_result(task_id) is odd
    assert versions[-1] is odd
    assert [found["id"] for found in taskman.db.search(taskman.dbQuery.name == "other")] == [other]
    assert any(one["result"] is odd for one in taskman.snapshot().records)
    assert taskman.db.update({"note": 1}, taskman.dbQuery.name == "odd") == [1]
    assert taskman.get_result(task_id) is odd
    assert taskman.purge(minutes=0) == 2


@pytest.mark.guarantee("S7")
def test_a_huge_result_is_handed_over_and_never_copied(taskman, ended):
    """A result of hundreds of megabytes is the very object wherever it is read."""
    huge = bytearray(300_000_000)
    task_id = taskman.add(name="huge", function=lambda f: huge, get_result=True)
    ended(task_id)

    assert taskman.get_result(task_id) is huge
    assert taskman.get_all()[0]["result"] is huge
    assert taskman.snapshot().records[0]["result"] is huge
    assert taskman.db.get(taskman.dbQuery.id == task_id)["result"] is huge


@pytest.mark.guarantee("S7")
@pytest.mark.parametrize(
    "make",
    [threading.Lock, lambda: (n for n in range(3)), lambda: sys.exc_info, lambda: NotImplemented, lambda: ...],
    ids=["a lock", "a generator", "a builtin", "NotImplemented", "Ellipsis"],
)
def test_what_cannot_be_copied_is_the_very_object(taskman, ended, make):
    """Results are handed over, not copied."""
    value = make()
    task_id = taskman.add(name="returns", function=lambda f: value, get_result=True)

    assert ended(task_id)["result"] is value


@pytest.mark.guarantee("S7")
def test_a_task_may_return_an_exception(taskman, ended):
    """Returned, an exception is a result like any other; only what is raised is an error."""
    error = ValueError("returned")
    record = ended(taskman.add(name="returns", function=lambda f: error, get_result=True))

    assert (record["status"], record["error"], record["result"]) == (0, None, error)
