"""Signed requests: HMAC-SHA256 over method, target, time and the body's digest; pure.

The text that is signed has four lines: method, path with its query as sent, Unix seconds, SHA-256 of the body in hex.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 300
"""A signature is good for so long, either way: clocks differ."""

SIGNATURE_PREFIX: Final = "v1="
"""Begins a signature; another scheme would begin otherwise."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers."""

    method: str
    target: bytes
    """Path and query as sent, for instance ``/jobs?limit=5``."""
    timestamp: str
    """Unix seconds, as sent."""
    body_sha256: str
    """Hex."""

    def text(self) -> bytes:
        """The text that is signed."""
        parts = (self.method.encode(), self.target, self.timestamp.encode(), self.body_sha256.encode())
        return b"\n".join(parts)


def signature(secret: str, request: SignedRequest) -> str:
    """The signature as it is sent."""
    return SIGNATURE_PREFIX + hmac.new(secret.encode(), request.text(), hashlib.sha256).hexdigest()


def is_signed(secret: str, request: SignedRequest, given: str, now_s: float) -> bool:
    """Whether ``given`` is the signature of ``request``, made within the window around ``now_s`` (Unix seconds)."""
    if not request.timestamp.isascii() or not request.timestamp.isdigit() or len(request.timestamp) > 12:
        return False
    is_recent = abs(now_s - int(request.timestamp)) <= WINDOW_S
    return hmac.compare_digest(signature(secret, request).encode(), given.encode()) and is_recent
