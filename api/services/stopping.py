"""The order to stop, as the services of this process see it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from stenopool.errors import ErrorCode, TransientError

_LAST_WORDS_S: Final = 5.0
"""What the server broke off clears up after itself and tells its client why; that takes a moment, not longer."""


class Stopping:
    """Whether this process was told to stop. What it has begun it finishes, within the server's grace."""

    def __init__(self) -> None:
        self._asked = False
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def in_hand(self) -> Iterator[None]:
        """A request is being answered for as long as the block lasts."""
        self._in_hand += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def until_answered(self) -> None:
        """Waits until no request is in hand, a few seconds at most: the process ends right after."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._idle.wait()

    @property
    def asked(self) -> bool:
        """Whether the order came."""
        return self._asked

    def ask(self) -> None:
        """The order has come; it is never taken back."""
        self._asked = True

    def require_going_on(self) -> None:
        """Refuses what is only begun now.

        Raises:
            TransientError: ``shutting_down``.
        """
        if self._asked:
            raise TransientError(ErrorCode.SHUTTING_DOWN, "this process is stopping", "try again", retry_after_s=1)
