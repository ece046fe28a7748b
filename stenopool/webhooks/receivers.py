"""A webhook's URL, taken apart once: what was checked is what is connected to. Pure; no name is looked up here."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

from stenopool.errors import ErrorCode, UsageError
from stenopool.webhooks.addresses import Address, Openings

MAX_URL_CHARS: Final = 2000

_PORTS: Final = {"http": 80, "https": 443}
_VISIBLE: Final = re.compile(r"[!-~]+")
_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?"
)
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a webhook goes."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """Name or address in lower case, without brackets."""
    port: int
    target: str
    """Path and query."""

    @property
    def address(self) -> Address | None:
        """The host, where it is an address."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """Host and, where it is not the usual one, port, as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_receiver(url: str) -> Receiver:
    """The receiver that a URL names.

    Raises:
        ValueError: with half a sentence on what is wrong.
    """
    if not 0 < len(url) <= MAX_URL_CHARS:
        raise ValueError(f"a URL has 1 to {MAX_URL_CHARS} characters")
    if _VISIBLE.fullmatch(url) is None or "\\" in url:
        raise ValueError("a URL has visible ASCII characters only; others are written as %xx, names as punycode")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("it is not a URL") from None
    if parts.scheme not in _PORTS:
        raise ValueError("it begins with https:// or http://")
    if "@" in parts.netloc:
        raise ValueError("it holds a user or password; secrets belong into the path or query")
    if parts.fragment:
        raise ValueError("it has a fragment, which is never sent")
    if port == 0:
        raise ValueError("there is no port 0")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Receiver(parts.scheme, _host(parts.hostname or ""), port or _PORTS[parts.scheme], target)


def require_receiver(url: str, openings: Openings) -> str:
    """A ``webhook_url`` as a client gives it, if one may be told there.

    Whether a name leads to an allowed address is seen at each delivery.

    Raises:
        UsageError: ``invalid_option`` with what is wrong.
    """
    try:
        receiver = read_receiver(url)
    except ValueError as error:
        _refuse(str(error))
    address = receiver.address
    is_opened = openings.names(receiver.host) or (address is not None and openings.contains(address))
    if receiver.scheme != "https" and not is_opened:
        _refuse("it begins with https://; http:// is for receivers that the operator opened")
    if address is not None and not is_opened and not openings.admits(address):
        _refuse("its address is not a public one; the operator may open it with WEBHOOK_ALLOWED_NETWORKS")
    return url


def _host(host: str) -> str:
    if ":" in host:
        return str(ipaddress.IPv6Address(_without_zone(host)))
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        # 2130706433, 0x7f.1 and 017700000001 are names to us and 127.0.0.1 to the resolver (WHATWG URL, host parsing).
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise ValueError("its host ends in a number and is no dotted IPv4 address") from None
    if _NAME.fullmatch(host) is None:
        raise ValueError("its host is no name or address")
    return host


def _without_zone(host: str) -> str:
    if "%" in host:
        raise ValueError("its address has a zone")
    return host


def _refuse(why: str) -> NoReturn:
    raise UsageError(ErrorCode.INVALID_OPTION, f"webhook_url: {why}", "see docs/how-to/webhooks.md")
