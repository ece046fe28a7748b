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

from api.services.deadline import AnyLedger
from api.services.pools import PoolWatch
from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.model import PoolView
from stenopool.media.epoch import read_epoch
from stenopool.media.store import Store
from stenopool.queueing.names import PREPARE
from stenopool.transcripts.model import EngineIdentity

_FRESH_S: Final = 1.0
_DISK_LIMIT_S: Final = 2.0
"""A hung network disk must not hang health as well."""

_MIB: Final = 1024 * 1024


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
    data_dir: Path
    min_free_bytes: int


class HealthWatch:
    """Makes the report at most once a second, however many ask."""

    def __init__(self, ledger: AnyLedger, store: Store, pools: PoolWatch, rules: HealthRules) -> None:
        self._ledger = ledger
        self._store = store
        self._pools = pools
        self._rules = rules
        self._lock = asyncio.Lock()
        self._seen: tuple[float, Health] | None = None

    async def health(self) -> Health:
        """The report, at most a second old. Three Redis round trips or none; never raises."""
        async with self._lock:
            if self._seen is None or time.monotonic() - self._seen[0] > _FRESH_S:
                health = await self._look()
                self._seen = (time.monotonic(), health)
            return self._seen[1]

    async def _look(self) -> Health:
        redis = await self._ask_redis()
        views = [view for view in (redis.prepare, redis.recognise) if view is not None]
        return Health(
            checks={
                "redis": redis.check,
                "store": await self._check_store(redis.epoch),
                "disk": await self._check_disk(),
                "workers": _check_workers(redis),
                "engine": _check_engine(self._rules.engine, redis.recognise),
            },
            engine=self._rules.engine,
            model=self._rules.model,
            revision=_revision(redis.recognise),
            workers={
                "prepare": redis.prepare.live_workers if redis.prepare else 0,
                "recognise": redis.recognise.live_workers if redis.recognise else 0,
            },
            waiting=sum(view.waiting for view in views),
            waiting_s=sum(view.waiting_s for view in views),
        )

    async def _ask_redis(self) -> "_Redis":
        try:
            epoch = await self._ledger.do(op.read_epoch())
            prepare, recognise = await self._pools.view(PREPARE), await self._pools.view(self._rules.pool)
        except StenopoolError as error:
            return _Redis(Check(Grade.UNHEALTHY, error.message))
        if epoch is None:
            return _Redis(Check(Grade.UNHEALTHY, "the ledger is lost: nothing is accepted"), None, prepare, recognise)
        return _Redis(Check(Grade.HEALTHY), epoch, prepare, recognise)

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


@dataclass(frozen=True, slots=True)
class _Redis:
    """What Redis told, as far as it did."""

    check: Check
    epoch: str | None = None
    prepare: PoolView | None = None
    recognise: PoolView | None = None


def _check_workers(redis: _Redis) -> Check:
    views = {"prepare": redis.prepare, "recognise": redis.recognise}
    unknown = [name for name, view in views.items() if view is None]
    if unknown:
        return Check(Grade.DEGRADED, "not known without Redis")
    missing = [name for name, view in views.items() if view is not None and not view.live_workers]
    if missing:
        return Check(Grade.DEGRADED, f"no live worker: {', '.join(missing)}; jobs wait")
    return Check(Grade.HEALTHY)


def _check_engine(engine: str, recognise: PoolView | None) -> Check:
    if engine == "fake":
        return Check(Grade.DEGRADED, "the fake engine runs: transcripts are made up")
    if recognise is None:
        return Check(Grade.DEGRADED, "not known without Redis")
    if recognise.identity is None:
        return Check(Grade.DEGRADED, "no worker has ever served this model: uploads are refused")
    return Check(Grade.HEALTHY)


def _revision(recognise: PoolView | None) -> str | None:
    if recognise is None or recognise.identity is None:
        return None
    try:
        return EngineIdentity.model_validate_json(recognise.identity).revision
    except ValidationError:
        # A worker of another release registered it.
        return None
