"""The TASK_CONTROL_ settings in the host app's Flask configuration, read each time they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .problems import BadSetting


class Settings:
    """Reads the settings; the configuration stays the host's. BadSetting for values that can't be used."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    @property
    def hosts(self) -> frozenset[str]:
        """Host names besides loopback, `name` for any port or `name:port`; in lower case."""
        return self._names("TASK_CONTROL_HOSTS", "a list of host names")

    @property
    def origins(self) -> frozenset[str]:
        """Origins besides the panel's own, as `https://name` or `https://name:port`; in lower case."""
        return self._names("TASK_CONTROL_ORIGINS", "a list of origins such as https://example.org")

    @property
    def frame_ancestors(self) -> str:
        """Who may show the panel in a frame, in the words of the policy."""
        value = self._config.get("TASK_CONTROL_FRAME_ANCESTORS", "'none'")
        readable = isinstance(value, str) and value.strip() and value.isascii() and value.isprintable()
        if readable and not set(value) & set(";,"):  # either would end the policy
            return str(value).strip()
        raise BadSetting("TASK_CONTROL_FRAME_ANCESTORS", value, "sources such as 'self' https://example.org, or 'none'")

    @property
    def max_sockets(self) -> int:
        """How many websockets may be open; each holds one of the server's threads."""
        return self._count("TASK_CONTROL_MAX_SOCKETS", 256, least=0)

    @property
    def actions_per_minute(self) -> int:
        """How many actions may come from one address within a minute."""
        return self._count("TASK_CONTROL_ACTIONS_PER_MINUTE", 600, least=0)

    @property
    def max_rows(self) -> int:
        """How many of the newest tasks a snapshot carries."""
        return self._count("TASK_CONTROL_MAX_ROWS", 20_000, least=1)

    def _names(self, name: str, expected: str) -> frozenset[str]:
        value = self._config.get(name) or ()
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(names, list | tuple | set | frozenset) or not all(isinstance(n, str) for n in names):
            raise BadSetting(name, value, expected)
        return frozenset(one.strip().lower().rstrip("/") for one in names)

    def _count(self, name: str, default: int, least: int) -> int:
        value = self._config.get(name, default)
        if type(value) is not int or value < least:
            raise BadSetting(name, value, f"a whole number, {least} or more")
        return value
