"""Keeps one receiver from taking all hands: a few deliveries to it at once, a few more in line, the rest another time."""

import asyncio
import random
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

AT_ONCE: Final = 8
"""Requests under way to one host and port."""

IN_HAND: Final = 24
"""Those and the ones in line: at 16 s a request the last is through within 48 s, inside the lease."""

_REMEMBERED: Final = 1_000
"""Receivers of whom it is known how they answered last."""

_WELL_MS: Final = 1_000
_ILL_MS: Final = 15_000
"""A receiver that fails gets its next ones later: each look costs a read of the store."""


class Crowd:
    """Deliveries in hand, by receiver. For one event loop."""

    def __init__(self) -> None:
        self._in_hand: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._is_well: OrderedDict[str, bool] = OrderedDict()

    def is_full(self, receiver: str) -> bool:
        """Whether as many are in hand as may be."""
        return self._in_hand[receiver] >= IN_HAND

    def pause_ms(self, receiver: str) -> int:
        """After how long another look is worth it."""
        pause_ms = _WELL_MS if self._is_well.get(receiver, True) else _ILL_MS
        return round(pause_ms * (0.5 + random.random()))  # noqa: S311 - spreads repetitions.

    @asynccontextmanager
    async def turn(self, receiver: str) -> AsyncIterator[None]:
        """Waits in line, and holds the place."""
        self._in_hand[receiver] += 1
        turns = self._turns.setdefault(receiver, asyncio.Semaphore(AT_ONCE))
        try:
            async with turns:
                yield
        finally:
            self._in_hand[receiver] -= 1
            if not self._in_hand[receiver]:
                del self._in_hand[receiver]
                del self._turns[receiver]

    def remember(self, receiver: str, *, is_well: bool) -> None:
        """How the receiver answered last."""
        self._is_well[receiver] = is_well
        self._is_well.move_to_end(receiver)
        if len(self._is_well) > _REMEMBERED:
            self._is_well.popitem(last=False)
