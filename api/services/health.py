"""Health: whether the platform takes and does work, each part checked, cheap enough to be asked often."""

import asyncio
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import anyio.to_thread
from pydantic import ValidationError

from api.services.census import CensusWatch
from api.services.scanner import ScannerWatch
from stenopool.errors import StenopoolError
from stenopool.ledger.census import Census, PoolCensus
from stenopool.media.epoch import read_epoch
from stenopool.media.store import Store
from stenopool.memory import memory
from stenopool.queueing.names import HOUSE, PREPARE
from stenopool.transcripts.model import EngineIdentity

_FRESH_S: Final = 1.0
_DISK_LIMIT_S: Final = 2.0
"""A hung network disk must not hang health as well."""

_MIB: Final = 1024 * 1024
_SCARCE_BYTES: Final = 256 * _MIB
"""Less free memory than this, or than a tenth of a small machine's, and the next upload may be the last."""
_REDIS_FULL: Final = 0.9
"""Share of its memory from which Redis is soon full: it then takes no job, but loses none."""

_EMPTY: Final = PoolCensus(None, 0, waiting=0, waiting_runs=0, waiting_s=0.0, oldest_s=0.0, open=0)


class Grade(StrEnum):
    """How well a part, or the whole, is. Ordered from good to bad."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Check:
    """One part's grade and a sentence about it."""

    grade: Grade
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """All parts together; as bad as the worst of them."""

    checks: Mapping[str, Check]
    engine: str
    model: str
    revision: str | None
    """None until a worker has served the model."""
    workers: Mapping[str, int]
    """Live workers: ``prepare`` and ``recognise``."""
    waiting: int
    """Units waiting in both pools."""
    waiting_s: float
    """Audio-seconds waiting to be recognised, as far as they are known."""

    @property
    def grade(self) -> Grade:
        """The worst grade of all checks."""
        order = list(Grade)
        return max((check.grade for check in self.checks.values()), key=order.index, default=Grade.HEALTHY)

    @property
    def is_ready(self) -> bool:
        """Whether jobs can be looked up here: what a load balancer asks. Full disks and absent workers do not matter."""
        return all(self.checks[name].grade is not Grade.UNHEALTHY for name in ("redis", "store"))


@dataclass(frozen=True, slots=True)
class HealthRules:
    """What the operator set."""

    pool: str
    engine: str
    model: str
    device: str
    """Where the model was asked to run."""
    data_dir: Path
    min_free_bytes: int


class HealthWatch:
    """Makes the report at most once a second, however many ask."""

    def __init__(
        self, census: CensusWatch, store: Store, rules: HealthRules, scanner: ScannerWatch | None = None
    ) -> None:
        self._scanner = scanner
        self._census = census
        self._store = store
        self._rules = rules
        self._lock = asyncio.Lock()
        self._seen: tuple[float, Health] | None = None

    async def health(self) -> Health:
        """The report, at most a second old. One Redis round trip or none; never raises."""
        async with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _FRESH_S:
                health = await self._look()
                self._seen = (time.monotonic(), health)
            return self._seen[1]

    async def _look(self) -> Health:
        try:
            census = await self._census.look()
            redis = _check_redis(census)
        except StenopoolError as error:
            census, redis = None, Check(Grade.UNHEALTHY, error.message)
        prepare, recognise = (_pool(census, pool) or _EMPTY for pool in (PREPARE, self._rules.pool))
        checks = {
            "redis": redis,
            "store": await self._check_store(census.epoch if census else None),
            "disk": await self._check_disk(),
            "model_loaded": _check_model(self._rules.engine, _pool(census, self._rules.pool)),
            "memory_ok": _check_memory(),
            "workers": _check_workers(
                {"prepare": _pool(census, PREPARE), "recognise": _pool(census, self._rules.pool)}
            ),
            "beat": _check_beat(_pool(census, HOUSE)),
        }
        if self._rules.device.startswith("cuda"):
            checks["gpu_available"] = _check_gpu(self._rules.pool, census)
        if self._scanner is not None:
            checks["scanner"] = await _check_scanner(self._scanner)
        return Health(
            checks=checks,
            engine=self._rules.engine,
            model=self._rules.model,
            revision=_revision(recognise),
            workers={"prepare": prepare.live_workers, "recognise": recognise.live_workers},
            waiting=prepare.waiting + recognise.waiting,
            waiting_s=prepare.waiting_s + recognise.waiting_s,
        )

    async def _check_store(self, ledger_epoch: str | None) -> Check:
        try:
            async with asyncio.timeout(_DISK_LIMIT_S):
                epoch = await anyio.to_thread.run_sync(read_epoch, self._store, abandon_on_cancel=True)
        except StenopoolError as error:
            return Check(Grade.UNHEALTHY, error.message)
        except TimeoutError:
            return Check(Grade.UNHEALTHY, "the store does not answer")
        if ledger_epoch is not None and epoch != ledger_epoch:
            return Check(Grade.UNHEALTHY, "store and ledger do not belong together")
        return Check(Grade.HEALTHY)

    async def _check_disk(self) -> Check:
        try:
            async with asyncio.timeout(_DISK_LIMIT_S):
                usage = await anyio.to_thread.run_sync(shutil.disk_usage, self._rules.data_dir, abandon_on_cancel=True)
        except (OSError, TimeoutError):
            return Check(Grade.DEGRADED, "free disk is not known: uploads are refused")
        free = f"{usage.free // _MIB} MiB free"
        if usage.free < self._rules.min_free_bytes:
            return Check(Grade.DEGRADED, f"{free}, less than MIN_FREE_DISK_MB: uploads are refused")
        return Check(Grade.HEALTHY, free)


def _pool(census: Census | None, pool: str) -> PoolCensus | None:
    """The pool, an empty one where nobody was ever seen; None when nothing is known."""
    return census.pools.get(pool, _EMPTY) if census is not None else None


def _check_redis(census: Census) -> Check:
    if census.epoch is None:
        return Check(Grade.UNHEALTHY, "the ledger is lost: nothing is accepted")
    if census.redis_most_bytes and (census.redis_bytes or 0) > _REDIS_FULL * census.redis_most_bytes:
        return Check(Grade.DEGRADED, "Redis is nearly full: uploads will be refused, raise its maxmemory")
    return Check(Grade.HEALTHY)


_UNKNOWN: Final = Check(Grade.DEGRADED, "not known without Redis")


def _check_workers(pools: Mapping[str, PoolCensus | None]) -> Check:
    if None in pools.values():
        return _UNKNOWN
    missing = [name for name, pool in pools.items() if pool is not None and not pool.live_workers]
    if missing:
        return Check(Grade.DEGRADED, f"no live worker: {', '.join(missing)}; jobs wait")
    drained = [name for name, pool in pools.items() if pool is not None and pool.drained == pool.live_workers]
    if drained:
        return Check(Grade.DEGRADED, f"all workers are drained: {', '.join(drained)}; jobs wait")
    return Check(Grade.HEALTHY)


def _check_model(engine: str, recognise: PoolCensus | None) -> Check:
    if engine == "fake":
        return Check(Grade.DEGRADED, "the fake engine runs: transcripts are made up")
    if recognise is None:
        return _UNKNOWN
    if recognise.identity is None:
        return Check(Grade.DEGRADED, "no worker has ever served this model: uploads are refused")
    if not recognise.live_workers:
        return Check(Grade.DEGRADED, "no worker holds the model at the moment: jobs wait")
    return Check(Grade.HEALTHY)


def _check_gpu(pool: str, census: Census | None) -> Check:
    if census is None:
        return _UNKNOWN
    on_gpu = [
        seen for seen in census.workers.values() if pool in seen.pools.split(",") and seen.device.startswith("cuda")
    ]
    if not on_gpu:
        return Check(Grade.DEGRADED, "a GPU is configured, and no live worker has its model on one")
    return Check(Grade.HEALTHY)


async def _check_scanner(scanner: ScannerWatch) -> Check:
    if await scanner.answers():
        return Check(Grade.HEALTHY)
    what = "uploads are refused" if scanner.is_required else "recordings wait"
    return Check(Grade.DEGRADED, f"the virus scanner does not answer: {what}")


def _check_memory() -> Check:
    found = memory()
    if found is None:
        return Check(Grade.HEALTHY, "free memory is not known here")
    free = f"{found.free // _MIB} MiB free"
    if found.free < min(_SCARCE_BYTES, found.total // 10):
        return Check(Grade.DEGRADED, f"{free}: the machine is about to run out of memory")
    return Check(Grade.HEALTHY, free)


def _check_beat(house: PoolCensus | None) -> Check:
    if house is None:
        return _UNKNOWN
    if not house.live_workers:
        return Check(Grade.DEGRADED, "no sign of the housekeeper or its clock: nothing is cleaned up")
    return Check(Grade.HEALTHY)


def _revision(recognise: PoolCensus) -> str | None:
    if recognise.identity is None:
        return None
    try:
        return EngineIdentity.model_validate_json(recognise.identity).revision
    except ValidationError:
        # A worker of another release registered it.
        return None
