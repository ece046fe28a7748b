"""Where the server is and how to talk to it: the part of a client that both twins share."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from stenopool_client._rules import Retries, Rules
from stenopool_client._steps import Call

__version__: Final = "0.1.0"
DEFAULT_URL: Final = "http://127.0.0.1:8000"

# A status may be held back for half a minute, and a slow disk may take in a large file.
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class Connection:
    """An address, a key, and the rules. The key is not shown."""

    url: str
    api_key: str | None = field(repr=False)
    rules: Rules

    @classmethod
    def of(cls, url: str | None, api_key: str | None, retries: Retries | None) -> "Connection":
        """What is not given comes from ``STENOPOOL_URL`` and ``STENOPOOL_API_KEY``, else this machine and no key.

        Raises:
            ValueError: the address is no ``http://`` or ``https://`` one, or the key cannot be sent.
        """
        address = (url or os.environ.get("STENOPOOL_URL") or DEFAULT_URL).rstrip("/")
        parsed = httpx.URL(address)
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"the address must be like http://host:8000, not {address!r}")
        key = api_key or os.environ.get("STENOPOOL_API_KEY") or None
        if key is not None and (not key.isascii() or not key.isprintable()):
            raise ValueError("the key holds signs that no key has")
        return cls(address, key, Rules(retries or Retries()))

    def http_arguments(self) -> dict[str, Any]:
        """What httpx's clients are made with."""
        return {
            "base_url": self.url,
            "headers": self._headers(),
            "timeout": _TIMEOUT,
            # One stream of events for each job that is followed.
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20),
            # A proxy of the environment cannot reach this very machine.
            "trust_env": not _is_loopback(httpx.URL(self.url).host),
        }

    def _headers(self) -> Mapping[str, str]:
        said = {"User-Agent": f"stenopool-client/{__version__} python-httpx/{httpx.__version__}"}
        return said | ({"Authorization": f"Bearer {self.api_key}"} if self.api_key else {})


def request_arguments(call: Call) -> dict[str, Any]:
    """What httpx's ``build_request`` is given; the upload is the driver's."""
    return {
        "method": call.method,
        "url": call.path,
        "params": call.params or None,
        "headers": dict(call.headers),
    }


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
