"""A Redis that does not answer costs its caller a few seconds, and a client that is closed holds no connection."""

import asyncio
import signal
import time
from collections.abc import Callable

import pytest
import redis

from stenopool.local.redis_server import RedisServer
from stenopool.redis_pools import async_redis_client, redis_client

LONGEST_WAIT_S = 4.0
"""Two tries of a second each, and room for a busy machine."""


@pytest.fixture
def frozen_redis(own_redis: RedisServer) -> RedisServer:
    own_redis.child.signal(signal.SIGSTOP)
    return own_redis


def _ask(address: str) -> None:
    with redis_client(address) as client:
        client.ping()


def _ask_on_a_loop(address: str) -> None:
    async def ask() -> None:
        async with async_redis_client(address) as client:
            await client.ping()

    asyncio.run(ask())


@pytest.mark.parametrize("ask", [_ask, _ask_on_a_loop])
def test_a_frozen_redis_is_given_up_after_one_repetition(frozen_redis: RedisServer, ask: Callable[[str], None]) -> None:
    began = time.monotonic()
    with pytest.raises(redis.exceptions.RedisError):
        ask(frozen_redis.url)
    frozen_redis.child.signal(signal.SIGCONT)
    assert time.monotonic() - began < LONGEST_WAIT_S


@pytest.mark.parametrize("ask", [_ask, _ask_on_a_loop])
def test_each_redis_version_is_understood(each_redis_url: str, ask: Callable[[str], None]) -> None:
    ask(each_redis_url)


def test_a_closed_client_holds_no_connection(own_redis: RedisServer) -> None:
    _ask(own_redis.url)
    with own_redis.client() as observer:
        assert len(observer.client_list()) == 1
