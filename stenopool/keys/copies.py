"""Copies of key records in Redis: what spares the API the store, and what makes a revocation arrive at once.

A copy lives for a minute. So a copy that nobody could overwrite (Redis was away, or its address unknown to whoever
revoked) is wrong for a minute at most, and an empty Redis only means that the store is read again.
"""

from typing import Final

COPY_TTL_S: Final = 60
"""Seconds."""

_PREFIX: Final = "steno:key:"


def copy_name(key_id: str) -> str:
    """Redis key of a record's copy: a string, the record's JSON."""
    return _PREFIX + key_id
