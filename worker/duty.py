"""What a pool child holds for its whole life: ledger, store, engine, watchdog. Made once, after the child began."""

import os
from dataclasses import dataclass

from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Timing, timing_of
from stenopool.media.local_store import LocalStore
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import PREPARE, is_recognise
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings
from worker.endings import Endings
from worker.engines.base import Engine
from worker.run_files import RunFiles, WorkerRecord
from worker.units.bench import Bench
from worker.watchdog import Child, Watchdog


@dataclass(frozen=True, slots=True)
class Duty:
    """A child's equipment. ``name`` is ``<worker id>/<pid>``, the worker of its claims; ``engine`` None without a model."""

    name: str
    pools: tuple[str, ...]
    timing: Timing
    files: RunFiles
    ledger: Ledger
    endings: Endings
    bench: Bench
    engine: Engine | None
    watchdog: Watchdog


def take_duty(settings: Settings, files: RunFiles, worker: WorkerRecord) -> Duty:
    """Loads and warms what the worker's pools need, then starts the watchdog, which says that the child is ready.

    Takes as long as the model needs to load.

    Raises:
        FatalError: ``weights_missing`` or ``settings_wrong``, with what to do.
    """
    engine = None
    if any(is_recognise(pool) for pool in worker.pools):
        # The one GPU that this process may see is the first there is, whatever number the operator knows it by.
        here = settings.model_copy(update={"device": worker.device}) if worker.device else settings
        engine = _load_engine(here, worker.children)
    if PREPARE in worker.pools:
        _warm_prepare()
    ledger = Ledger(redis_client(settings.redis_address), Bell(settings).ring)
    store = LocalStore(settings.data_dir / "store")
    endings = Endings(ledger, store)
    child = Child(
        name=f"{worker.worker_id}/{os.getpid()}",
        pid=os.getpid(),
        identity=engine.identity.canonical() if engine else "",
        timing=timing_of(settings.lease_s, settings.beat_s, settings.sweep_s),
        files=files,
    )
    watchdog = Watchdog(child, ledger, endings)
    watchdog.start()
    bench = Bench(store, settings, settings.data_dir / "spool")
    return Duty(child.name, worker.pools, child.timing, files, ledger, endings, bench, engine, watchdog)


def engine_threads(settings: Settings, children: int) -> int:
    """Threads of one engine: what the operator set, else the machine's cores divided by the worker's children."""
    if settings.cpu_threads:
        return settings.cpu_threads
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // children)


def _load_engine(settings: Settings, children: int) -> Engine:
    from worker.model_cache import load_engine  # noqa: PLC0415 - loads a model library, in the child only

    return load_engine(settings, engine_threads(settings, children))


def _warm_prepare() -> None:
    import numpy as np  # noqa: PLC0415 - in the child only, as above

    from worker.pipeline.detect_speech import detect_speech  # noqa: PLC0415

    detect_speech(np.zeros(16_000, np.int16))
