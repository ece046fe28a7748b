"""The ledger with a deadline: a caller of the API waits three seconds for Redis, never longer."""

import asyncio
from typing import Final, Protocol, TypeVar

from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.call import Call

T = TypeVar("T")

LEDGER_DEADLINE_S: Final = 2.5
"""The contract says 503 within 3 s; the rest is for parsing the request and writing the answer."""

CALLS_AT_ONCE: Final = 32
"""Calls under way, and so connections, of one process. Each takes a fraction of a millisecond; two hundred that begin
together would spend seconds on opening connections."""


class AnyLedger(Protocol):
    """What sends calls to the ledger: ``AsyncLedger``, or a fake of it."""

    async def do(self, call: Call[T]) -> T:
        """Sends the call and gives its answer."""
        ...


class PunctualLedger:
    """Passes calls on and gives up in time.

    Giving up says nothing about what happened: a frozen Redis runs the script when it thaws. So nobody deletes
    anything because of it (docs/explanation/ledger.md, rule 1).
    """

    def __init__(self, ledger: AnyLedger, deadline_s: float = LEDGER_DEADLINE_S) -> None:
        self._ledger = ledger
        self._deadline_s = deadline_s
        self._places = asyncio.Semaphore(CALLS_AT_ONCE)

    async def do(self, call: Call[T]) -> T:
        """Sends the call.

        Raises:
            TransientError: ``ledger_unavailable`` after the deadline at the latest.
        """
        try:
            async with asyncio.timeout(self._deadline_s), self._places:
                return await self._ledger.do(call)
        except TimeoutError as error:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer") from error
