"""Rate limits: slowapi, kept off the event loop and told to survive its storage (docs/decisions/0011-rate-limits.md).

A route says ``@limit_submissions`` below its router's decorator; the limiter itself is made with the process, because
importing a module opens nothing. All decorated routes share one count per caller.
"""

import inspect
import math
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

import anyio
import anyio.to_thread
import redis.retry
from fastapi import Request
from redis.backoff import NoBackoff
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded

from api.services.callers import Caller, bucket
from stenopool.errors import ErrorCode, TransientError
from stenopool.logs import get_logger

P = ParamSpec("P")
T = TypeVar("T")
Endpoint = Callable[..., Awaitable[Any]]

UNLIMITED: Final = "off"

REDIS_LIMIT_S: Final = 0.25
_WAIT_LIMIT_S: Final = 1.0
"""Redis that is slow but not dead: who waits longer for his turn is sent away, or the queue would only grow."""

_SCOPE: Final = "submit"
_KEY_PREFIX: Final = "steno:rate"

_LIMITED: Final[list[Endpoint]] = []
_rate: ContextVar[str] = ContextVar("rate")

_log = get_logger(__name__)


def limit_submissions(endpoint: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Counts calls of a route as submissions, before its body is read; too many are refused.

    The route takes ``request: Request`` and asks who calls (``TenantHere`` or ``CallerHere``).
    """
    if "request" not in inspect.signature(endpoint).parameters:
        raise TypeError(f"{endpoint} must take `request` to be limited")
    _LIMITED.append(endpoint)

    @wraps(endpoint)
    async def limited(*args: P.args, **kwargs: P.kwargs) -> T:
        request = kwargs["request"]
        assert isinstance(request, Request)  # noqa: S101 - for the type checker: FastAPI passes it by its name.
        limiter = cast("SubmissionLimiter", request.app.state.services.limiter)
        await limiter.check(request, endpoint)
        return await endpoint(*args, **kwargs)

    return limited


class SubmissionLimiter(Limiter):
    """slowapi's limiter, asked in a thread of its own, one question at a time.

    One at a time because slowapi keeps state between its steps (the request on a limit group, the mark that its storage
    is dead) that two threads would mix up. A question costs two Redis round trips.
    """

    def __init__(self, redis_url: str, rate: str) -> None:
        """``rate`` holds for callers without one of their own: ``<count>/minute`` and the like, or ``off``."""
        super().__init__(
            key_func=_bucket_of,
            # Exactly so many in any window, where the default (fixed-window) lets twice as many pass at its edge.
            strategy="moving-window",
            storage_uri=redis_url,
            storage_options=cast("dict[str, str]", _storage_options()),
            in_memory_fallback_enabled=True,
            key_prefix=_KEY_PREFIX,
            # The default counts each URL apart: with ids in paths that is no limit at all.
            key_style="endpoint",
            auto_check=False,
        )
        self._default_rate = rate
        self._turn = anyio.CapacityLimiter(1)
        for endpoint in _LIMITED:
            self.shared_limit(_rate_in_force, scope=_SCOPE)(endpoint)

    def get_app_config(self, key: str, default_value: Any = None) -> Any:  # noqa: ARG002 - slowapi's signature.
        """What the code says. slowapi would let ``.env`` or a ``RATELIMIT_*`` variable switch the limits off."""
        return default_value

    async def check(self, request: Request, endpoint: Endpoint) -> None:
        """Counts this request and puts ``RateLimit-*`` on its answer.

        Raises:
            TransientError: ``rate_limited``, or ``ledger_unavailable`` when Redis is too slow to be asked in turn.
        """
        caller: Caller = request.state.caller
        rate = caller.rate or self._default_rate
        if rate == UNLIMITED:
            return
        _rate.set(rate)
        try:
            with anyio.fail_after(_WAIT_LIMIT_S):
                retry_after_s = await anyio.to_thread.run_sync(
                    self._ask, request, endpoint, limiter=self._turn, abandon_on_cancel=True
                )
        except TimeoutError as error:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "submissions cannot be counted just now") from error
        if retry_after_s is not None:
            raise TransientError(
                ErrorCode.RATE_LIMITED, f"more than {rate} submissions", "wait", retry_after_s=retry_after_s
            )

    def close(self) -> None:
        """Drops the connections. slowapi has no word for it."""
        client = getattr(self._storage, "storage", None)
        if client is not None:
            client.close()

    def _ask(self, request: Request, endpoint: Endpoint) -> int | None:
        """Blocks; seconds until the next may come, None when this one may."""
        try:
            self._check_request_limit(request, endpoint, in_middleware=False)
        except RateLimitExceeded:
            return max(1, self._tell(request))
        self._tell(request)
        return None

    def _tell(self, request: Request) -> int:
        """Notes the headers of the answer; seconds until the oldest counted submission is forgotten."""
        item, names = request.state.view_rate_limit
        try:
            window = self.limiter.get_window_stats(item, *names)
        except redis.RedisError:
            # Counted a moment ago and gone since: the answer goes out without the figures.
            return int(item.get_expiry())
        reset_s = max(0, math.ceil(window.reset_time - time.time()))
        request.state.answer_headers = {
            "RateLimit-Policy": f"{item.amount};w={item.get_expiry()}",
            "RateLimit-Limit": str(item.amount),
            "RateLimit-Remaining": str(window.remaining),
            "RateLimit-Reset": str(reset_s),
        }
        return reset_s


def _bucket_of(request: Request) -> str:
    return bucket(request.state.caller, request.state.address)


def _rate_in_force() -> str:
    # A function of its own: slowapi looks at its signature, and a bound method of C has none.
    return _rate.get()


def _storage_options() -> dict[str, object]:
    return {
        "socket_timeout": REDIS_LIMIT_S,
        "socket_connect_timeout": REDIS_LIMIT_S,
        # redis-py's own default repeats ten times.
        "retry": redis.retry.Retry(NoBackoff(), 0),
        "protocol": 2,
        "key_prefix": _KEY_PREFIX,
    }
