"""Static files under a folder name that carries their hash, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from pathlib import Path

from flask import Response, request

from .problems import Problem

#: Named here because some systems' registries call scripts text/plain, which browsers refuse to run.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}


#: A page asks for dozens of files at once: the folder isn't looked through for each of them.
LOOK_AGAIN_S = 1.0


class Assets:
    """A folder of static files and the hash of everything in it. Any thread may call it.

    A change of a file is seen `look_again_s` seconds later at the latest.
    """

    def __init__(self, folder: Path, look_again_s: float = LOOK_AGAIN_S) -> None:
        self._folder = folder
        self._look_again_s = look_again_s
        self._lock = threading.Lock()  # guards all below, which belong together
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._version = ""
        self._files: dict[str, Path] = {}
        self._looked_at = -math.inf

    def version(self) -> str:
        """The hash of the folder as it is now; files are read again only where one has changed."""
        return self._scan()[0]

    def serve(self, version: str, name: str) -> Response:
        """Answer with a file of this version; a page of another version must not mix with ours."""
        current, files = self._scan()
        # Looked up among the files that there are: no name leads out of the folder.
        if version != current or name not in files:
            raise Problem(404, "There is no such file in this version of the panel.", "Reload the page.")
        path = files[name]
        response = Response(path.read_bytes(), mimetype=_TYPES.get(path.suffix.lower(), "application/octet-stream"))
        response.set_etag(version)
        response.cache_control.private = True
        response.cache_control.max_age = 365 * 24 * 3600
        response.cache_control.immutable = True
        response.make_conditional(request)
        return response

    def _scan(self) -> tuple[str, dict[str, Path]]:
        now = time.monotonic()
        with self._lock:
            if now - self._looked_at < self._look_again_s:
                return self._version, self._files
        files = {
            path.relative_to(self._folder).as_posix(): path
            for path in sorted(self._folder.rglob("*"))
            if path.is_file()
        }
        stats = {name: path.stat() for name, path in files.items()}
        seen = tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats.items())
        with self._lock:
            if seen != self._seen:
                self._version, self._seen = _digest(files), seen
            self._files, self._looked_at = files, now
            return self._version, files


def _digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
