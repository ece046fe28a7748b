"""Sends calls to Redis: a synchronous and an asynchronous twin, nothing else differs between them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import redis
import redis.asyncio

from stenopool.errors import ErrorCode, FatalError, LedgerFullError, StenopoolError, TransientError
from stenopool.ledger.answers import Answer
from stenopool.ledger.call import Call
from stenopool.ledger.lua import ScriptBook
from stenopool.logs import get_logger
from stenopool.queueing.names import BELL_PREFIX

T = TypeVar("T")

Ring = Callable[[Mapping[str, int]], object]
"""Publishes so many bells per queue."""
AsyncRing = Callable[[Mapping[str, int]], Awaitable[object]]
"""As ``Ring``, awaited."""

_log: Final = get_logger(__name__)
_BOOK: Final = ScriptBook()
# Refusals of Redis itself that reach a script from inside; anything else a script stumbles over is our fault.
_FULL: Final = "OOM "
_REDIS_REFUSES: Final = (_FULL, "MISCONF ", "READONLY ", "LOADING ", "MASTERDOWN ", "NOREPLICAS ")


class Ledger:
    """The ledger for code that blocks. Safe to share between threads, as its client is."""

    def __init__(self, client: redis.Redis, ring: Ring, scripts: ScriptBook = _BOOK) -> None:
        """``client`` decodes its answers; ``ring`` gets every answer's bells, its failure is logged and forgotten."""
        self._client = client
        self._ring = ring
        self._scripts = scripts

    def do(self, call: Call[T]) -> T:
        """Sends the call and rings its bells. One Redis round trip, two the first time after a Redis start.

        Raises:
            TransientError: ``ledger_unavailable``: no answer, which does not mean that nothing happened; but for
                ``LedgerFullError``, which does.
            FatalError: ``internal_error``: a script failed.
        """
        answer = call.decode(self._run(call))
        bells = _bells(answer)
        if bells:
            try:
                self._ring(bells)
            except Exception as error:  # noqa: BLE001 - whatever the broker raises: the sweep rings again.
                _log.warning("bells_not_rung", queues=sorted(bells), error=type(error).__name__)
        return answer

    def _run(self, call: Call[T]) -> str:
        script = self._scripts[call.script]
        try:
            try:
                return str(self._client.evalsha(script.sha, 0, call.argument, BELL_PREFIX))
            except redis.exceptions.NoScriptError:
                return str(self._client.eval(script.text, 0, call.argument, BELL_PREFIX))
        except redis.RedisError as error:
            raise _fault(error) from error


class AsyncLedger:
    """The ledger for code on an event loop."""

    def __init__(self, client: redis.asyncio.Redis, ring: AsyncRing, scripts: ScriptBook = _BOOK) -> None:
        """As ``Ledger``, with an asynchronous client and ring."""
        self._client = client
        self._ring = ring
        self._scripts = scripts

    async def do(self, call: Call[T]) -> T:
        """As ``Ledger.do``, errors included."""
        answer = call.decode(await self._run(call))
        bells = _bells(answer)
        if bells:
            try:
                await self._ring(bells)
            except Exception as error:  # noqa: BLE001 - whatever the broker raises: the sweep rings again.
                _log.warning("bells_not_rung", queues=sorted(bells), error=type(error).__name__)
        return answer

    async def _run(self, call: Call[T]) -> str:
        script = self._scripts[call.script]
        try:
            try:
                return str(await self._client.evalsha(script.sha, 0, call.argument, BELL_PREFIX))
            except redis.exceptions.NoScriptError:
                return str(await self._client.eval(script.text, 0, call.argument, BELL_PREFIX))
        except redis.RedisError as error:
            raise _fault(error) from error


def _bells(answer: object) -> Mapping[str, int]:
    return answer.bells if isinstance(answer, Answer) else {}


def _fault(error: redis.RedisError) -> StenopoolError:
    text = str(error)
    # Redis' refusals have classes of their own where Redis 7 names them, and stand in the text where 6.2 wraps them.
    is_ours = type(error) is redis.ResponseError and "user_script" in text
    if is_ours and not any(refusal in text for refusal in _REDIS_REFUSES):
        return FatalError(ErrorCode.INTERNAL_ERROR, "a script of the ledger failed")
    if isinstance(error, redis.exceptions.OutOfMemoryError) or _FULL in text:
        return LedgerFullError()
    return TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
