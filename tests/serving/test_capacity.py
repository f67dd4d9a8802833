"""Websockets never take all of the server's threads: beyond their share pages poll, and the site goes on."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from dashboard.capacity import Seats, most_sockets

pytestmark = pytest.mark.guarantee("P2")

#: An app with two panels, and a page of its own, on gunicorn with so many threads.
GUNICORN = """
import sys, threading
from flask import Flask
from dashboard import Dashboard, gthread
from dashboard.listening import listen, url_of
from engine import TaskControl

gthread.THREADS = {threads}
app = Flask("host")
app.add_url_rule("/", "index", lambda: "the host's own page")
for prefix in ("", "/other"):
    Dashboard(TaskControl(), app, url_prefix=prefix)
listener = listen("127.0.0.1", 0)
url = url_of(listener)
gthread.run(app, listener, lambda: print(url, flush=True))
"""


@pytest.mark.parametrize(
    ("threads", "most"), [(1, 0), (2, 0), (3, 1), (4, 2), (8, 6), (64, 48), (100, 75), (None, None)]
)
def test_the_share_of_the_sockets(threads, most):
    """Three quarters of the threads, and two are always left; without a known number there is no limit of this kind."""
    assert most_sockets(threads) == most


def test_a_seat_that_is_given_back_can_be_taken_again():
    """Seats are counted, not used up."""
    seats = Seats()
    answers = [seats.take(1), seats.take(1)]
    seats.give_back()

    assert [*answers, seats.take(1)] == [True, False, True]


def test_more_pages_than_threads_do_not_stop_the_site(start):
    """With four threads two pages get a websocket, all others a clean 503, and every address is answered as before."""
    server = start("-c", GUNICORN.format(threads=4))
    with ExitStack() as stack:
        pages = [stack.enter_context(server.page()) for _ in range(6)]

        answers = [server.get(""), server.health()["status"], '"snapshot"' in server.get("api/changes")]

        assert [page.status for page in pages] == [101, 101, 503, 503, 503, 503]
        assert answers == ["the host's own page", "ok", True]


def test_panels_of_one_server_share_its_threads(start):
    """What the websockets of one panel hold, those of another can't have."""
    server = start("-c", GUNICORN.format(threads=4))
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(server.page())

        assert stack.enter_context(server.page("/other/live")).status == 503


def test_a_place_that_is_given_up_is_free_again(start, until):
    """A page that is closed makes room for another one."""
    server = start("-c", GUNICORN.format(threads=3))
    with server.page() as first:
        assert first.status == 101

    def opens() -> bool:
        with server.page() as page:
            return page.status == 101

    assert until(opens, "the place of the closed page")


def test_a_server_with_a_single_thread_polls(start):
    """Where a websocket would hold the only thread, none is opened."""
    server = start("-c", GUNICORN.format(threads=1))
    with server.page() as page:
        assert page.status == 503
    assert '"snapshot"' in server.get("api/changes")
