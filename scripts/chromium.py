"""The Chromium that tests, pictures and measurements drive: found, or installed as a system package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

VARIABLE = "TASK_CONTROL_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")

#: Chromium heeds the last switch of this name alone, so ours names what Playwright switches off as well.
_WITHOUT = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
    # Two pages of the browser's own behind each window's address bar: more work than most of our pages.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    # A process that is kept ready for a next page.
    "SpareRendererForSitePerProcess",
)
_QUIET = (
    f"--disable-features={','.join(_WITHOUT)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
)


class NoChromium(LookupError):
    """There is no Chromium here; the message says why none could be brought in either."""


def find() -> str | None:
    """The path of the Chromium to drive: the one that the environment names, else the first on PATH."""
    named = os.environ.get(VARIABLE)
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


def launch_options() -> dict[str, Any]:
    """What Playwright needs to launch it so that it asks no other host and draws alike on every machine."""
    # Chromium refuses its sandbox to root, which is who runs in most containers.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {"executable_path": find(), "args": [*_QUIET, *as_root]}


def install() -> None:
    """Install Chromium with apt-get; raises NoChromium where that can't be done."""
    if not shutil.which("apt-get"):
        raise NoChromium("there is no apt-get here to install it with")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (not shutil.which("sudo") or subprocess.run([*sudo, "true"], capture_output=True).returncode):
        raise NoChromium("installing it needs root, or sudo without a password")
    print("Installing Chromium for the browser tests with apt-get ...", file=sys.stderr, flush=True)
    # The system may be installing something else at this moment: wait for it.
    apt_get = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        _run([*apt_get, *command])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        last_words = "\n".join(done.stdout.splitlines()[-15:])
        raise NoChromium(f"{' '.join(command)} ended with {done.returncode}:\n{last_words}")


def ensure() -> str:
    """The path of a Chromium, installed now if need be; raises NoChromium."""
    if found := find():
        return found
    if named := os.environ.get(VARIABLE):
        raise NoChromium(f"{VARIABLE}={named} can't be executed")
    install()
    if found := find():
        return found
    raise NoChromium(f"the system's packages brought none of {', '.join(NAMES)} onto PATH")


def main() -> int:
    """Bring in Chromium; where CI is set its absence is a failure, so that no run passes unseen."""
    try:
        ensure()
    except NoChromium as reason:
        print(f"No Chromium: {reason}.", file=sys.stderr)
        print(f"Install Chromium or Google Chrome, or set {VARIABLE} to its path.", file=sys.stderr)
        if os.environ.get("CI"):
            print("CI is set, and there the browser tests must run: this is a failure.", file=sys.stderr)
            return 1
        print("The browser tests will be reported as skipped.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
