"""A server that tells how it is, whatever its clients do."""

from __future__ import annotations

import json

from tests.serving.servers import Server

#: One task tells its progress all the time, 400 others make a snapshot larger than what a system buffers for a client.
PROGRAM = """
import ctypes, gc, os, re, signal, sys, threading, time
from flask import Flask, request
from dashboard import Dashboard, Pace, Served, gthread
from dashboard.listening import listen, url_of
from engine import TaskControl

# One arena for all threads: else what each of many happens to keep hides what is lost.
getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)(-8, 1)  # M_ARENA_MAX

def authorize(request):
    if "X-Raise" in request.headers:
        raise RuntimeError("the database of users is away")
    return "operator"

def ticks(task):
    for number in range(10**9):
        task.progress(number)
        task.sleep(0.05)

def settle():
    # What was freed is given back to the system, as far as the allocator can: else it counts for as long as it likes.
    gc.collect()
    getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)(0)

def stats():
    if "settle" in request.args:
        settle()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    hub = board.panels[0].hub
    # gunicorn's threads stay for the next requests, the engine's for a while for the next tasks
    idle = re.compile("ThreadPoolExecutor|task-control-[0-9]")
    ours = [one.name for one in threading.enumerate() if not idle.match(one.name)]
    return {
        "pid": os.getpid(), "sockets": hub.count(), "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(ours), "kilobytes": pages * os.sysconf("SC_PAGESIZE") // 1024,
    }

def fails():
    raise ValueError("it had to")

def work():
    first = taskman.add("first", lambda task: [task.progress(n, 5, "step") or task.sleep(0.02) for n in range(5)])
    taskman.add("behind", lambda task: task.log("done"), depend_on=first, get_result=True)
    taskman.add("fails", fails)
    taskman.add("is stopped", lambda task: task.sleep(60), thread_timeout=0.2)
    return taskman.add("waits to be canceled", lambda task: task.sleep(0.7))

def jump():
    right, seconds = time.time, float(request.args["seconds"])
    time.time = lambda: right() + seconds
    return "jumped"

def hold():
    # A call into C that keeps the interpreter, but not the processor: as long on a busy machine as on an idle one.
    micros = int(float(request.args["seconds"]) * 1e6)
    holds = taskman.add("holds the interpreter", lambda: ctypes.PyDLL(None).usleep(micros))
    if "wait" in request.args:
        taskman.wait(holds)
    return "held"

taskman = TaskControl(history=256)
app = Flask("host")
app.config["TASK_CONTROL_MAX_SOCKETS"] = 350
app.config["TASK_CONTROL_ACTIONS_PER_MINUTE"] = 1_000_000
board = Dashboard(taskman, url_prefix="", authorize=authorize)
board.pace = Pace(stall_s=1.0, ping_s=0.5, unheard_s=2.0, heartbeat_s=0.5)
board.init_app(app)
app.add_url_rule("/stats", "stats", stats)
app.add_url_rule("/work", "work", work)
app.add_url_rule("/hold", "hold", hold)
app.add_url_rule("/jump", "jump", jump)
gthread.THREADS = 500
listener = listen("127.0.0.1", 0)
url = url_of(listener)

def begin():
    taskman.wait([taskman.add("x" * 300, lambda: None) for _ in range(400)])
    taskman.add("ticks", ticks)
    print(url, flush=True)
"""
#: glibc keeps some freed memory for each thread: with hundreds of them that goes on growing long after nothing is lost.
HOARDS_NOTHING = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
ENDS = {
    "gunicorn": "gthread.run(app, listener, begin)",
    "werkzeug": "served = Served(app, listener, board.close)\nbegin()\nthreading.Event().wait()",
}


class FaultyServer(Server):
    """A server that runs the program above."""

    def __init__(self, kind: str) -> None:
        super().__init__(["-c", f"{PROGRAM}\n{ENDS[kind]}\n"], environment=HOARDS_NOTHING)
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def stats(self, *, settled: bool = False) -> dict[str, int]:
        """Its open websockets, descriptors, threads and memory; `settled` has it give back first what it can."""
        return json.loads(self.get("stats?settle" if settled else "stats"))
