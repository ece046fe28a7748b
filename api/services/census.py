"""The ledger's census for whoever looks in: taken at most once a second, however many ask."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from api.services.deadline import AnyLedger
from stenopool.ledger import operations as op
from stenopool.ledger.census import Census

_FRESH_S: Final = 1.0


class CensusWatch:
    """Censuses that may be a second old."""

    def __init__(self, ledger: AnyLedger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = asyncio.Lock()
        self._seen: tuple[float, Census] | None = None

    async def look(self) -> Census:
        """The census as it was at most a second ago. No round trip, or one.

        Raises:
            TransientError: ``ledger_unavailable``.
            FatalError: ``internal_error``: the script failed.
        """
        async with self._lock:
            if self._seen is None or self._clock() - self._seen[0] > _FRESH_S:
                census = await self._ledger.do(op.census())
                self._seen = (self._clock(), census)
            return self._seen[1]
