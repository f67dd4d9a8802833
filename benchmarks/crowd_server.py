"""The servers that push frames to a crowd, each a process: `python -m benchmarks.crowd_server NAME`, and its handle.

It prints its address, then does what it reads, line by line, and answers each with a line. It ends when there is
nothing more to read: so it never outlives who started it, however that ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from . import peers

PANEL, WEBSOCKETS, FLOOR = "panel", "websockets", "floor"

CLIENTS = 500
THREADS = 700  # three quarters of them, and no more, may sit in websockets
ROWS = 50  # that change make a frame of about 20 kB
FRAME_BYTES = 20_000

PATIENCE_S = 60.0

#: Changes something for the time of that number; answers the revision that clients hear of by it.
Push = Callable[[int], int]


class Pushing:
    """A server of that name in a process of its own, for a `with` block. Raises EOFError when it ends too early."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, name],
            cwd=peers.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for who started it, and ends it by that
        )
        self.address = ""

    def __enter__(self) -> Pushing:
        try:
            self.address = self._line()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def push(self, frames: int, frames_per_s: int) -> None:
        """Begin to push so many frames, so many a second; `revision` waits for the end of it."""
        self._tell(f"push {frames} {frames_per_s}")

    def revision(self) -> int:
        """The revision of the last frame that was asked for."""
        return int(self._line())

    def spent_s(self) -> float:
        """The processor seconds that the process has taken since it began to push."""
        self._tell("spent")
        return float(self._line())

    def _tell(self, order: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout
        overdue = threading.Timer(PATIENCE_S, self._process.kill)
        overdue.start()
        try:
            line = self._process.stdout.readline().strip()
        finally:
            overdue.cancel()
            overdue.join()
        if not line:
            raise EOFError("a server that should push frames has ended, or says nothing")
        return line

    def _end(self) -> None:
        try:
            self._process.communicate(timeout=PATIENCE_S)  # nothing more to read ends it
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()


def obey(push: Push, end: Callable[[], object]) -> None:
    """Do what standard input says, on a thread of its own; `end` is called when it is over."""
    threading.Thread(target=_obey, args=(push, end), name="benchmark-orders", daemon=True).start()


def _obey(push: Push, end: Callable[[], object]) -> None:
    begun_s = 0.0
    try:
        for line in sys.stdin:
            order, *numbers = line.split()
            if order == "push":
                gc.collect()  # what handshakes have left: one run over all of it would be a tenth of what is counted
                begun_s = time.process_time()
                answer: float = _push_evenly(push, *map(int, numbers))
            else:
                answer = time.process_time() - begun_s
            print(answer, flush=True)
    except BrokenPipeError:
        pass  # nobody asks any more
    finally:
        end()


def _push_evenly(push: Push, frames: int, frames_per_s: int) -> int:
    begun, revision = time.monotonic(), 0
    for number in range(frames):
        time.sleep(max(0.0, begun + number / frames_per_s - time.monotonic()))
        revision = push(number)
    return revision


def serve_panel() -> None:
    """The panel of a host's application on gunicorn with threads; every frame is a change of so many records."""
    from flask import Flask

    from dashboard import Dashboard, gthread
    from dashboard.listening import listen, url_of
    from engine import TaskControl, TaskHandle

    taskman = TaskControl()
    app = Flask("host")
    app.config["TASK_CONTROL_MAX_SOCKETS"] = CLIENTS
    app.add_url_rule("/", "index", lambda: "the host's own page")
    Dashboard(taskman, app, url_prefix="/tasks")
    gthread.THREADS = THREADS
    listener = listen("127.0.0.1", 0)
    url = url_of(listener)

    handles: SimpleQueue[TaskHandle] = SimpleQueue()
    running: list[TaskHandle] = []

    def work(handle: TaskHandle) -> None:
        handles.put(handle)
        handle.sleep(3600)

    def push(number: int) -> int:
        for handle in running:
            handle.progress(number, 1_000, "x" * 40)
        return taskman.revision

    def begin() -> None:
        for _ in range(ROWS):
            taskman.add("Busy", work)
            running.append(handles.get())
        obey(push, lambda: os.kill(os.getppid(), signal.SIGTERM))
        print(f"{url}tasks/live", flush=True)

    gthread.run(app, listener, begin)


def serve_websockets() -> None:
    """The library's server, which broadcasts messages that are there already; no compression, all else as it comes."""
    if reason := peers.why_not("websockets"):
        raise SystemExit(reason)
    from websockets.asyncio.server import broadcast, serve

    async def sit(connection: Any) -> None:
        await connection.wait_closed()

    async def run() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        async with serve(sit, "127.0.0.1", 0, compression=None) as server:

            def push(number: int) -> int:
                loop.call_soon_threadsafe(broadcast, server.connections, message(number))
                return number

            obey(push, lambda: loop.call_soon_threadsafe(over.set))
            print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
            await over.wait()

    asyncio.run(run())


def serve_floor() -> None:
    """The loop that hands each frame to the system for one socket after the other."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    sockets: list[socket.socket] = []

    def push(number: int) -> int:
        frame = b"\x81\x7e" + FRAME_BYTES.to_bytes(2, "big") + message(number).encode()
        for sock in sockets:
            sock.sendall(frame)
        return number

    obey(push, lambda: os._exit(0))
    while True:
        sock, _ = listener.accept()
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        sockets.append(sock)


def message(number: int) -> str:
    """A message of the frame's size that tells its number as the revision."""
    head = json.dumps({"revision": number, "rows": ""}, separators=(",", ":"))[:-2]
    return head + "x" * (FRAME_BYTES - len(head) - 2) + '"}'


SERVERS = {PANEL: serve_panel, WEBSOCKETS: serve_websockets, FLOOR: serve_floor}

if __name__ == "__main__":
    SERVERS[sys.argv[1]]()
