"""Sends what is in memory in pieces, so that a client that reads slowly fills no further buffer."""

from collections.abc import AsyncIterator
from typing import Final

_PIECE_BYTES: Final = 64 * 1024


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """The body, cut without copying the whole."""
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]
