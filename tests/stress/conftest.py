"""What the stress tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    """Makes Python change threads every 10 us, where races show that the usual 5 ms hide."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)
