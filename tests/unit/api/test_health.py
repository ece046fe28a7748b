"""Health: one grade and one sentence for each part, and as bad as the worst of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.services.census import CensusWatch
from api.services.health import Check, Grade, Health, HealthRules, HealthWatch
from stenopool.errors import ErrorCode, TransientError
from stenopool.media.epoch import found_epoch
from stenopool.media.local_store import LocalStore
from stenopool.memory import Memory
from tests.unit.api.censuses import POOL, census, pool, worker
from tests.unit.api.fake_ledger import IDENTITY, FakeLedger

MIB = 1024 * 1024


def health(data_dir: Path, answer: object, **rules: Any) -> Health:
    store = LocalStore(data_dir / "store")
    found_epoch(store, "e1")
    settings: dict[str, Any] = {
        "engine": "faster-whisper",
        "model": "demo",
        "device": "cpu",
        "min_free_bytes": 0,
    } | rules
    watch = HealthWatch(
        CensusWatch(FakeLedger(census=answer)), store, HealthRules(pool=POOL, data_dir=data_dir, **settings)
    )
    return asyncio.run(watch.health())


def test_all_is_well(data_dir: Path) -> None:
    report = health(data_dir, census())
    assert report.grade is Grade.HEALTHY
    assert set(report.checks) == {"redis", "store", "disk", "model_loaded", "memory_ok", "workers", "beat"}
    assert (report.revision, report.workers) == ("r1", {"prepare": 1, "recognise": 1})


def test_without_redis_it_is_unhealthy_and_the_rest_is_not_known(data_dir: Path) -> None:
    report = health(data_dir, TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer"))
    assert report.checks["redis"] == Check(Grade.UNHEALTHY, "the ledger does not answer")
    assert report.grade is Grade.UNHEALTHY
    assert not report.is_ready
    for name in ("model_loaded", "workers", "beat"):
        assert report.checks[name] == Check(Grade.DEGRADED, "not known without Redis")
    assert report.workers == {"prepare": 0, "recognise": 0}


def test_a_lost_ledger_is_unhealthy(data_dir: Path) -> None:
    assert health(data_dir, census(epoch=None)).checks["redis"].grade is Grade.UNHEALTHY


def test_a_ledger_of_another_store_is_unhealthy(data_dir: Path) -> None:
    assert health(data_dir, census(epoch="e2")).checks["store"].grade is Grade.UNHEALTHY


def test_a_redis_that_is_nearly_full_degrades(data_dir: Path) -> None:
    full = health(data_dir, census(redis_bytes=95, redis_most_bytes=100)).checks["redis"]
    assert (full.grade, "maxmemory" in full.detail) == (Grade.DEGRADED, True)
    assert health(data_dir, census(redis_bytes=85, redis_most_bytes=100)).checks["redis"].grade is Grade.HEALTHY


@pytest.mark.parametrize(
    ("recognise", "detail"),
    [
        (pool(live_workers=0), "ever served"),
        (pool(identity=IDENTITY.canonical(), live_workers=0), "at the moment"),
    ],
)
def test_a_model_that_nobody_holds_degrades(data_dir: Path, recognise: object, detail: str) -> None:
    report = health(data_dir, census(pools={"prepare": pool(), "house": pool(), POOL: recognise}))
    assert report.checks["model_loaded"].grade is Grade.DEGRADED
    assert detail in report.checks["model_loaded"].detail
    assert report.checks["workers"] == Check(Grade.DEGRADED, "no live worker: recognise; jobs wait")


def test_a_pool_of_drained_workers_degrades_and_says_so(data_dir: Path) -> None:
    pools = {"prepare": pool(), "house": pool(), POOL: pool(identity=IDENTITY.canonical(), live_workers=2, drained=2)}
    report = health(data_dir, census(pools=pools))
    assert report.checks["workers"] == Check(Grade.DEGRADED, "all workers are drained: recognise; jobs wait")


def test_pools_that_were_never_seen_are_empty_not_unknown(data_dir: Path) -> None:
    report = health(data_dir, census(pools={}))
    assert report.checks["workers"].detail == "no live worker: prepare, recognise; jobs wait"
    assert report.checks["beat"].grade is Grade.DEGRADED


def test_the_fake_engine_degrades(data_dir: Path) -> None:
    check = health(data_dir, census(), engine="fake").checks["model_loaded"]
    assert (check.grade, "fake" in check.detail) == (Grade.DEGRADED, True)


def test_a_missing_housekeeper_degrades(data_dir: Path) -> None:
    pools = {"prepare": pool(), POOL: pool(identity=IDENTITY.canonical()), "house": pool(live_workers=0)}
    assert health(data_dir, census(pools=pools)).checks["beat"].grade is Grade.DEGRADED


def test_a_gpu_is_spoken_of_only_where_one_is_configured(data_dir: Path) -> None:
    assert "gpu_available" not in health(data_dir, census()).checks
    on_cpu = health(data_dir, census(), device="cuda").checks["gpu_available"]
    assert on_cpu.grade is Grade.DEGRADED
    on_gpu = census(workers={"desk:1:a": worker(device="cuda:0"), "desk:2:b": worker(pools="prepare", device="")})
    assert health(data_dir, on_gpu, device="cuda").checks["gpu_available"].grade is Grade.HEALTHY
    elsewhere = census(workers={"desk:1:a": worker(device="cuda", pools=f"{POOL}-large")})
    assert health(data_dir, elsewhere, device="cuda:0").checks["gpu_available"].grade is Grade.DEGRADED


@pytest.mark.parametrize(
    ("found", "grade"),
    [
        (Memory(300 * MIB, 8192 * MIB), Grade.HEALTHY),
        (Memory(200 * MIB, 8192 * MIB), Grade.DEGRADED),
        (Memory(60 * MIB, 512 * MIB), Grade.HEALTHY),
        (Memory(40 * MIB, 512 * MIB), Grade.DEGRADED),
        (None, Grade.HEALTHY),
    ],
)
def test_scarce_memory_degrades(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, found: Memory | None, grade: Grade
) -> None:
    monkeypatch.setattr("api.services.health.memory", lambda: found)
    assert health(data_dir, census()).checks["memory_ok"].grade is grade


def test_a_full_disk_degrades(data_dir: Path) -> None:
    report = health(data_dir, census(), min_free_bytes=10**18)
    assert report.checks["disk"].grade is Grade.DEGRADED
    assert report.is_ready


def test_however_many_ask_the_ledger_is_asked_once_a_second() -> None:
    ledger = FakeLedger(census=census())
    now = [100.0]
    watch = CensusWatch(ledger, clock=lambda: now[0])

    async def ask_often() -> None:
        await asyncio.gather(*(watch.look() for _ in range(20)))
        assert len(ledger.calls["census"]) == 1
        now[0] += 1.1
        await watch.look()

    asyncio.run(ask_often())
    assert len(ledger.calls["census"]) == 2
