"""What others have published, run as contestants: tasks that do nothing, then the results of all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from .contestants import WORKERS, Contestant, checked, work


def run_pebble(tasks: int) -> float:
    """Pebble's pool of threads."""
    from pebble import ThreadPool

    with ThreadPool(max_workers=WORKERS) as pool:
        begun = time.perf_counter()
        futures = [pool.schedule(work, args=(None,)) for _ in range(tasks)]
        results = [future.result() for future in futures]
        took_s = time.perf_counter() - begun
    return checked(took_s, results, tasks)


def run_joblib(tasks: int) -> float:
    """Joblib, which is told of all calls at once."""
    from joblib import Parallel, delayed

    with Parallel(n_jobs=WORKERS, backend="threading") as parallel:
        begun = time.perf_counter()
        results = parallel(delayed(work)(None) for _ in range(tasks))
        took_s = time.perf_counter() - begun
    return checked(took_s, results, tasks)


def run_flask_executor(tasks: int) -> float:
    """Flask-Executor within a request, whose context goes along with each task."""
    from flask import Flask
    from flask_executor import Executor

    app = Flask(__name__)
    app.config["EXECUTOR_MAX_WORKERS"] = WORKERS
    executor = Executor(app)
    with app.test_request_context():
        begun = time.perf_counter()
        futures = [executor.submit(work, None) for _ in range(tasks)]
        results = [future.result() for future in futures]
        took_s = time.perf_counter() - begun
    executor.shutdown()
    return checked(took_s, results, tasks)


def run_apscheduler(tasks: int) -> float:
    """APScheduler with jobs that are due at once; a listener takes their results."""
    from apscheduler.events import EVENT_JOB_EXECUTED
    from apscheduler.executors.pool import ThreadPoolExecutor as Pool
    from apscheduler.schedulers.background import BackgroundScheduler

    returned: SimpleQueue[Any] = SimpleQueue()
    # A job that is late is run all the same, however long the others before it take.
    defaults = {"misfire_grace_time": None}
    scheduler = BackgroundScheduler(executors={"default": Pool(WORKERS)}, job_defaults=defaults, timezone="UTC")
    scheduler.add_listener(lambda event: returned.put(event.retval), EVENT_JOB_EXECUTED)
    scheduler.start()
    begun = time.perf_counter()
    for _ in range(tasks):
        scheduler.add_job(work, args=(None,))
    results = [returned.get() for _ in range(tasks)]
    took_s = time.perf_counter() - begun
    scheduler.shutdown()
    return checked(took_s, results, tasks)


def run_huey(tasks: int) -> float:
    """Huey with its queue and results in memory."""
    from huey import MemoryHuey
    from huey.signals import SIGNAL_COMPLETE

    huey = MemoryHuey()
    call, completed = huey.task()(work), SimpleQueue[None]()
    huey.signal(SIGNAL_COMPLETE)(lambda *_: completed.put(None))
    with _huey_serving(huey):
        begun = time.perf_counter()
        pending = [call(None) for _ in range(tasks)]
        for _ in range(tasks):
            completed.get()
        results = [result.get() for result in pending]
        took_s = time.perf_counter() - begun
    return checked(took_s, results, tasks)


@contextmanager
def _huey_serving(huey: Any) -> Iterator[None]:
    # It polls an empty queue, ever more seldom by default; so seldom here that it costs nothing, and often enough.
    consumer = huey.create_consumer(workers=WORKERS, initial_delay=0.01, backoff=1.0, max_delay=0.01, periodic=False)
    threads = [thread for _, thread in consumer.worker_threads]
    for thread in threads:  # rather than consumer.start(), which takes over the signals of the process
        thread.start()
    try:
        yield
    finally:
        consumer.stop_flag.set()
        for thread in threads:
            thread.join()


def run_dramatiq(tasks: int) -> float:
    """Dramatiq with its broker and its results for tests, both in memory."""
    import dramatiq
    from dramatiq.brokers.stub import StubBroker
    from dramatiq.results import Results
    from dramatiq.results.backends import StubBackend

    backend = StubBackend()
    broker = StubBroker()
    broker.add_middleware(Results(backend=backend))
    actor = dramatiq.actor(work, broker=broker, store_results=True)
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=WORKERS)
    worker.start()
    begun = time.perf_counter()
    messages = [actor.send(None) for _ in range(tasks)]
    broker.join(actor.queue_name)
    results = [message.get_result(backend=backend) for message in messages]
    took_s = time.perf_counter() - begun
    worker.stop()
    broker.close()
    backend.results.clear()  # it belongs to the class
    return checked(took_s, results, tasks)


PEERS = (
    Contestant("pebble", run_pebble, "pebble"),
    Contestant("joblib", run_joblib, "joblib"),
    Contestant("Flask-Executor", run_flask_executor, "flask_executor"),
    Contestant("huey", run_huey, "huey"),
    Contestant("APScheduler", run_apscheduler, "apscheduler", most=10_000),
    Contestant("dramatiq", run_dramatiq, "dramatiq", most=10_000),
)
