"""The peers that aren't among the project's requirements: `python -m benchmarks.peers` brings them in."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = ROOT / ".cache" / f"peers-{sys.implementation.cache_tag}"

_STAMP = "installed.txt"


def requirements(text: str) -> list[str]:
    """The pinned packages that a requirements file names."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def why_not(module: str) -> str | None:
    """Import a module, here or from where the peers are; the reason if that can't be done, else None."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))  # last, so that nothing there stands in for what the project itself needs
    try:
        importlib.import_module(module)
    except ImportError as reason:
        return str(reason)
    return None


def install(folder: Path = FOLDER) -> list[str]:
    """Bring in what isn't there yet, each package by itself; answers the names of those that couldn't be had."""
    stamp = folder / _STAMP
    present = requirements(stamp.read_text(encoding="utf-8")) if stamp.is_file() else []
    failed: list[str] = []
    for requirement in requirements(REQUIREMENTS.read_text(encoding="utf-8")):
        if requirement in present:
            continue
        print(f"Installing {requirement} for the benchmarks ...", file=sys.stderr, flush=True)
        if _pip_install(requirement, folder):
            present.append(requirement)
            stamp.write_text("\n".join(present) + "\n", encoding="utf-8")
        else:
            failed.append(requirement)
    return failed


def _pip_install(requirement: str, folder: Path) -> bool:
    # Without what it depends on: all of that is listed, and the project's own packages must not come a second time.
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--upgrade",
        "--target",
        str(folder),
    ]
    return subprocess.run([sys.executable, "-m", "pip", "install", *options, requirement]).returncode == 0


def main() -> int:
    """Bring the peers in. Always 0: the benchmarks tell which one they had to do without."""
    for requirement in install():
        print(f"Could not install {requirement}: the benchmarks will do without it.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
