"""What a process makes sure of before it starts: a fit Redis, a data directory that can be used, one epoch.

Each check says one readable line. A failure here is cheap; the same found at the first job is a lost job.
"""

import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import redis

from stenopool.errors import ErrorCode, FatalError, StenopoolError, TransientError
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.media.epoch import found_epoch, read_epoch
from stenopool.media.store import Store
from stenopool.settings import Settings

MIN_REDIS: Final = (6, 2)
"""First version with all commands of the scripts."""

FOLDERS: Final = ("store", "spool", "run")
"""What the data directory holds, all on one file system: finished uploads are linked into the store."""

_MIB: Final = 1024 * 1024
_TRANSIENT: Final = frozenset(
    {ErrorCode.LEDGER_UNAVAILABLE, ErrorCode.LEDGER_LOST, ErrorCode.STORE_UNAVAILABLE, ErrorCode.DISK_FULL}
)


class Level(StrEnum):
    """How a check ended. ``warn`` is said and lived with, ``fail`` stops the start."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check. ``line`` holds neither paths nor secrets; ``code`` is set where it failed."""

    name: str
    level: Level
    line: str
    code: ErrorCode | None = None


def startup_checks(settings: Settings, client: redis.Redis, ledger: Ledger, store: Store) -> tuple[Check, ...]:
    """All checks, one after the other; those of the ledger only where Redis is fit. Blocks for some round trips.

    The first process that ever starts gives store and ledger their epoch here.
    """
    of_redis = check_redis(client)
    of_data = check_data_dir(settings.data_dir, settings.min_free_disk_mb)
    if any(check.level is Level.FAIL for check in (*of_redis, *of_data)):
        return (*of_redis, *of_data)
    return (*of_redis, *of_data, check_epoch(store, ledger))


def require(checks: Iterable[Check]) -> None:
    """Goes on only if no check failed.

    Raises:
        TransientError: one failed that may pass by itself (Redis away, disk full, ledger lost).
        FatalError: ``settings_wrong``: one failed that somebody has to change.
    """
    failed = [check for check in checks if check.level is Level.FAIL]
    if not failed:
        return
    lines = "; ".join(check.line for check in failed)
    for check in failed:
        if check.code not in _TRANSIENT:
            raise FatalError(check.code or ErrorCode.INTERNAL_ERROR, lines)
    raise TransientError(failed[0].code or ErrorCode.INTERNAL_ERROR, lines)


def check_redis(client: redis.Redis) -> tuple[Check, ...]:
    """Reachable, new enough, never evicting, alone, writable, and keeping what it was told. One round trip."""
    try:
        # INFO tells all of it; CONFIG is often forbidden.
        info: Mapping[str, Any] = client.info()
    except redis.AuthenticationError:
        return (_fail("redis", "Redis refuses the password: check REDIS_PASSWORD"),)
    except redis.BusyLoadingError:
        return (_fail("redis", "Redis is still loading its data", ErrorCode.LEDGER_UNAVAILABLE),)
    except (redis.ConnectionError, redis.TimeoutError):
        line = "Redis does not answer: check REDIS_HOST and REDIS_PORT, and that it runs"
        return (_fail("redis", line, ErrorCode.LEDGER_UNAVAILABLE),)
    except redis.RedisError as error:
        return (_fail("redis", f"Redis refuses to say what it is: {type(error).__name__}"),)
    return (
        Check("redis", Level.OK, "Redis answers"),
        _version(info),
        _policy(info),
        _role(info),
        _cluster(info),
        _persistence(info),
    )


def check_data_dir(data_dir: Path, min_free_disk_mb: int) -> tuple[Check, ...]:
    """The data directory's folders, made where missing, take a file and a hard link of it; and there is room."""
    try:
        for name in FOLDERS:
            (data_dir / name).mkdir(parents=True, exist_ok=True)
        _try_link(data_dir / "spool", data_dir / "store")
        free_mb = shutil.disk_usage(data_dir).free // _MIB
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return (_fail("data_dir", f"DATA_DIR cannot be written and linked in: {reason}"),)
    writable = Check("data_dir", Level.OK, "the data directory can be written")
    if free_mb < min_free_disk_mb:
        line = f"{free_mb} MiB of disk are free, uploads are refused below MIN_FREE_DISK_MB={min_free_disk_mb}"
        return (writable, Check("disk", Level.WARN, line))
    return (writable, Check("disk", Level.OK, f"{free_mb} MiB of disk are free"))


def check_epoch(store: Store, ledger: Ledger) -> Check:
    """Store and ledger share an epoch; two that are new get one here.

    A store without a manifest knows no job, so a ledger without an epoch has lost nothing beside it and takes the
    store's. That also mends a first start that was interrupted, and two first starts at once.
    """
    return _compare(store, ledger, founds=True)


def compare_epochs(store: Store, ledger: Ledger) -> Check:
    """As ``check_epoch``, but only looks: two that are new stay so."""
    return _compare(store, ledger, founds=False)


def _compare(store: Store, ledger: Ledger, *, founds: bool) -> Check:
    try:
        # In this order: with the first manifest the ledger's epoch was there already. Looked at the other way round,
        # a first start and a first job in between would look like a loss.
        knows_jobs = next(iter(store.keys("manifests/")), None) is not None
        of_store = read_epoch(store)
        of_ledger = ledger.do(op.read_epoch())
        if of_ledger is None and not knows_jobs:
            if not founds:
                return Check("epoch", Level.OK, "the ledger is new, and the store knows of no job")
            of_store = of_store or found_epoch(store, new_id())
            of_ledger = ledger.do(op.set_epoch(of_store))
        if of_store != of_ledger:
            # First starts and rebuilds write the store's before the ledger's: one that came between the two looks
            # above is seen now.
            of_store = read_epoch(store)
    except StenopoolError as error:
        return _fail("epoch", error.message, error.code)
    if of_ledger is None:
        line = "the ledger is lost: the store knows of jobs and Redis does not; nothing is taken on until it is rebuilt"
        return _fail("epoch", line, ErrorCode.LEDGER_LOST)
    if of_store != of_ledger:
        line = "Redis and the data directory do not belong together: check REDIS_HOST, REDIS_DB and DATA_DIR"
        return _fail("epoch", line)
    return Check("epoch", Level.OK, "store and ledger belong together")


def _fail(name: str, line: str, code: ErrorCode = ErrorCode.SETTINGS_WRONG) -> Check:
    return Check(name, Level.FAIL, line, code)


def _version(info: Mapping[str, Any]) -> Check:
    text = str(info.get("redis_version", "0"))
    parts = tuple(int(part) if part.isdigit() else 0 for part in text.split(".")[:2])
    needed = ".".join(map(str, MIN_REDIS))
    if parts < MIN_REDIS:
        return _fail("redis_version", f"Redis {text[:20]} is too old: {needed} is the least")
    return Check("redis_version", Level.OK, f"Redis {text[:20]}, {needed} is needed")


def _policy(info: Mapping[str, Any]) -> Check:
    policy = str(info.get("maxmemory_policy", "unknown"))
    if policy != "noeviction":
        line = f"Redis may throw jobs away (maxmemory-policy is {policy}): set it to noeviction"
        return _fail("redis_policy", line)
    return Check("redis_policy", Level.OK, "Redis throws nothing away")


def _role(info: Mapping[str, Any]) -> Check:
    if info.get("role") != "master":
        return _fail("redis_role", "this Redis is a replica and takes no writes: give the address of its master")
    return Check("redis_role", Level.OK, "Redis takes writes")


def _cluster(info: Mapping[str, Any]) -> Check:
    if int(info.get("cluster_enabled", 0)):
        return _fail("redis_cluster", "Redis Cluster is not supported: use one Redis")
    return Check("redis_cluster", Level.OK, "Redis is no cluster")


def _persistence(info: Mapping[str, Any]) -> Check:
    if not int(info.get("aof_enabled", 0)):
        line = "Redis keeps no append-only file: its restart loses the ledger, set appendonly yes"
        return Check("redis_persistence", Level.WARN, line)
    if info.get("aof_last_write_status", "ok") != "ok":
        line = "Redis cannot write its append-only file: look at its disk"
        return _fail("redis_persistence", line, ErrorCode.LEDGER_UNAVAILABLE)
    return Check("redis_persistence", Level.OK, "Redis keeps an append-only file")


def _try_link(from_folder: Path, to_folder: Path) -> None:
    name = f".check-{secrets.token_hex(8)}"
    file, link = from_folder / name, to_folder / name
    try:
        file.write_bytes(b"check")
        os.link(file, link)
    finally:
        for trace in (file, link):
            with suppress(OSError):
                trace.unlink()
