"""What KEDA counts is the work: the ledger's set of open units, on a real Redis, by the way KEDA's redis scaler goes.

The scaler asks for the kind of the key and takes ZCARD of a sorted set, HLEN of a hash, LLEN of a list and of no key, in one
script, so that a set which is filled meanwhile is no error (KEDA's issue 1243; the same in 2.1 to 2.17).
"""

from collections.abc import Iterator, Mapping

import pytest
import redis

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.names import BELL_PREFIX
from stenopool.redis_pools import redis_client
from tests.contract.ledger.bench import POOL, TIMING, Bench
from tests.contract.ledger.redis_content import TEST_BOOK
from tests.deploy.breakages import ROOT
from tests.deploy.k8s.installation import installations


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def bench(client: redis.Redis) -> Bench:
    def ring(bells: Mapping[str, int]) -> None:
        for queue, count in bells.items():
            client.lpush(BELL_PREFIX + queue, *["bell"] * count)

    bench = Bench(Ledger(client, ring, TEST_BOOK), client)
    bench.pass_time(0)
    bench.do(op.set_epoch("epoch-1"))
    return bench


@pytest.fixture
def list_name() -> str:
    cpu = installations(ROOT)[0]
    name: str = cpu.one("ScaledObject", "worker")["spec"]["triggers"][0]["metadata"]["listName"]
    assert name.endswith(POOL)
    return name


def as_keda_counts(client: redis.Redis, name: str) -> int:
    kind = client.type(name)
    assert kind in (b"zset", "zset", b"none", "none"), f"KEDA would not count a {kind!r}"
    return int(client.zcard(name))


def test_units_count_while_they_wait_and_while_they_are_held(client: redis.Redis, bench: Bench, list_name: str) -> None:
    assert as_keda_counts(client, list_name) == 0
    bench.submit()
    bench.plan(bench.begin(), spans=2)
    waiting = as_keda_counts(client, list_name)
    first = bench.begin()
    held = as_keda_counts(client, list_name)
    bench.do(op.commit(first.claim_id, TIMING))
    assert (waiting, held, as_keda_counts(client, list_name)) == (2, 2, 1)


def test_a_unit_that_is_given_back_still_counts(client: redis.Redis, bench: Bench, list_name: str) -> None:
    span = bench.span()
    bench.do(op.release(span.claim_id))
    assert as_keda_counts(client, list_name) == 1


def test_the_celery_list_does_not_tell_the_work(client: redis.Redis, bench: Bench, list_name: str) -> None:
    """One worker is rung for as often as is worth it; whoever counted bells would count something else."""
    bench.submit()
    bench.plan(bench.begin(), spans=3)
    client.delete(BELL_PREFIX + POOL)
    assert as_keda_counts(client, list_name) == 3
