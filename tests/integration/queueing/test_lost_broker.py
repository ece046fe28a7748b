"""A connection whose broker dies while a message is in hand, closed as Celery's consumer closes it."""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from kombu.entity import Queue
from kombu.messaging import Consumer
from redis.exceptions import ConnectionError as RedisConnectionError

from stenopool.local.redis_server import RedisServer
from stenopool.queueing.celery_app import celery_settings, make_app
from stenopool.queueing.reconnecting import ReconnectingConnection
from stenopool.settings import Settings

QUEUE: Any = Queue("held", routing_key="held")  # type: ignore[no-untyped-call]


@pytest.fixture
def connection(own_redis: RedisServer) -> Any:  # Kombu has no types.
    app = make_app("held", "", [])
    app.conf.update(celery_settings(Settings(redis_url=own_redis.url), ["held"]))
    opened = app.connection_for_read()
    assert isinstance(opened, ReconnectingConnection)
    return opened


def test_a_broker_that_dies_with_a_message_in_hand_ends_no_process(
    connection: Any, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving the message back would need what is thrown away with the broker; kombu ended the process over it."""
    held: list[object] = []
    channel, other = connection.default_channel, connection.channel()
    connection.Producer().publish({}, routing_key="held", declare=[QUEUE])
    consumer: Any = Consumer(channel, [QUEUE], callbacks=[lambda _, message: held.append(message)])  # type: ignore[no-untyped-call]
    consumer.consume()
    connection.drain_events(timeout=5)
    assert len(held) == 1
    # It asks for the next one, and is still waiting: that is how the end of Redis finds a worker.
    with suppress(TimeoutError):
        connection.drain_events(timeout=0.1)
    own_redis.stop()

    # Each channel finds out by itself, and kombu goes on with the next step at the first that fails to close.
    for each in (channel, other):
        monkeypatch.setattr(each, "_in_poll", True)
        monkeypatch.setattr(each, "_brpop_read", partial(_find_out, each))
    connection.collect(socket_timeout=0.1)
    assert not channel.closed

    connection.close()

    assert channel.closed


def _find_out(channel: Any) -> None:
    channel._in_poll = None
    raise RedisConnectionError
