"""The static checks of `make check`, in one list that the tests run as well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parent.parent

_TOOLS = Path(sys.executable).parent

CHECKS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "lint": (str(_TOOLS / "ruff"), "check", "."),
        "format": (str(_TOOLS / "ruff"), "format", "--check", "."),
        "types": (str(_TOOLS / "mypy"),),
        "imports": (str(_TOOLS / "lint-imports"), "--no-logo"),
    }
)


def main(names: Sequence[str]) -> int:
    """Run the named checks, all if none is named; 1 if any of them found something, 2 for an unknown name."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}.", file=sys.stderr)
        return 2
    failed = []
    for name in names or CHECKS:
        print(f"== {name}", flush=True)
        if subprocess.run(CHECKS[name], cwd=ROOT).returncode:
            failed.append(name)
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
