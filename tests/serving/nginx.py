"""A real nginx with the configuration that the docs show, before the app that the docs show."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.pages import PAGES, section
from tests.serving.servers import PATIENCE_S, Server, free_port

VARIABLE = "TASK_CONTROL_NGINX"
NGINX = shutil.which(os.environ.get(VARIABLE, "nginx"))
OPENSSL = shutil.which("openssl")

needs_nginx = pytest.mark.skipif(
    not (NGINX and OPENSSL), reason=f"needs nginx (on PATH, or its path in {VARIABLE}) and openssl"
)

_BESIDES = """
daemon off;
error_log stderr warn;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{server}
}}
"""
#: Goes after the app of the docs: gunicorn serves it, and a task runs that may be canceled.
_SERVE = """
from dashboard import gthread
from dashboard.listening import listen, url_of

listener = listen("127.0.0.1", 0, may_be_public=True)
url = url_of(listener)
taskman = app.extensions["task_control"]["/tasks"].panels[0].taskman

def begin():
    taskman.add("Runs", lambda task: task.sleep(600))
    print(url, flush=True)

gthread.run(app, listener, begin)
"""


def recipe(language: str) -> str:
    """The block of a language in the docs' section on proxies."""
    found = re.search(rf"```{language}\n(.*?)```", section(PAGES["docs/embedding.md"], "Behind a proxy"), re.DOTALL)
    assert found
    return found[1]


def configuration(folder: Path, port: int, behind: int) -> str:
    """The docs' configuration, with a port, a certificate and a server behind that are there."""
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/nginx/jobs.example.org": f"{folder}/tls",
        "http://127.0.0.1:8000/": f"http://127.0.0.1:{behind}/",
    }
    text = recipe("nginx")
    for before, after in changes.items():
        assert before in text, f"the recipe has no {before}"
        text = text.replace(before, after)
    return _BESIDES.format(folder=folder, server=text)


@contextlib.contextmanager
def proxied(folder: Path) -> Iterator[int]:
    """Serve the app of the docs behind nginx, and lend the port of the latter."""
    assert NGINX
    assert OPENSSL
    make = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=jobs.example.org"]
    subprocess.run(
        [*make, "-keyout", f"{folder}/tls.key", "-out", f"{folder}/tls.pem"], check=True, capture_output=True
    )
    server = Server(["-c", recipe("python") + _SERVE])
    port = free_port()
    (folder / "nginx.conf").write_text(configuration(folder, port, int(server.url.rstrip("/").rpartition(":")[2])))
    proxy = subprocess.Popen(
        [NGINX, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_for(port, proxy)
        yield port
    finally:
        proxy.terminate()
        proxy.communicate(timeout=PATIENCE_S)
        server.kill()
        server.process.communicate()


def trusting() -> ssl.SSLContext:
    """Take the certificate for what it is: one that nobody has signed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _wait_for(port: int, proxy: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and proxy.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    proxy.kill()
    raise AssertionError(f"nginx doesn't listen: {proxy.communicate()[1]}")
