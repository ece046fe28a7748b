"""The metrics as one text: what the group's processes counted, what the ledger tells, what the disk has left."""

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio.to_thread

from api.services.census import CensusWatch
from stenopool import metrics
from stenopool.errors import StenopoolError
from stenopool.instruments import Counter, Distribution, LiveGauge
from stenopool.ledger.census import Census
from stenopool.ledger.counts import ATTEMPT, ENDED, EXPIRED, REMOVED, WEBHOOK, counted, run_times
from stenopool.ledger.states import RunState, UnitKind
from stenopool.logs import get_logger
from stenopool.metrics_folder import MetricsFolder, read_alone

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The text format that every Prometheus reads."""

_LIMIT_S: Final = 6.0
"""Of what blocks: a stopped process or a hung disk; Prometheus itself gives up after ten seconds."""

_log = get_logger(__name__)


class Exposition:
    """Tells the metrics of the API process's group and of the ledger."""

    def __init__(self, census: CensusWatch, folder: MetricsFolder | None, data_dir: Path) -> None:
        """Without a ``folder`` only this process's own are told."""
        self._census = census
        self._folder = folder
        self._data_dir = data_dir
        for metric in metrics.OF_API:
            if isinstance(metric, Counter | LiveGauge):
                metric.prime()

    async def text(self) -> bytes:
        """All metrics in the text format. One Redis round trip or none; what cannot be read is left out."""
        parts = await asyncio.gather(self._counted(), self._told_by_ledger(), self._told_by_disk())
        return b"".join(parts)

    async def _counted(self) -> bytes:
        read = self._folder.read if self._folder is not None else read_alone
        try:
            async with asyncio.timeout(_LIMIT_S):
                return await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
        except OSError as error:
            _log.warning("metrics_not_read", error=type(error).__name__)
            return b""

    async def _told_by_ledger(self) -> bytes:
        try:
            census = await self._census.look()
        except StenopoolError:
            return _text([metrics.LEDGER_UP.family({(): 0})])
        return _text([metrics.LEDGER_UP.family({(): 1}), *_families(census)])

    async def _told_by_disk(self) -> bytes:
        try:
            async with asyncio.timeout(_LIMIT_S):
                usage = await anyio.to_thread.run_sync(shutil.disk_usage, self._data_dir, abandon_on_cancel=True)
        except OSError:
            return b""
        return _text([metrics.DISK_FREE.family({(): usage.free}), metrics.DISK_SIZE.family({(): usage.total})])


Told = dict[tuple[str, ...], int]

_STAGES: Final[Told] = {(str(kind),): 0 for kind in UnitKind}
_ENDINGS: Final[Told] = {
    **{(str(state), ""): 0 for state in (RunState.COMPLETED, RunState.CANCELLED)},
    **{(str(RunState.FAILED), str(code)): 0 for code in metrics.OUR_FAULTS},
}
_DELIVERIES: Final[Told] = {(outcome,): 0 for outcome in metrics.WEBHOOK_OUTCOMES}
"""These are told before the ledger has counted one: the first is no growth where there was nothing."""


def _families(census: Census) -> "Iterable[Metric]":
    pools = census.pools.items()
    yield metrics.QUEUE_DEPTH.family({(name,): pool.waiting for name, pool in pools})
    yield metrics.QUEUE_AGE.family({(name,): pool.oldest_s for name, pool in pools})
    yield metrics.QUEUE_AUDIO.family({(name,): pool.waiting_s for name, pool in pools})
    yield metrics.UNITS_OPEN.family({(name,): pool.open for name, pool in pools})
    yield metrics.WORKERS.family({(name,): pool.live_workers for name, pool in pools})
    yield metrics.UNITS_HELD.family(_STAGES | {(str(kind),): held.units for kind, held in census.held.items()})
    yield metrics.UNITS_DELAYED.family({(): census.delayed})
    yield metrics.ATTEMPTS.family(_STAGES | counted(census.counts, ATTEMPT))
    yield metrics.LEASES_EXPIRED.family(_STAGES | counted(census.counts, EXPIRED))
    yield metrics.RUNS_ENDED.family(_ENDINGS | counted(census.counts, ENDED, parts=2))
    yield metrics.WEBHOOKS.family(_DELIVERIES | counted(census.counts, WEBHOOK))
    yield metrics.REMOVED.family(counted(census.counts, REMOVED))
    yield metrics.RUN_DURATION.family(
        {(state,): Distribution(counts, sum_s) for state, (counts, sum_s) in run_times(census.counts).items()}
    )
    if census.redis_bytes is not None:
        yield metrics.REDIS_MEMORY.family({(): census.redis_bytes})
    if census.redis_most_bytes is not None:
        yield metrics.REDIS_MEMORY_LIMIT.family({(): census.redis_most_bytes})
    if census.redis_evicted is not None:
        yield metrics.REDIS_EVICTED.family({(): census.redis_evicted})
    if census.redis_is_persistent is not None:
        yield metrics.REDIS_PERSISTENT.family({(): int(census.redis_is_persistent)})


def _text(families: "Iterable[Metric]") -> bytes:
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - after the folder was opened

    made = list(families)

    class Told:
        def collect(self) -> "Iterable[Metric]":
            return made

    told = CollectorRegistry()
    told.register(Told())
    return generate_latest(told)
