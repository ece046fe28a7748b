"""The lock of whoever brings the ledger back to what the store knows. It saves work; two at once do no harm."""

import time
from contextlib import suppress
from typing import Final

import redis
from redis.exceptions import LockError

from stenopool.ids import new_id
from stenopool.ledger import keys

LOCK_S: Final = 15.0
"""One that died is followed by another after this long: until then submissions may be refused, so it is short."""


class RebuildLock:
    """Held from ``take`` to ``leave``, as long as ``keep`` is called every few seconds.

    Any call may raise ``redis.RedisError``; ``LockError``, which is one, says that the lock was lost.
    """

    def __init__(self, client: redis.Redis, name: str = keys.REBUILD_LOCK) -> None:
        self._lock = client.lock(name, timeout=LOCK_S, blocking=False, thread_local=False)
        self._renew_at = 0.0

    def take(self) -> bool:
        """Whether nobody else has it."""
        self._renew_at = time.monotonic() + LOCK_S / 3
        return bool(self._lock.acquire(token=new_id()))

    def keep(self) -> None:
        """Renews it when a third of its time is over: cheap enough for every step."""
        if time.monotonic() >= self._renew_at:
            self.renew()

    def renew(self) -> None:
        """Renews it now, and so makes sure that it is still held."""
        self._lock.reacquire()
        self._renew_at = time.monotonic() + LOCK_S / 3

    def leave(self) -> None:
        """Lets others in; nothing happens if it was lost."""
        with suppress(LockError):
            self._lock.release()
