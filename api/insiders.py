"""Who may look inside: whoever asks from this very machine, and whoever shows METRICS_TOKEN. For others nothing is there."""

import ipaddress
import secrets
from typing import Final

from fastapi import Depends, Request

from api.dependencies import ServicesHere
from stenopool.errors import ErrorCode, UsageError

_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")
_OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def require_insider(request: Request, services: ServicesHere) -> None:
    """Lets insiders pass.

    Raises:
        UsageError: ``not_found``, the same as for an address where nothing is.
    """
    if _shows_token(request, services.insider_token) or _is_at_home(request):
        return
    raise UsageError(ErrorCode.NOT_FOUND, "there is nothing at this address", "GET /docs lists what there is")


def _shows_token(request: Request, token: str | None) -> bool:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    return secrets.compare_digest(shown.strip().encode(), token.encode())


def _is_at_home(request: Request) -> bool:
    """Whether a program on this machine asks, not a proxy on it for somebody else, and not a web page in its browser.

    A page that has its own name resolve to 127.0.0.1 still sends that name as Host.
    """
    if any(name in request.headers for name in _FORWARDED) or request.url.hostname not in _OWN_NAMES:
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


InsidersOnly: Final = Depends(require_insider)
