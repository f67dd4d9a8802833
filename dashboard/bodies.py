"""What is posted: JSON objects of a bounded size, with nothing in them that the reader doesn't know."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import Any

from flask import request

from .problems import Problem
from .text import clean


def read_body(known: Set[str], hint: str, limit: int) -> dict[str, Any]:
    """The JSON object of the current request, of at most `limit` bytes; Problem 413 or 400 for anything else.

    A key that isn't `known` is refused, as a misspelt limit must not touch everything. `hint` says what to send.
    """
    if (request.content_length or 0) > limit:
        raise Problem(413, f"The body is larger than {limit} bytes.", hint)
    request.max_content_length = limit  # for bodies that don't tell their length
    if not request.is_json:
        raise Problem(400, "The body isn't declared as JSON.", f"{hint} The header is Content-Type: application/json.")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise Problem(400, "The body isn't JSON.", hint) from None
    if not isinstance(body, dict):
        raise Problem(400, "The body isn't a JSON object.", hint)
    if unknown := sorted(body.keys() - known):
        raise Problem(
            400, f"Unknown: {clean(', '.join(unknown), 200)}.", f"{', '.join(sorted(known))} can be sent here."
        )
    return body
