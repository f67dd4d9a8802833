"""The recipe for nginx does what it says: TLS, a prefix, the websocket, and no buffering."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.dashboard.raw_client import PATIENCE_S, RawClient
from tests.serving.nginx import needs_nginx, proxied, trusting

pytestmark = [pytest.mark.guarantee("P4"), needs_nginx]


class Site:
    """What a browser that asks for jobs.example.org gets from the proxy."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.name = f"jobs.example.org:{port}"
        self.origin = f"https://{self.name}"

    def ask(self, path: str, **headers: str) -> tuple[int, str]:
        wanted = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            headers={"Host": self.name} | headers,
            method=headers.pop("do", "GET"),
        )
        try:
            with urllib.request.urlopen(wanted, timeout=PATIENCE_S, context=trusting()) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def listen(self, **headers: str) -> contextlib.closing[RawClient]:
        said = {"Host": self.name, "Origin": self.origin} | headers
        return contextlib.closing(RawClient(self.port, "/ops/tasks/live", tls=trusting(), **said))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Lend the proxied site, one for all tests here."""
    with proxied(tmp_path_factory.mktemp("nginx")) as port:
        yield Site(port)


def test_pages_stand_below_the_prefix(site):
    """The page's links and files are addresses of the site, and lead where they say."""
    status, page = site.ask("/ops/tasks/")
    links = set(re.findall(r'(?:href|src)="(/[^"#]*)"', page))

    assert status == 200
    assert {link[:11] for link in links} == {"/ops/tasks/"}
    assert {site.ask(link)[0] for link in links} == {200}


def test_the_websocket_brings_changes_at_once(site):
    """The handshake passes, and what an action changes comes over the socket: nothing is held back."""
    with site.listen() as client:
        assert client.answer()[0] == 101
        [task] = client.message()["rows"]
        status, _ = site.ask(f"/ops/tasks/api/tasks/{task['id']}/cancellation", do="POST", Origin=site.origin)

        assert status == 202
        while (message := client.message())["type"] != "delta":
            pass
        assert [row["status"] for row in message["rows"]] == [4]


def test_another_sites_page_is_refused(site):
    """An origin that isn't the site's, its plain twin included, neither listens nor acts."""
    for origin in ("https://evil.example", f"http://{site.name}"):
        with site.listen(Origin=origin) as client:
            assert client.answer()[0] == 403
        assert site.ask("/ops/tasks/api/purges", do="POST", Origin=origin)[0] == 403


def test_another_name_is_refused(site):
    """A name that the app doesn't know is told so, also where a client claims another one."""
    status, text = site.ask("/ops/tasks/api/tasks", Host="evil.example", **{"X-Forwarded-Host": "jobs.example.org"})

    assert status == 403
    assert "evil.example" in json.loads(text)["error"]
