"""Signed links: who holds one may do one thing for a while, without a key; pure.

A token is a payload and its HMAC-SHA256, both base64url with a dot between. The HMAC is over the payload *as written*,
so that no second spelling of a token is good too.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_PURPOSE: Final = b"stenopool media link 1\n"
"""Part of what is signed: a link of another kind, or of a later form, is never taken for one of these."""

_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{40,200})\.([A-Za-z0-9_-]{43})")
_PAYLOAD: Final = re.compile(r"([0-9]{1,11})\n([0-9a-f]{32})\n([^\n]{1,64})")


@dataclass(frozen=True, slots=True)
class MediaLink:
    """What a link opens: the media of one job of one tenant."""

    job_id: str
    tenant: str
    expires_at: datetime
    """Aware UTC, whole seconds."""


def sign(secret: bytes, link: MediaLink) -> str:
    """The link's token, safe in a path as it is."""
    payload = _encode(f"{int(link.expires_at.timestamp())}\n{link.job_id}\n{link.tenant}".encode())
    return f"{payload}.{_mac(secret, payload)}"


def read(secret: bytes, token: str) -> MediaLink | None:
    """What an authentic token opens, expired or not; None for any other. Compares in constant time."""
    parts = _TOKEN.fullmatch(token)
    if parts is None or not hmac.compare_digest(_mac(secret, parts[1]), parts[2]):
        return None
    try:
        payload = _PAYLOAD.fullmatch(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None
    if payload is None:
        return None
    return MediaLink(payload[2], payload[3], datetime.fromtimestamp(int(payload[1]), UTC))


def _mac(secret: bytes, payload: str) -> str:
    return _encode(hmac.new(secret, _PURPOSE + payload.encode(), hashlib.sha256).digest())


def _encode(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode("ascii")
