"""What a key looks like, how it is made and how it is compared; pure.

``sk_<key id>_<secret>``: the id (12 hex digits) finds the record, the secret is 256 random bits. Everything is compared
as bytes: ``compare_digest`` refuses text beyond ASCII with an error, and a header may hold any bytes.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

_KEY: Final = re.compile(rb"sk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_LONGEST_BYTES: Final = 8192

MISSING_DIGEST: Final = "0" * 64
"""Compared with when there is no record, so that a miss costs what a hit costs. No SHA-256 anybody could find."""


def mint_key() -> tuple[str, str]:
    """A fresh key and its id."""
    key_id = secrets.token_hex(6)
    return f"sk_{key_id}_{secrets.token_urlsafe(32)}", key_id


def mint_signing_secret() -> str:
    """A fresh secret for signing requests, 256 random bits."""
    return f"sig_{secrets.token_urlsafe(32)}"


def mint_webhook_secret() -> str:
    """A fresh secret for signing webhooks, 256 random bits, in the notation of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}"


def key_id_of(credential: bytes) -> str | None:
    """The id in a key; None for what is no key of ours."""
    found = _KEY.fullmatch(credential)
    return found.group(1).decode("ascii") if found else None


def digest_of(credential: bytes) -> str:
    """SHA-256 of a credential, hex. Longer ones than any header may be are cut: they match nothing anyway."""
    return hashlib.sha256(credential[:_LONGEST_BYTES]).hexdigest()


def is_same_digest(one: str, other: str) -> bool:
    """Whether two digests agree, in a time that does not tell where they differ."""
    return secrets.compare_digest(one.encode(), other.encode())
