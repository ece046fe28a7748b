"""Redis: what every process asks at its start, and what shows only later: memory, evictions, snapshots, its clock."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis

from stenopool.checks import Check, Level, check_redis
from stenopool.doctor.finding import Finding, fail, ok, warn
from stenopool.sizes import shown_size

JOB_BYTES: Final = 1200
"""What a kept job costs (docs/explanation/ledger.md, "Keys"; tests/contract/ledger/test_memory.py holds it)."""

SKEW_WARN_S: Final = 2.0
SKEW_FAIL_S: Final = 60.0
"""Leases live on Redis' clock alone. The host's own decides when keys and tokens end, and on which day a job came:
seconds do no harm, a minute refuses signed requests that are in order (300 s of grace, the client's own error included)."""

_NEARLY_FULL: Final = 0.9
"""As ``/health`` has it."""

_REMEDIES: Final = {
    "redis": "start it, or correct REDIS_HOST, REDIS_PORT and REDIS_PASSWORD",
    "redis_version": "install Redis 6.2 or newer",
    "redis_policy": "redis.conf: maxmemory-policy noeviction",
    "redis_role": "REDIS_HOST: the address of its master",
    "redis_cluster": "use a single Redis: redis.conf without cluster-enabled",
    "redis_persistence": "redis.conf: appendonly yes; look at the disk of its folder",
}


def look_at_redis(client: redis.Redis, now: Callable[[], float] = time.time) -> list[Finding]:
    """All there is to say of it. Three round trips; one, and a second or two, where it does not answer."""
    checks = check_redis(client)
    found = [finding_of(check, _REMEDIES) for check in checks]
    if checks[0].level is Level.FAIL:
        return found
    try:
        info: Mapping[str, Any] = client.info()
        return [*found, _memory(info), _evictions(info), _snapshots(info), _clock(client, now)]
    except redis.RedisError as error:
        return [*found, fail("redis", f"Redis broke off: {type(error).__name__}", _REMEDIES["redis"])]


def finding_of(check: Check, remedies: Mapping[str, str]) -> Finding:
    """A check of the start, with what to do."""
    remedy = "" if check.level is Level.OK else remedies.get(check.name, "")
    return Finding(check.name, check.level, check.line, remedy)


def _memory(info: Mapping[str, Any]) -> Finding:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not most:
        return warn(
            "redis_memory",
            f"Redis uses {shown_size(used)} and has no limit: it may take the machine's memory with it",
            "redis.conf: maxmemory, 1.2 GB for each million kept jobs and room beside",
        )
    room = max(0, most - used) // JOB_BYTES
    line = f"Redis uses {shown_size(used)} of {shown_size(most)}: room for about {room:,} more kept jobs"
    if used > _NEARLY_FULL * most:
        return warn("redis_memory", line, "raise maxmemory, or shorten RESULT_TTL; full, it refuses uploads")
    return ok("redis_memory", line)


def _evictions(info: Mapping[str, Any]) -> Finding:
    evicted = int(info.get("evicted_keys", 0))
    if evicted:
        return fail(
            "redis_evictions",
            f"Redis has thrown {evicted} keys away since it started",
            "maxmemory-policy noeviction, then empty and restart it: the ledger is filled again from the store",
        )
    return ok("redis_evictions", "Redis has thrown nothing away")


def _snapshots(info: Mapping[str, Any]) -> Finding:
    for name in ("rdb_last_bgsave_status", "aof_last_bgrewrite_status"):
        if info.get(name, "ok") != "ok":
            return fail(
                "redis_snapshots",
                f"the last snapshot of Redis failed ({name}): it may refuse all writes",
                "look at its log, the disk of its folder, and vm.overcommit_memory=1",
            )
    return ok("redis_snapshots", "the last snapshot of Redis went well")


def _clock(client: redis.Redis, now: Callable[[], float]) -> Finding:
    before = now()
    seconds, microseconds = client.time()
    # Halfway between question and answer; what is left is at most half of the round trip.
    skew_s = now() / 2 + before / 2 - (seconds + microseconds / 1e6)
    line = f"this machine's clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} that of Redis"
    remedy = "keep both by NTP: timedatectl set-ntp true"
    if abs(skew_s) >= SKEW_FAIL_S:
        return fail("clock", line, remedy)
    if abs(skew_s) >= SKEW_WARN_S:
        return warn("clock", line, remedy)
    return ok("clock", "this machine's clock goes with that of Redis")
