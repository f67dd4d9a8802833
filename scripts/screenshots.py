"""Takes the pictures of the README: the real panel in Chromium while the example workload runs."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from scripts import chromium
from scripts.small_png import smaller

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PATIENCE_S = 120.0

#: How many rows of each state are on screen, by status code.
_IN_SIGHT = """() => {
  const counts = [0, 0, 0, 0, 0];
  for (const row of document.querySelectorAll("[data-rows] > tr")) {
    const box = row.getBoundingClientRect();
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    if (row.contains(middle)) counts[row.dataset.status] += 1;
  }
  return counts;
}"""


class Shot(NamedTuple):
    """A picture, taken once so many of the five states are in sight, with so many tasks each."""

    name: str
    width: int
    height: int
    colours: Literal["light", "dark"]
    states: int
    each: int


SHOTS = (
    Shot("panel-light.png", 1440, 900, "light", states=5, each=3),
    Shot("panel-dark.png", 1440, 900, "dark", states=5, each=3),
    Shot("phone.png", 390, 844, "light", states=3, each=1),
)


@contextmanager
def _panel() -> Iterator[str]:
    """Serve what `make run` serves, at a free port; lends the address."""
    command = [sys.executable, "wsgi.py", "--demo", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            said = server.stdout.readline() if server.stdout else ""
            address = re.search(r"http://\S+", said)
            if address is None:
                raise RuntimeError(f"the panel did not start: run {' '.join(command[1:])} to see why")
            yield address[0]
        finally:
            server.terminate()


def _open(browser: Browser, shot: Shot, url: str) -> Page:
    page = browser.new_page(
        viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.colours, reduced_motion="reduce"
    )
    page.goto(url)
    page.wait_for_selector('html[data-ready="1"]')
    return page


def _wait_for_all_states(page: Page, shot: Shot) -> None:
    deadline = time.monotonic() + PATIENCE_S
    counts: list[int] = []
    while time.monotonic() < deadline:
        counts = page.evaluate(_IN_SIGHT)
        if sum(count >= shot.each for count in counts) >= shot.states:
            return
        time.sleep(0.1)
    raise TimeoutError(
        f"{shot.name}: {shot.each} rows of {shot.states} states were never in sight; last seen by code: {counts}"
    )


def main() -> int:
    """Take all pictures; 1 where there is no Chromium."""
    if chromium.find() is None:
        print(f"No Chromium: run make browser, or set {chromium.VARIABLE} to its path.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    taken: list[tuple[Shot, bytes]] = []
    print("The workload takes about a minute to get to the point that the pictures show ...", flush=True)
    with _panel() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
        pages = [(shot, _open(browser, shot, url)) for shot in SHOTS]
        for shot, page in pages:
            _wait_for_all_states(page, shot)
            taken.append((shot, page.screenshot()))
        browser.close()
    for shot, png in taken:  # after the workload: making them small is work, and time goes by meanwhile
        path = IMAGES / shot.name
        path.write_bytes(smaller(png))
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
