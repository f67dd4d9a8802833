"""Text that may leave: valid Unicode, secrets masked, cut to a size."""

from __future__ import annotations

import logging
import re
import reprlib
import weakref
from collections.abc import Callable

Mask = Callable[[str], str]

#: What stands where a secret was.
MASK = "***"

#: Each pattern below needs one of these.
_HINTS: tuple[str, ...] = (
    "pass",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "cookie",
    "session",
    "key",
    "bearer",
)
_HINTS += ("://", "eyj")

_NAMED = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|token|credentials?|authorization|cookie|session[_-]?id"
    r"|(?:api|access|account|auth|client|encryption|private|secret|signing)[_-]?key)(?:s|[_-]\w{0,30})?"
)
# Every repetition is bounded, so that no text, however made, takes long.
_ESCAPED = r"\\{1,4}\"[^\"]{0,4000}\"?|\\{1,4}'[^']{0,4000}'?"  # quotes within a text that is quoted itself
_QUOTED = r"[bru]{0,2}(?:\"(?:[^\"\\]|\\.){0,4000}\"?|'(?:[^'\\]|\\.){0,4000}'?)"
_BARE = r"(?:(?:bearer|basic|digest)\s{1,3})?[^\s,;&)\]}\"'<]{1,4000}"
_VALUE = rf"(?:{_ESCAPED}|{_QUOTED}|{_BARE})"
_ASSIGNED = re.compile(rf"({_NAMED}\\{{0,4}}[\"']?\s{{0,3}}(?:=>|[:=])\s{{0,3}}){_VALUE}", re.IGNORECASE)
_OPTION = re.compile(rf"((?<![\w-])--?[\w-]{{0,30}}?{_NAMED}\s{{1,3}})(?![-\s]){_VALUE}", re.IGNORECASE)
_BEARER = re.compile(r"(\bbearer\s{1,3})[\w.~+/=-]{8,4000}", re.IGNORECASE)
_IN_URL = re.compile(r"(://[^\s/:@\"']{0,200}:)[^\s/@\"']{1,500}(?=@)")
_QUERY_KEY = re.compile(r"([?&]key=)[^\s&\"']{1,500}", re.IGNORECASE)
_PEM = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]{1,20000}")
_WEB_TOKEN = re.compile(r"\b()eyJ[\w-]{8,4000}\.[\w-]{8,4000}\.[\w-]{0,4000}")

_repr = reprlib.Repr()
_repr.maxlevel = 3
_repr.maxdict = _repr.maxlist = _repr.maxtuple = _repr.maxset = _repr.maxfrozenset = _repr.maxdeque = 30
_repr.maxarray = 30
_repr.maxstring = _repr.maxother = 2000
_repr.maxlong = 200

#: Those of all panels of this process: what one hides, no other shows.
_masks: list[Mask] = []
_broken: list[Mask] = []  # the masks of which the log says that they fail

_log = logging.getLogger("task_control.dashboard")


def add_mask(mask: Mask, owner: object) -> None:
    """Have `mask` look over every text that leaves, for as long as its owner lives."""
    _masks.append(mask)
    weakref.finalize(owner, _masks.remove, mask)


def masked(text: str) -> str:
    """`text` with the values of passwords, tokens and their like replaced by `***`, and what the host's masks hide."""
    text = _without_known(text)
    for mask in tuple(_masks):
        text = _by(mask, text)
    return text


def _by(mask: Mask, text: str) -> str:
    try:
        answer: object = mask(text)
        if isinstance(answer, str):
            return answer
        raise TypeError(f"a mask must answer with a text, not with {type(answer).__name__}")
    except Exception:  # the host's own code: what it can't look over must not leave
        if mask not in _broken:
            _broken.append(mask)
            _log.exception("the mask failed: the text was hidden as a whole, and so will others be")
        return MASK


def _without_known(text: str) -> str:
    lowered = text.lower()
    for hint in _HINTS:  # most texts hold none of them, and this costs a tenth of the patterns
        if hint in lowered:
            break
    else:
        return text
    for pattern in (_PEM, _ASSIGNED, _IN_URL, _QUERY_KEY, _OPTION, _BEARER, _WEB_TOKEN):
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def clean(value: object, limit: int, *, keep_end: bool = False) -> str:
    """Any value as text of at most `limit` characters: a string as it is, another value by its `str`.

    What is too long loses its end, or with `keep_end` its beginning.
    """
    text = value if type(value) is str else _told(value)
    if len(text) > limit:
        # Masking looks at somewhat more than is kept: a secret cut in two would not be known as one.
        text = text[-limit - 1000 :] if keep_end else text[: limit + 1000]
    if not text.isascii():
        # Lone surrogates (file names that aren't UTF-8) can't be encoded, neither in a page nor in a frame.
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = masked(text)
    if len(text) <= limit:
        return text
    return "…" + text[1 - limit :] if keep_end else text[: limit - 1] + "…"


def shown(value: object, limit: int) -> str:
    """A short representation of any object, even of one that is huge or that can't represent itself."""
    try:
        text = _repr.repr(value[:limit] if isinstance(value, bytes | bytearray) else value)
    except Exception as error:  # the object's own code: whatever it raises must not cost the page
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return clean(text, limit)


def _told(value: object) -> str:
    if value is None:
        return ""
    try:
        return str.__str__(value) if isinstance(value, str) else str(value)
    except Exception as error:  # as above
        return f"<{type(value).__name__} whose str raised {type(error).__name__}>"
