"""What a search says: words and qualifiers such as `status:error after:1h`; static/js/search.js reads them the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from engine import Status

from . import wire
from .failures import fingerprint
from .text import clean

Record = Mapping[str, Any]
Test = Callable[[Record], bool]

_TERM = re.compile(r'(-?)([a-z]+):("[^"]*"?|[^ ]*)|"([^"]*)"?|[^ ]+')
_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}

STATUS_HINT = "status is one or more of completed, error, suspended, running, canceled: status:error,canceled"
AGE_HINT = "after and before take an age such as 30s, 5m, 2h or 1d: after:1h is what was added within the last hour"

IS_HINT = "is:stuck is what runs and hasn't moved for a while"


class Term(NamedTuple):
    """One condition in lower case: `key` is "" for plain words; a negated one holds where its value doesn't."""

    key: str
    value: str
    is_negated: bool


class BadTerm(ValueError):
    """A qualifier's value can't be read; `hint` says what it may be."""

    def __init__(self, term: Term, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{term.key}:{clean(term.value, 40)} can't be read.")


def read_terms(text: str) -> Iterator[Term]:
    """The conditions of a search; all of them must hold. What is neither qualifier nor quoted makes one phrase."""
    words = []
    for found in _TERM.finditer(text.lower()):
        sign, key, value, quoted = found.groups()
        if key in _TESTS:
            term = Term(key, value.strip('"'), sign == "-")
        else:
            term = Term("", quoted or "", is_negated=False)
            words += [found[0]] if quoted is None else []
        if term.value:
            yield term
    if words:
        yield Term("", " ".join(words), is_negated=False)


def read_test(text: str, now: float, *, strict: bool) -> Test:
    """Whether a record is what the search asks for at that moment, in epoch seconds.

    A value that can't be read raises BadTerm if `strict`, else its term is left out.
    """
    tests: list[Test] = []
    for term in read_terms(text):
        try:
            tests.append(_negated(term, _TESTS[term.key](term, now)))
        except BadTerm:
            if strict:
                raise
    return lambda record: all(test(record) for test in tests)


def _negated(term: Term, test: Test) -> Test:
    return (lambda record: not test(record)) if term.is_negated else test


def _words(term: Term, now: float) -> Test:
    fields = [_text("id", term, now), _text("name", term, now), _text("error", term, now)]
    return lambda record: any(field(record) for field in fields)


def _text(field: str, term: Term, _now: float) -> Test:
    """A field's text as the wire has it holds the value; with `*` the value is a pattern for all of it."""
    parts = term.value.split("*") if term.key else [term.value]
    limit = wire.ERROR_LIMIT if field == "error" else wire.NAME_LIMIT

    def test(record: Record) -> bool:
        value = record.get(field)
        if isinstance(value, str):
            lowered = value.lower()
            if any(part not in lowered for part in parts):
                return False  # cleaning costs; what it adds (the mask) is nothing to search for
        return _fits(clean(value, limit).lower(), parts)

    return test


def _fits(text: str, parts: list[str]) -> bool:
    """By finding one part after the other: no pattern, however made, takes long."""
    if len(parts) == 1:
        return parts[0] in text
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


def _status(term: Term, _now: float) -> Test:
    codes = {name: int(status) for status in Status for name in (status.word.lower(), str(int(status)))}
    wanted = {codes.get(part) for part in term.value.split(",")}
    if None in wanted:
        raise BadTerm(term, STATUS_HINT)
    return lambda record: record["status"] in wanted


def _age(term: Term, now: float) -> Test:
    found = _AGE.fullmatch(term.value)
    if found is None:
        raise BadTerm(term, AGE_HINT)
    moment = now - int(found[1]) * _UNITS_S[found[2]]
    sign = 1 if term.key == "after" else -1

    def test(record: Record) -> bool:
        added = record.get("added_at")
        return isinstance(added, int | float) and math.isfinite(added) and (added - moment) * sign >= 0

    return test


def _is(term: Term, _now: float) -> Test:
    if term.value != "stuck":
        raise BadTerm(term, IS_HINT)
    return lambda record: isinstance(record.get("stuck"), Mapping)


def _depends(term: Term, _now: float) -> Test:
    return lambda record: term.value in (one.lower() for one in wire.dependencies(record))


def _failure(term: Term, _now: float) -> Test:
    return lambda record: fingerprint(record) == term.value


def _thread(term: Term, _now: float) -> Test:
    return lambda record: str(record.get("thread")) == term.value


_TESTS: dict[str, Callable[[Term, float], Test]] = {
    "": _words,
    "status": _status,
    "id": lambda term, now: _text("id", term, now),
    "name": lambda term, now: _text("name", term, now),
    "error": lambda term, now: _text("error", term, now),
    "after": _age,
    "before": _age,
    "is": _is,
    "depends": _depends,
    "thread": _thread,
    "failure": _failure,
}

#: What stands before the colon.
QUALIFIERS = tuple(key for key in _TESTS if key)
