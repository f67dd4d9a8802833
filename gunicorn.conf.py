"""For `gunicorn wsgi:app`, which reads this file by itself: one process, many threads, and an end without waiting."""

from dashboard.gthread import THREADS, post_worker_init, worker_exit

__all__ = ["post_worker_init", "worker_exit"]

bind = "127.0.0.1:5000"
worker_class = "gthread"
workers = 1  # one engine
threads = THREADS
timeout = 0  # a worker that is busy is not to be killed, with all its tasks
