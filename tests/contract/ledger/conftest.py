"""A ledger on a real Redis of each version, with a clock that the test moves."""

from collections.abc import Iterator, Mapping

import pytest
import redis

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.names import BELL_PREFIX
from stenopool.redis_pools import redis_client
from tests.contract.ledger.bench import Bench
from tests.contract.ledger.redis_content import TEST_BOOK


@pytest.fixture
def client(each_redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(each_redis_url) as client:
        yield client


@pytest.fixture
def bench(client: redis.Redis) -> Bench:
    """A ledger with an epoch, whose bells are rung."""

    def ring(bells: Mapping[str, int]) -> None:
        for queue, count in bells.items():
            client.lpush(BELL_PREFIX + queue, *["bell"] * count)

    bench = Bench(Ledger(client, ring, TEST_BOOK), client)
    bench.pass_time(0)
    bench.do(op.set_epoch("epoch-1"))
    return bench
