"""An office on a Redis of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stenopool.redis_pools import redis_client
from tests.integration.rebuild.office import Office


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as connected:
        yield connected


@pytest.fixture
def office(client: redis.Redis, tmp_path: Path) -> Office:
    return Office(client, tmp_path)
