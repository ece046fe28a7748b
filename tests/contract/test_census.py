"""The census and the ledger's counters, on a Redis of each version."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import redis

from stenopool.ledger import counts, keys
from stenopool.ledger import operations as op
from stenopool.ledger.census import Census, HeldUnits, PoolCensus
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.lua import ScriptBook
from stenopool.ledger.model import (
    Blame,
    Grant,
    HeldClaim,
    Plan,
    PlannedUnit,
    Submission,
    UnitKind,
    WorkerPulse,
    timing_of,
)
from stenopool.redis_pools import redis_client
from tests.waiting import wait_until

CLOCK: Final = "test-clock"
BOOK: Final = ScriptBook(clock=f"local function now_ms() return tonumber(redis.call('GET', '{CLOCK}')) end\n")
TIMING: Final = timing_of(lease_s=30, beat_s=2, sweep_s=5)
POOL: Final = "recognise.fake.fake"
IDENTITY: Final = '{"engine":"fake"}'


class Bench:
    """A ledger whose clock the test moves."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.ledger = Ledger(client, lambda _bells: None, BOOK)
        self._now = 1_790_000_000_000
        self._numbers = 0
        self.pass_time(0)
        self.ledger.do(op.set_epoch("e1"))

    def pass_time(self, seconds: float) -> None:
        self._now += round(seconds * 1000)
        self.client.set(CLOCK, self._now)

    def census(self) -> Census:
        return self.ledger.do(op.census())

    def submit(self, digest: str = "", tenant: str = "ann") -> str:
        self._numbers += 1
        number = self._numbers
        submission = Submission(
            job_id=f"job-{number}",
            transcription_id=f"tr-{number}",
            tenant=tenant,
            name="talk.wav",
            digest=digest or f"{number:064x}",
            pool=POOL,
            identity=IDENTITY,
            options="{}",
            request_hash="r",
            media_key="m",
            work_key="w",
            estimated_s=30.0,
        )
        self.ledger.do(op.submit(submission))
        return submission.job_id

    def begin(self, worker: str = "red/1") -> Grant:
        self._numbers += 1
        grant = self.ledger.do(op.claim(f"claim-{self._numbers}", worker, ["prepare", POOL], TIMING)).grant
        assert grant is not None
        self.ledger.do(op.beat(worker, [HeldClaim(grant.claim_id, started=True)], TIMING))
        return grant

    def plan(self, grant: Grant, spans: int) -> None:
        units = [PlannedUnit(f"span-{i}", UnitKind.SPAN, 0, 160_000, 10.0) for i in range(spans)]
        units.append(PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True))
        self.ledger.do(op.plan(grant.claim_id, Plan(grant.claim_id, 10.0 * spans, tuple(units)), TIMING))

    def complete(self) -> None:
        """A run of one span, from its claim on."""
        self.plan(self.begin(), spans=1)
        last = self.ledger.do(op.commit(self.begin().claim_id, TIMING)).next
        assert last is not None
        self.ledger.do(op.finish(last.claim_id, "t", IDENTITY))


@pytest.fixture
def bench(each_redis_url: str) -> Iterator[Bench]:
    with redis_client(each_redis_url) as client:
        yield Bench(client)


def counted(bench: Bench) -> dict[str, int]:
    """Without the times of runs."""
    return {name: number for name, number in bench.census().counts.items() if not name.startswith("run_")}


def test_of_an_empty_ledger_there_is_nothing_to_tell(bench: Bench) -> None:
    census = bench.census()
    assert (census.epoch, census.pools, census.held, census.workers, census.counts) == ("e1", {}, {}, {}, {})
    assert (census.redis_bytes or 0) > 100_000
    assert census.redis_most_bytes == 0


def test_what_waits_is_told_by_pool_with_its_age(bench: Bench) -> None:
    bench.submit()
    bench.pass_time(7)
    bench.submit(tenant="bob")
    bench.pass_time(2)
    bench.plan(bench.begin(), spans=3)
    bench.pass_time(4)
    pools = bench.census().pools
    # What waits for recognition are the first job's spans, whose place is that of their recording: 7 + 2 + 4 s ago.
    assert pools["prepare"] == PoolCensus(None, 0, waiting=1, waiting_runs=1, waiting_s=30.0, oldest_s=6.0, open=1)
    assert pools[POOL] == PoolCensus(
        None, 0, waiting=3, waiting_runs=1, waiting_s=30.0, oldest_s=13.0, open=3, prepared_s=30.0
    )


def test_what_is_held_is_told_by_kind(bench: Bench) -> None:
    bench.submit()
    bench.submit()
    bench.plan(bench.begin(), spans=2)
    for _ in range(2):
        bench.begin()
    assert bench.census().held == {UnitKind.PREPARE: HeldUnits(1, 30.0), UnitKind.SPAN: HeldUnits(1, 10.0)}


def test_what_is_put_off_is_told(bench: Bench) -> None:
    bench.submit()
    bench.ledger.do(op.release(bench.begin().claim_id, delay_ms=5_000))
    assert bench.census().delayed == 1


def test_live_workers_are_told_with_their_device_and_dead_ones_are_not(bench: Bench) -> None:
    for name, device in (("red", "cuda:0"), ("blue", "")):
        pulse = WorkerPulse(name, ("prepare", POOL), IDENTITY, "desk", 7, "idle", device=device)
        bench.ledger.do(op.register(pulse, 30_000))
        bench.pass_time(20)
    census = bench.census()
    assert set(census.workers) == {"blue"}
    assert (census.pools[POOL].live_workers, census.pools[POOL].identity) == (1, IDENTITY)
    bench.ledger.do(op.register(WorkerPulse("red", (POOL,), IDENTITY, "desk", 7, "tr span 1/2", "cuda:0"), 30_000))
    red = bench.census().workers["red"]
    assert (red.pools, red.device, red.state, red.host, red.pid) == (POOL, "cuda:0", "tr span 1/2", "desk", 7)
    assert bench.client.hexists(keys.worker("blue"), "device") is False


def test_submissions_are_counted_by_what_became_of_them_and_repeated_calls_are_not(bench: Bench) -> None:
    for _ in range(2):
        bench.submit(digest="a" * 64)
    bench.complete()
    bench.submit(digest="a" * 64)
    again = bench.submit(digest="b" * 64)
    assert counted(bench) == {
        "submitted.created": 2,
        "submitted.joined": 1,
        "submitted.hit": 1,
        "attempt.prepare": 1,
        "attempt.span": 1,
        "ended.completed.": 1,
    }
    bench.ledger.do(op.cancel(again, "ann"))
    bench.ledger.do(op.cancel(again, "ann"))
    assert counted(bench)["ended.cancelled."] == 1


def test_endings_expiries_and_attempts_are_counted(bench: Bench) -> None:
    bench.submit()
    for _ in range(2):
        bench.begin("red/1")
        bench.ledger.do(op.abandon("red/1"))
    bench.ledger.do(op.fail(bench.begin("blue/1").claim_id, "no_audio", Blame.INPUT))
    found = counted(bench)
    assert (found["attempt.prepare"], found["expired.prepare"], found["ended.failed.no_audio"]) == (3, 2, 1)
    assert "ended.failed." not in found


@pytest.mark.parametrize(("took_s", "bucket"), [(0, 0), (1, 0), (1.001, 1), (60, 5), (3600, 11), (3601, 12)])
def test_a_run_is_put_into_the_bucket_of_its_time(bench: Bench, took_s: float, bucket: int) -> None:
    job_id = bench.submit()
    bench.pass_time(took_s)
    bench.ledger.do(op.cancel(job_id, "ann"))
    per_bucket, seconds = counts.run_times(bench.census().counts)["cancelled"]
    assert [number for number, runs in enumerate(per_bucket) if runs] == [bucket]
    assert len(per_bucket) == len(counts.RUN_SECONDS) + 1
    assert seconds == took_s


def test_python_and_lua_have_the_same_buckets() -> None:
    lua = (Path(counts.__file__).parent / "scripts/shared/counts.lua").read_text()
    found = re.search(r"run_seconds = \{([^}]*)\}", lua)
    assert found
    assert tuple(map(float, found[1].split(","))) == counts.RUN_SECONDS


def test_what_redis_throws_away_and_whether_it_writes_down_is_told(bench: Bench) -> None:
    before = bench.census()
    bench.client.config_set("maxmemory-policy", "volatile-lru")
    bench.client.set("elsewhere", "x", ex=3600)
    bench.client.config_set("maxmemory", 1)
    try:
        wait_until(lambda: not bench.client.exists("elsewhere"), 5, "the eviction")
        after = bench.census()
    finally:
        bench.client.config_set("maxmemory", 0)
        bench.client.config_set("maxmemory-policy", "noeviction")
    assert (before.redis_evicted or 0) < (after.redis_evicted or 0)
    assert before.redis_is_persistent is bool(int(bench.client.info("persistence")["aof_enabled"]))


def test_a_full_redis_still_takes_a_census_and_ends_work(bench: Bench) -> None:
    job_id = bench.submit()
    bench.client.config_set("maxmemory", 1)
    try:
        bench.ledger.do(op.cancel(job_id, "ann"))
        census = bench.census()
    finally:
        bench.client.config_set("maxmemory", 0)
    assert census.redis_most_bytes == 1
    assert census.counts["ended.cancelled."] == 1
