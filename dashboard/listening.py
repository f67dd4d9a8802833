"""Where a server listens: addresses that only this machine reaches, and what to do about those that can't be had."""

from __future__ import annotations

import errno
import ipaddress
import socket

from .problems import CannotServe


def listen(host: str, port: int, *, may_be_public: bool = False) -> socket.socket:
    """Listen on an address; 0 for any free port. Raises CannotServe, which says what to choose instead.

    Without `may_be_public`, which means that there is a login, it must be one that only this machine reaches.
    """
    if not 0 <= port <= 65535:
        raise CannotServe(f"{port} is no port: give a number from 1 to 65535, or 0 for any free one")
    family, address = _address_of(host, may_be_public)
    try:
        return socket.create_server((address, port), family=family, backlog=1024)
    except OSError as error:
        raise CannotServe(_why_not(error, host, port)) from error


def url_of(listener: socket.socket, host: str = "") -> str:
    """The URL of what is served there, under this name of the machine if one is given."""
    address, port = listener.getsockname()[:2]
    name = host or address
    if name in ("0.0.0.0", "::"):
        name = socket.gethostname()  # all addresses: the one that others may use
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def _address_of(host: str, may_be_public: bool) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", 0, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotServe(
            f"The host {host!r} can't be found ({error.strerror}): give this machine's, as --host 127.0.0.1"
        ) from error
    addresses = sorted((family, str(where[0])) for family, _, _, _, where in found)
    is_local = all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for _, address in addresses)
    if not is_local and not may_be_public:
        raise CannotServe(
            f"The panel is not opened to others, as on {host or 'all addresses'}, while it has no login: whoever"
            " reaches it could cancel and purge.\n"
            "To see it from another machine, keep --host 127.0.0.1 and open a tunnel there:"
            " ssh -L 5000:127.0.0.1:5000 <this machine>\n"
            "To serve others, give it a login (python wsgi.py --login token, dashboard.serve(..., password=...)), or"
            " embed it in your own Flask app with authorize=...: see docs/security.md"
        )
    return addresses[0]


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else 5000
        return (
            f"Port {port} on {host} is in use, by another program or another Task Control.\n"
            f"Choose one with --port {other}, or any free one with --port 0 (make run PORT={other})."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is kept from this account: choose one from 1024 up, as --port 5000"
    return f"Port {port} on {host} can't be served ({error.strerror}): choose others with --host and --port"
