"""Redis clients with the time-outs that every process keeps: a hung Redis costs a caller seconds, not minutes.

redis-py's own defaults repeat a call ten times with 5 s each. One repetition is enough here: every script may be
repeated (docs/explanation/ledger.md), and whoever calls knows better when to try again.
"""

from typing import Final

import redis
import redis.asyncio
import redis.asyncio.retry
import redis.retry
from redis.backoff import ExponentialBackoff

_TIMEOUT_S: Final = 1.0
_HEALTH_CHECK_S: Final = 15
_RETRIES: Final = 1
_LONGEST_PAUSE_S: Final = 0.1


def redis_client(address: str) -> redis.Redis:
    """A client for threads; it connects on first use, and is closed by its owner with ``close``."""
    return redis.Redis.from_url(
        address,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        health_check_interval=_HEALTH_CHECK_S,
        retry=redis.retry.Retry(ExponentialBackoff(cap=_LONGEST_PAUSE_S), _RETRIES),
        decode_responses=True,
        # The older protocol: the newer one makes every connection ask for features that Redis 6.2 does not have.
        protocol=2,
    )


def async_redis_client(address: str) -> redis.asyncio.Redis:
    """A client for an event loop; it connects on first use, and is closed by its owner with ``aclose``."""
    return redis.asyncio.Redis.from_url(
        address,
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
        health_check_interval=_HEALTH_CHECK_S,
        retry=redis.asyncio.retry.Retry(ExponentialBackoff(cap=_LONGEST_PAUSE_S), _RETRIES),
        decode_responses=True,
        protocol=2,
    )
