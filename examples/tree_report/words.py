"""Numbers and file names as a person reads them."""

from __future__ import annotations


def printable(name: str) -> str:
    """The name with whatever can't be shown (undecodable bytes, line ends, ...) written as an escape."""
    escaped = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in escaped)


def shortened(path: str, limit: int = 32) -> str:
    """The path with its first folders left out when it is long: `.../site-packages/flask`."""
    if len(path) <= limit:
        return path
    kept = path[-limit:]
    return "..." + (kept[kept.index("/") :] if "/" in kept else kept)


def size(count: int) -> str:
    """A number of bytes in the unit that suits it: `512 B`, `3.4 kB`, `1.2 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def number(count: int, noun: str) -> str:
    """A count with its noun: `1 file`, `2,345 files`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def percent(part: int, whole: int) -> str:
    """A share of the whole: `25.1 %`, or `-` of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "-"
