"""The login of the panel's own servers: needed before others are served, a password or a link with a token."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

import dashboard
from dashboard.login import TRIES_PER_MINUTE, Login
from tests.dashboard.raw_client import RawClient
from tests.dashboard.test_access import HANDSHAKE
from tests.serving.servers import PATIENCE_S, ROOT

pytestmark = pytest.mark.guarantee("P5")

PASSWORD = "a long enough one"
OWN = {"Origin": "http://localhost"}


@pytest.fixture
def client(taskman):
    """A browser at an app that asks for the password."""
    return dashboard.create_app_with_login(taskman, Login(PASSWORD), "127.0.0.1").test_client()


def give(client, password=PASSWORD, headers=OWN):
    return client.post("/login", data={"password": password}, headers=headers)


def test_nothing_is_shown_before_the_login(client):
    """Pages lead to the login, everything else is refused, the handshake too; only styles and scripts are served."""
    page = client.get("/")
    statuses = [client.get(path).status_code for path in ("/api/tasks", "/api/changes", "/healthz", "/api/export.csv")]
    acted = client.post("/api/purges", json={"dry_run": True}, headers=OWN).status_code
    shook = client.get("/live", headers=HANDSHAKE | OWN).status_code
    sheet = re.search(r'href="(/s/[^"]+\.css)"', client.get("/login").text)[1]

    assert (page.status_code, page.location) == (303, "/login")
    assert (statuses, acted, shook) == ([403] * 4, 403, 403)
    assert client.get(sheet).status_code == 200


def test_the_login_leads_nowhere_else(client):
    """The page of the login has no links to views that it would only be led back from."""
    assert 'aria-label="Views"' not in client.get("/login").text
    give(client)
    assert 'aria-label="Views"' in client.get("/").text


def test_the_password_opens_the_panel(client):
    """After it the browser sees and acts; the cookie can't be read by scripts nor sent by other sites' forms."""
    answer = give(client)

    assert (answer.status_code, answer.location) == (303, "/")
    assert ["HttpOnly" in answer.headers["Set-Cookie"], "SameSite=Lax" in answer.headers["Set-Cookie"]] == [True, True]
    assert client.get("/").status_code == 200
    assert client.post("/api/purges", json={"dry_run": True}, headers=OWN).status_code == 200


def test_a_wrong_password_opens_nothing(client):
    """It is told, and gives no session."""
    answer = give(client, "a wrong one, long")

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)
    assert client.get("/api/tasks").status_code == 403


def test_trying_is_slow(client):
    """After some tries even the right password has to wait."""
    for _ in range(TRIES_PER_MINUTE):
        give(client, "a wrong one, long")

    assert give(client).status_code == 429


def test_a_logout_ends_the_session(client):
    """The cookie of before means nothing any more."""
    cookie = give(client).headers["Set-Cookie"].partition(";")[0]
    client.post("/logout", headers=OWN)

    assert client.get("/api/tasks", headers={"Cookie": cookie}).status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {}, {"Host": "evil.example"}])
def test_the_login_is_taken_from_its_own_page_alone(client, headers):
    """No other site can log a browser in, nor a name that isn't known."""
    assert give(client, headers=headers).status_code == 403


def test_a_link_with_the_token_opens_the_panel(taskman):
    """Who opens it is led to the panel with the token gone from the address; another token isn't taken."""
    login = Login()
    app = dashboard.create_app_with_login(taskman, login, "127.0.0.1")
    link = login.link("http://localhost/")

    opened, wrong = (app.test_client().get(address) for address in (link, link[:-1]))

    assert (opened.status_code, opened.location, "Set-Cookie" in opened.headers) == (303, "/", True)
    assert (wrong.status_code, "Set-Cookie" in wrong.headers) == (403, False)


def test_a_short_password_is_not_taken():
    """What can be guessed protects nobody."""
    with pytest.raises(ValueError, match="at least 8"):
        Login("short")


def test_a_password_serves_others(taskman):
    """dashboard.serve takes a password for an address that others reach, and asks for it."""
    with dashboard.serve(taskman, host="0.0.0.0", port=0, password=PASSWORD) as served:
        port = int(served.url.rstrip("/").rpartition(":")[2])
        page = RawClient(port)
        try:
            assert page.answer()[0] == 403
        finally:
            page.close()


def test_a_password_and_a_hook_are_too_much(taskman):
    """Which of them decides must be clear."""
    with pytest.raises(TypeError, match="not both"):
        dashboard.serve(taskman, port=0, password=PASSWORD, authorize=lambda request: True)


def test_wsgi_serves_others_with_a_token(start):
    """With --login token every address may be served, and the printed link opens the panel."""
    server = start("wsgi.py", "--host", "0.0.0.0", "--port", "0", "--login", "token")
    link = re.sub(r"//[^:]+:", "//127.0.0.1:", re.search(r"http://\S+", server.first_line)[0])
    server.url = re.match(r"http://[^/]+/", link)[0]

    assert "login?token=" in link
    assert server.ask("api/tasks")[0] == 403
    assert server.ask(link.removeprefix(server.url))[0] == 200  # redirected to the login page again: no cookies here
    assert server.end(signal.SIGTERM)[0] == 0


def test_wsgi_refuses_a_weak_password():
    """The password comes from the environment, never from the command line, and a short one isn't taken."""
    done = subprocess.run(
        [sys.executable, "wsgi.py", "--port", "0", "--login", "password"],
        cwd=ROOT,
        env={**os.environ, "TASK_CONTROL_PASSWORD": "short"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "at least 8" in done.stderr
