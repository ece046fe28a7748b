"""What the API knows of the worker pools: identity, live workers, backlog; looked up at most once a second."""

import time
from collections.abc import Callable
from typing import Final

from api.services.deadline import AnyLedger
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger import operations as op
from stenopool.ledger.model import PoolView

_FRESH_S: Final = 1.0


class PoolWatch:
    """Views of pools for answers that may be a second old: warnings in a status, health."""

    def __init__(self, ledger: AnyLedger, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._seen: dict[str, tuple[float, PoolView]] = {}

    async def view(self, pool: str) -> PoolView:
        """The pool as it was at most a second ago. No round trip, or one.

        Raises:
            TransientError: ``ledger_unavailable``.
        """
        seen = self._seen.get(pool)
        if seen is not None and self._clock() - seen[0] < _FRESH_S:
            return seen[1]
        return await self.look(pool)

    async def look(self, pool: str) -> PoolView:
        """The pool as it is now. One round trip.

        Raises:
            TransientError: ``ledger_unavailable``.
        """
        view = await self._ledger.do(op.pool_view(pool))
        self._seen[pool] = (self._clock(), view)
        return view

    async def identity(self, pool: str) -> str:
        """The engine identity that the pool's workers registered, canonical JSON.

        Raises:
            TransientError: ``no_worker_for_model`` when no worker ever served it, ``ledger_unavailable``.
        """
        view = await self.look(pool)
        if view.identity is None:
            raise TransientError(
                ErrorCode.NO_WORKER_FOR_MODEL,
                "no worker has ever served this model",
                "start a worker with the API's ENGINE and MODEL_SIZE and wait until it is ready",
                retry_after_s=30,
            )
        return view.identity
