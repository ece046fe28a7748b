"""What the doctor says of a Redis that is broken for real."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stenopool.doctor.finding import Finding, Level
from stenopool.doctor.of_redis import look_at_redis
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.redis_pools import redis_client
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def server(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One for the module: each test breaks it by a setting, and ``fit`` mends it."""
    with RedisServer(redis_binary, tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def fit(server: RedisServer) -> Iterator[redis.Redis]:
    """As it should be: with a limit."""
    with redis_client(server.url) as client:
        client.flushall()
        for name, value in {"maxmemory": "1gb", "maxmemory-policy": "noeviction", "appendonly": "yes"}.items():
            client.config_set(name, value)
        client.config_resetstat()
        yield client


def of(findings: list[Finding], code: str) -> Finding:
    (found,) = [finding for finding in findings if finding.code == code]
    return found


def test_a_fit_redis_is_well_and_its_room_is_told(fit: redis.Redis) -> None:
    found = look_at_redis(fit)
    assert [finding for finding in found if finding.level is not Level.OK] == []
    # 1 GiB less a few MiB, 1200 bytes a job.
    assert "room for about 89" in of(found, "redis_memory").found


def test_a_redis_that_evicts_fails_with_the_line_for_its_configuration(fit: redis.Redis) -> None:
    fit.config_set("maxmemory-policy", "allkeys-lru")
    found = of(look_at_redis(fit), "redis_policy")
    assert (found.level, found.remedy) == (Level.FAIL, "redis.conf: maxmemory-policy noeviction")


def test_a_redis_that_has_evicted_fails(fit: redis.Redis) -> None:
    fit.config_set("maxmemory-policy", "allkeys-random")
    fit.set("a", "x" * 100_000)
    fit.config_set("maxmemory", "1")
    wait_until(lambda: fit.info("stats")["evicted_keys"], 10, "an eviction")
    fit.config_set("maxmemory", "1gb")
    fit.config_set("maxmemory-policy", "noeviction")
    assert of(look_at_redis(fit), "redis_evictions").level is Level.FAIL


def test_a_redis_without_an_append_only_file_is_warned_of(fit: redis.Redis) -> None:
    fit.config_set("appendonly", "no")
    assert of(look_at_redis(fit), "redis_persistence").level is Level.WARN


def test_a_redis_without_a_limit_is_warned_of(fit: redis.Redis) -> None:
    fit.config_set("maxmemory", "0")
    found = of(look_at_redis(fit), "redis_memory")
    assert (found.level, "has no limit" in found.found) == (Level.WARN, True)


def test_a_redis_that_is_nearly_full_is_warned_of(fit: redis.Redis) -> None:
    fit.config_set("maxmemory", str(int(fit.info("memory")["used_memory"] * 1.05)))
    assert of(look_at_redis(fit), "redis_memory").level is Level.WARN


def test_a_redis_whose_snapshot_failed_fails(fit: redis.Redis, server: RedisServer) -> None:
    # Where the file should be is a folder that holds something: it cannot be put in its place.
    blocked = server.directory / "dump.rdb"
    (blocked / "inside").mkdir(parents=True)
    fit.bgsave()
    wait_until(lambda: fit.info("persistence")["rdb_last_bgsave_status"] == "err", 10, "the snapshot to fail")
    assert of(look_at_redis(fit), "redis_snapshots").level is Level.FAIL
    (blocked / "inside").rmdir()
    blocked.rmdir()
    fit.bgsave()
    wait_until(lambda: fit.info("persistence")["rdb_last_bgsave_status"] == "ok", 10, "a snapshot")


@pytest.mark.parametrize(
    ("ahead_s", "level", "words"),
    [(0.0, Level.OK, "goes with"), (5.0, Level.WARN, "5.0 s ahead of"), (-90.0, Level.FAIL, "90.0 s behind")],
)
def test_a_clock_that_differs_from_redis_is_told(fit: redis.Redis, ahead_s: float, level: Level, words: str) -> None:
    """This machine's clock is the one that is wrong: Redis' own cannot be set here."""
    found = of(look_at_redis(fit, lambda: time.time() + ahead_s), "clock")
    assert (found.level, words in found.found) == (level, True), found


def test_a_wrong_password_fails_and_nothing_else_is_asked(server: RedisServer) -> None:
    with redis_client(f"redis://:not-it@127.0.0.1:{server.port}/0") as client:
        (found,) = look_at_redis(client)
    assert (found.code, found.level) == ("redis", Level.FAIL)
    assert "not-it" not in f"{found}"


def test_a_redis_that_is_away_fails_with_the_settings_that_name_it() -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        (found,) = look_at_redis(client)
    assert (found.level, "REDIS_HOST" in found.remedy) == (Level.FAIL, True)
