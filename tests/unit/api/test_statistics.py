"""Statistics: the census put into the words of the platform."""

import asyncio
from typing import Any

from api.services.census import CensusWatch
from api.services.statistics import Stage, Statistics, statistics
from stenopool.gpus.model import Gpu
from stenopool.ledger.census import HeldUnits
from stenopool.ledger.model import UnitKind
from tests.unit.api.censuses import POOL, census, pool, worker
from tests.unit.api.fake_ledger import IDENTITY, FakeLedger


def stats(**changes: Any) -> Statistics:
    return asyncio.run(statistics(CensusWatch(FakeLedger(census=census(**changes)))))


def test_the_queue_is_told_by_stage_over_all_models() -> None:
    pools = {
        "prepare": pool(waiting=2, waiting_runs=2, waiting_s=60.0, oldest_s=4.0),
        POOL: pool(waiting=7, waiting_runs=3, waiting_s=210.0, oldest_s=9.0),
        f"{POOL}-large": pool(waiting=1, waiting_runs=1, waiting_s=30.0, oldest_s=2.0),
        "house": pool(),
    }
    held = {
        UnitKind.PREPARE: HeldUnits(1, 30.0),
        UnitKind.SPAN: HeldUnits(2, 50.0),
        UnitKind.ASSEMBLE: HeldUnits(1, 0.0),
    }
    assert stats(pools=pools, held=held).queue == {
        "prepare": Stage(2, 60.0, 4.0, held=1, held_s=30.0),
        "recognise": Stage(4, 240.0, 9.0, held=3, held_s=50.0),
    }


def test_an_empty_platform_has_an_empty_queue_and_no_hit_rate() -> None:
    found = stats(pools={}, workers={})
    assert found.queue == dict.fromkeys(("prepare", "recognise"), Stage(0, 0.0, 0.0, 0, 0.0))
    assert found.cache.hit_rate is None
    assert found.ended == {"completed": 0, "failed": 0, "cancelled": 0}


def test_workers_are_told_with_their_model_and_their_work() -> None:
    workers = {
        "b": worker(state="3f9a1c2b span 1/4"),
        "a": worker(pools="prepare", identity="", device=""),
        "c": worker(identity='{"engine":"of another release"}'),
    }
    first, second, third = stats(workers=workers).workers
    assert (first.name, first.pools, first.identity, first.device, first.work) == (
        "a",
        ("prepare",),
        None,
        None,
        "idle",
    )
    assert (second.identity, second.device, second.work) == (IDENTITY, "cpu", "3f9a1c2b span 1/4")
    assert third.identity is None


def test_a_workers_gpu_is_told_where_it_has_one() -> None:
    gpu = Gpu(index=1, uuid="GPU-aaaa", name="NVIDIA L4", memory_bytes=24)
    workers = {"a": worker(device="cuda", gpu=gpu.model_dump_json()), "b": worker(), "c": worker(gpu='{"v": 2}')}
    assert [seen.gpu for seen in stats(workers=workers).workers] == [gpu, None, None]


def test_the_hit_rate_counts_jobs_that_needed_no_work() -> None:
    cache = stats(counts={"submitted.hit": 2, "submitted.joined": 1, "submitted.created": 5, "attempt.span": 9}).cache
    assert (cache.hits, cache.joined, cache.misses, cache.hit_rate) == (2, 1, 5, 0.375)


def test_endings_are_added_up_over_their_reasons() -> None:
    counts = {"ended.completed.": 4, "ended.failed.no_audio": 2, "ended.failed.worker_lost": 1, "ended.cancelled.": 1}
    assert stats(counts=counts).ended == {"completed": 4, "failed": 3, "cancelled": 1}
