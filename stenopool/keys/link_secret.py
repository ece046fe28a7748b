"""The secret that signs links: made once, kept in the store and nowhere else, so that an empty Redis voids no link."""

import secrets
from typing import Final

from stenopool.media.store import Store

LINK_SECRET_KEY: Final = "keys/links"  # noqa: S105 - where it stands, not what it is.
_BYTES: Final = 32


def known_link_secret(store: Store) -> bytes | None:
    """The secret; None where no link was ever made. Blocks; raises ``TransientError``: ``store_unavailable``."""
    try:
        return store.get(LINK_SECRET_KEY)
    except KeyError:
        return None


def link_secret(store: Store) -> bytes:
    """The secret, made where there is none: of two makers one wins. Blocks.

    Raises:
        TransientError: ``store_unavailable`` or ``disk_full``.
    """
    known = known_link_secret(store)
    if known is not None:
        return known
    store.put(LINK_SECRET_KEY, secrets.token_bytes(_BYTES))
    return store.get(LINK_SECRET_KEY)
