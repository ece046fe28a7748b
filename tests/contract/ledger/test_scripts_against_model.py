"""The Lua scripts do what the pure model does: the same walk through both, answer by answer and state by state."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import pytest
import redis
from hypothesis.stateful import run_state_machine_as_test

from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.names import BELL_PREFIX
from stenopool.redis_pools import redis_client
from tests.contract.ledger.redis_content import CLOCK_KEY, TEST_BOOK, read_content
from tests.unit.ledger.as_redis import expected_content
from tests.unit.ledger.machine import LedgerMachine
from tests.unit.ledger.walks import LIMIT_S, walk_settings

T = TypeVar("T")


class ComparingMachine(LedgerMachine):
    """Sends every call of the walk to a Redis too."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        self._client = client
        self._client.flushdb()
        self._ledger = Ledger(client, self._ring, TEST_BOOK)

    def compare(self, call: Call[T], answer: T) -> None:
        self._client.set(CLOCK_KEY, self.model.now)
        assert self._ledger.do(call) == answer, call
        assert read_content(self._client) == expected_content(self.model), call

    def hear_bell(self, pool: str) -> None:
        super().hear_bell(pool)
        assert self._client.rpop(BELL_PREFIX + pool) is not None

    def _ring(self, bells: Mapping[str, int]) -> None:
        for queue, count in bells.items():
            self._client.lpush(BELL_PREFIX + queue, *["bell"] * count)

    def teardown(self) -> None:
        """The model alone has shown that every run ends."""


@pytest.fixture
def client(each_redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(each_redis_url) as client:
        yield client


@pytest.mark.timeout(LIMIT_S)
def test_the_scripts_walk_as_the_model_does(client: redis.Redis) -> None:
    class Walk(ComparingMachine):
        def __init__(self) -> None:
            super().__init__(client)

    # The newer Redis is asked whether it differs from the older, and any walk tells.
    is_oldest = str(client.info("server")["redis_version"]).startswith("6.2.")
    run_state_machine_as_test(Walk, settings=walk_settings(examples=100 if is_oldest else 40, steps=50))
