"""Both ledgers, the one that blocks and the one that does not, behave alike on a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
import redis

from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import AsyncLedger, Ledger
from stenopool.ledger.model import Submission
from stenopool.local.redis_server import RedisServer
from stenopool.redis_pools import async_redis_client, redis_client
from tests.contract.ledger.bench import POOL, POOLS, TIMING

T = TypeVar("T")


@dataclass
class Bells:
    """Keeps what was rung; fails when told to."""

    rung: list[Mapping[str, int]] = field(default_factory=list)
    is_broken: bool = False

    def ring(self, bells: Mapping[str, int]) -> None:
        if self.is_broken:
            raise ConnectionError("the broker is away")
        self.rung.append(bells)

    async def ring_async(self, bells: Mapping[str, int]) -> None:
        self.ring(bells)


class Blocking:
    """The synchronous ledger."""

    def __init__(self, address: str, bells: Bells) -> None:
        self._address, self._bells = address, bells

    def do(self, call: Call[T]) -> T:
        with redis_client(self._address) as client:
            return Ledger(client, self._bells.ring).do(call)


class OnALoop:
    """The asynchronous ledger."""

    def __init__(self, address: str, bells: Bells) -> None:
        self._address, self._bells = address, bells

    def do(self, call: Call[T]) -> T:
        async def send() -> T:
            async with self._client() as ledger:
                return await ledger.do(call)

        return asyncio.run(send())

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AsyncLedger]:
        async with async_redis_client(self._address) as client:
            yield AsyncLedger(client, self._bells.ring_async)


Make = Callable[[str, Bells], Blocking | OnALoop]


@pytest.fixture(params=[Blocking, OnALoop])
def make(request: pytest.FixtureRequest) -> Make:
    twin: Make = request.param
    return twin


@pytest.fixture
def bells() -> Bells:
    return Bells()


@pytest.fixture
def ledger(make: Make, each_redis_url: str, bells: Bells) -> Blocking | OnALoop:
    return make(each_redis_url, bells)


@pytest.fixture
def raw(each_redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(each_redis_url) as client:
        yield client


def _submission() -> Submission:
    return Submission(
        job_id="job-1",
        transcription_id="tr-1",
        tenant="ann",
        name="talk.wav",
        digest="d" * 64,
        pool=POOL,
        identity="{}",
        options="{}",
        request_hash="request",
        media_key="media/1",
        work_key="work/tr-1",
    )


def test_the_bells_of_an_answer_are_rung(ledger: Blocking | OnALoop, bells: Bells) -> None:
    ledger.do(op.set_epoch("epoch-1"))
    ledger.do(op.submit(_submission()))
    assert bells.rung == [{"prepare": 1}]


def test_bells_that_cannot_be_rung_are_no_error(ledger: Blocking | OnALoop, bells: Bells) -> None:
    bells.is_broken = True
    ledger.do(op.set_epoch("epoch-1"))
    assert ledger.do(op.submit(_submission())).transcription_id == "tr-1"


def test_a_redis_that_forgot_the_scripts_gets_them_again(ledger: Blocking | OnALoop, raw: redis.Redis) -> None:
    ledger.do(op.set_epoch("epoch-1"))
    raw.script_flush()
    assert ledger.do(op.read_epoch()) == "epoch-1"


def test_a_script_that_fails_is_our_fault(ledger: Blocking | OnALoop, raw: redis.Redis) -> None:
    raw.set(keys.lanes("prepare"), "no sorted set")
    with pytest.raises(FatalError) as fault:
        ledger.do(op.claim("claim-1", "red/1", POOLS, TIMING))
    assert fault.value.code is ErrorCode.INTERNAL_ERROR


def test_time_is_redis_own_and_nothing_given_can_move_it(ledger: Blocking | OnALoop, raw: redis.Redis) -> None:
    raw.set("test-clock", 1)
    ledger.do(op.set_epoch("epoch-1"))
    ledger.do(op.submit(_submission()))
    ledger.do(op.claim("claim-1", "red/1", POOLS, TIMING))
    seconds, microseconds = raw.time()
    expiry = raw.zscore(keys.LEASES, "claim-1")
    assert isinstance(expiry, float)
    assert abs(expiry - TIMING.lease_ms - (seconds * 1000 + microseconds // 1000)) < 10_000


def test_a_redis_that_is_away_is_a_passing_fault(make: Make, own_redis: RedisServer, bells: Bells) -> None:
    ledger = make(own_redis.url, bells)
    ledger.do(op.set_epoch("epoch-1"))
    own_redis.stop()
    with pytest.raises(TransientError) as fault:
        ledger.do(op.read_epoch())
    assert fault.value.code is ErrorCode.LEDGER_UNAVAILABLE
    own_redis.start()
    assert ledger.do(op.read_epoch()) == "epoch-1"
