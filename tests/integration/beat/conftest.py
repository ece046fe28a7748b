"""An office and whoever delivers its webhooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stenopool.redis_pools import redis_client
from tests.integration.beat.post_office import Round
from tests.integration.rebuild.office import Office


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as connected:
        yield connected


@pytest.fixture
def office(client: redis.Redis, tmp_path: Path) -> Office:
    return Office(client, tmp_path)


@pytest.fixture
def deliver(office: Office, redis_url: str) -> Round:
    return Round(office, redis_url)
