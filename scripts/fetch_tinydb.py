"""Fetches TinyDB's source distribution, whose own tests the store must pass, into `.cache/`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"


def pinned_version() -> str:
    """The version of TinyDB that requirements.txt fixes."""
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(r"^tinydb==(\S+)$", pins, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise LookupError("requirements.txt fixes no version of TinyDB: add a line tinydb==<version>")
    return found.group(1)


def suite_path() -> Path:
    """The folder that holds, or will hold, the unpacked source distribution."""
    return CACHE / f"tinydb-{pinned_version()}"


def fetch() -> Path:
    """Download and unpack the source distribution, unless that is done; answers its folder."""
    target = suite_path()
    if target.is_dir():
        return target
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        _download(Path(scratch))
        archive = next(Path(scratch).glob("tinydb-*.tar.gz"))
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):  # Python 3.11 has it from 3.11.4 on
                tar.extraction_filter = tarfile.data_filter
            tar.extractall(scratch)
        # The folder gets its name only when it is complete, so an interrupted fetch is begun anew.
        shutil.move(Path(scratch) / target.name, target)
    return target


def _download(folder: Path) -> None:
    print(f"Fetching TinyDB {pinned_version()} with its tests into {CACHE.name}/ ...", file=sys.stderr)
    # Only TinyDB itself must come as source: what pip needs to read its metadata may come built.
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--no-binary", "tinydb"]
    requirement = f"tinydb=={pinned_version()}"
    subprocess.run([sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), requirement], check=True)


def main() -> int:
    """Fetch, or say what went wrong and what to do."""
    try:
        fetch()
    except (subprocess.CalledProcessError, tarfile.TarError, OSError, StopIteration) as error:
        print(f"Could not fetch TinyDB's source distribution: {error!r}", file=sys.stderr)
        print("Check that this machine reaches its package index, then call make again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
