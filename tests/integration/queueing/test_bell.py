"""Bells reach Redis under the key that the ledger counts, and a sick Redis costs a ringer two seconds at most."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest

from stenopool.local.redis_server import RedisServer
from stenopool.queueing.bell import MAX_BELLS, Bell, queue_key
from stenopool.queueing.names import BELL_PREFIX
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings

LIMIT_S = 2.0


@pytest.fixture
def bell(redis_url: str) -> Iterator[Bell]:
    made = Bell(load_settings({"REDIS_URL": redis_url}))
    yield made
    made.close()


def test_what_celery_publishes_is_counted_under_the_queue_key(bell: Bell, redis_url: str) -> None:
    bell.ring({"prepare": 3, "recognise.fake.a-1": 1})
    with redis_client(redis_url) as client:
        assert client.llen(queue_key("prepare")) == 3
        assert client.llen(queue_key("recognise.fake.a-1")) == 1
        # Nothing beside the two lists: no binding that could be lost, no list of another priority.
        assert sorted(client.keys("*")) == [queue_key("prepare"), queue_key("recognise.fake.a-1")]
        assert queue_key("prepare") == BELL_PREFIX + "prepare"


def test_no_call_rings_more_than_the_ledger_ever_asks_for(bell: Bell, redis_url: str) -> None:
    bell.ring({"prepare": 1_000_000})
    with redis_client(redis_url) as client:
        assert client.llen(queue_key("prepare")) == MAX_BELLS


def test_an_event_loop_rings_in_a_thread(bell: Bell, redis_url: str) -> None:
    asyncio.run(bell.ring_in_thread({"prepare": 2}))
    with redis_client(redis_url) as client:
        assert client.llen(queue_key("prepare")) == 2


def test_a_frozen_redis_costs_two_seconds_at_most_and_no_error(own_redis: RedisServer) -> None:
    bell = Bell(load_settings({"REDIS_URL": own_redis.url}))
    bell.ring({"prepare": 1})
    os.kill(own_redis.child.pid, signal.SIGSTOP)
    try:
        for fresh in (bell, Bell(load_settings({"REDIS_URL": own_redis.url}))):
            before = time.monotonic()
            fresh.ring({"prepare": 32, "house": 32})
            assert time.monotonic() - before < LIMIT_S
    finally:
        os.kill(own_redis.child.pid, signal.SIGCONT)


def test_a_bell_rings_again_after_redis_came_back(own_redis: RedisServer) -> None:
    bell = Bell(load_settings({"REDIS_URL": own_redis.url}))
    bell.ring({"prepare": 1})
    own_redis.kill()
    before = time.monotonic()
    bell.ring({"prepare": 32})
    assert time.monotonic() - before < LIMIT_S
    own_redis.start()
    bell.ring({"prepare": 1})
    with own_redis.client() as client:
        assert int(client.llen(queue_key("prepare"))) >= 1
