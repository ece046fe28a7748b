"""Key records as the API looks them up: its own memory, then the copy in Redis, then the store.

Redis only spares the store. It is asked for a quarter of a second and, once it did not answer, not for a second more:
with Redis frozen or empty the same keys work, and no key still opens nothing.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

import anyio.to_thread
import redis.asyncio
from redis.exceptions import RedisError

from stenopool.keys.book import KeyBook
from stenopool.keys.copies import COPY_TTL_S, copy_name
from stenopool.keys.model import KeyRecord, read_key
from stenopool.logs import get_logger

REMEMBERED_S: Final = 5.0
"""A revocation reaches every process after so many seconds, where the revoker reached Redis."""
_MISSING_REMEMBERED_S: Final = 1.0
_REDIS_LIMIT_S: Final = 0.25
_REDIS_PAUSE_S: Final = 1.0
_MOST_REMEMBERED: Final = 4096
"""Anybody may ask for ids that do not exist: what is remembered of them is bounded."""

_log = get_logger(__name__)


class Keys(Protocol):
    """What the door asks of the book of keys."""

    async def get(self, key_id: str) -> KeyRecord | None:
        """A key's record, at most some seconds old; None where there is none."""
        ...

    async def is_closed(self) -> bool:
        """Whether a key has ever existed."""
        ...


class KnownKeys:
    """The book of keys behind two layers of short memory."""

    def __init__(self, book: KeyBook, client: redis.asyncio.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._book = book
        self._client = client
        self._clock = clock
        self._remembered: dict[str, tuple[float, KeyRecord | None]] = {}
        self._is_closed = False
        self._open_until = 0.0
        self._redis_rests_until = 0.0

    async def get(self, key_id: str) -> KeyRecord | None:
        """A key's record; None for none and for one that this release cannot read.

        Raises:
            TransientError: ``store_unavailable``.
        """
        now = self._clock()
        seen = self._remembered.get(key_id)
        if seen is not None and now < seen[0]:
            return seen[1]
        record = await self._copy(key_id) or await self._original(key_id)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key_id] = (now + (REMEMBERED_S if record else _MISSING_REMEMBERED_S), record)
        return record

    async def is_closed(self) -> bool:
        """Whether a key has ever existed: asked of the store, once a second, until it is so; then it stays so.

        Raises:
            TransientError: ``store_unavailable``: a store that does not answer opens no door.
        """
        if self._is_closed or self._clock() < self._open_until:
            return self._is_closed
        self._is_closed = await anyio.to_thread.run_sync(self._book.is_closed)
        self._open_until = self._clock() + _MISSING_REMEMBERED_S
        return self._is_closed

    async def _original(self, key_id: str) -> KeyRecord | None:
        try:
            record = await anyio.to_thread.run_sync(self._book.get, key_id)
        except ValueError:
            _log.exception("key_record_unreadable", key_id=key_id)
            return None
        if record is not None:
            await self._keep_copy(record)
        return record

    async def _keep_copy(self, record: KeyRecord) -> None:
        if self._clock() < self._redis_rests_until:
            return
        try:
            async with asyncio.timeout(_REDIS_LIMIT_S):
                # Only where there is none: one that a revocation has just written must stay.
                await self._client.set(copy_name(record.key_id), record.to_bytes(), ex=COPY_TTL_S, nx=True)
        except (RedisError, TimeoutError):
            self._redis_rests_until = self._clock() + _REDIS_PAUSE_S

    async def _copy(self, key_id: str) -> KeyRecord | None:
        if self._clock() < self._redis_rests_until:
            return None
        try:
            async with asyncio.timeout(_REDIS_LIMIT_S):
                body = await self._client.get(copy_name(key_id))
        except (RedisError, TimeoutError):
            self._redis_rests_until = self._clock() + _REDIS_PAUSE_S
            return None
        if body is None:
            return None
        try:
            record = read_key(body)
        except ValueError:
            return None
        # What lies in Redis is a copy of this very key or it is nothing.
        return record if record.key_id == key_id else None
