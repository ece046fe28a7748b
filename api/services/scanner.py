"""Whether the virus scanner answers: for health, and for refusing uploads while it does not."""

import asyncio
import time
from typing import Final

from stenopool.scanner import PING, PONG, ScannerAddress, scanner_unavailable

_FRESH_S: Final = 5.0
_LIMIT_S: Final = 1.0


class ScannerWatch:
    """Asks the scanner at most every five seconds, however many ask here."""

    def __init__(self, address: ScannerAddress, *, is_required: bool) -> None:
        """``is_required``: uploads are refused while the scanner is away; else they are taken and wait for it."""
        self.is_required = is_required
        self._address = address
        self._lock = asyncio.Lock()
        self._seen: tuple[float, bool] | None = None

    async def require(self) -> None:
        """Refuses an upload that could not be scanned, where the operator wants that.

        Raises:
            TransientError: ``scanner_unavailable``.
        """
        if self.is_required and not await self.answers():
            raise scanner_unavailable()

    async def answers(self) -> bool:
        """Whether it answered within a second, at most five seconds ago."""
        async with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _FRESH_S:
                is_there = await self._ping()
                self._seen = (time.monotonic(), is_there)
            return self._seen[1]

    async def _ping(self) -> bool:
        try:
            async with asyncio.timeout(_LIMIT_S):
                reader, writer = await self._connected()
                try:
                    writer.write(PING)
                    return await reader.readexactly(len(PONG)) == PONG
                finally:
                    writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.path:
            return await asyncio.open_unix_connection(self._address.path)
        return await asyncio.open_connection(self._address.host, self._address.port)
