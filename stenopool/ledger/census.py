"""What the ledger tells whoever looks in: pools, held units, live workers and counters as one read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from stenopool.ledger.states import UnitKind


@dataclass(frozen=True, slots=True)
class PoolCensus:
    """A pool as it stands."""

    identity: str | None
    live_workers: int
    waiting: int
    """Units waiting."""
    waiting_runs: int
    """Transcriptions that these units belong to."""
    waiting_s: float
    """Audio-seconds waiting; estimates until a recording is decoded."""
    oldest_s: float
    """Seconds since the recording of the first of them was submitted, or since it was put back; 0 when none waits."""
    open: int
    """Units waiting or leased."""
    prepared_s: float = 0.0
    """Audio-seconds decoded and not recognised yet."""
    drained: int = 0
    """Live workers that claim nothing because the operator said so."""


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Units of one kind under a lease."""

    units: int
    audio_s: float


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A live worker as it last told."""

    pools: str
    """Separated by commas."""
    identity: str
    device: str
    """``cpu``, ``cuda``, …; empty where it did not tell."""
    host: str
    pid: int
    state: str
    seen_ms: int
    is_drained: bool = False
    """Whether it is to claim nothing."""
    gpu: str = ""
    """The GPU that it holds, as JSON; empty without one."""


@dataclass(frozen=True, slots=True)
class Census:
    """Answer of ``census``."""

    epoch: str | None
    """None when the ledger is new or lost."""
    pools: Mapping[str, PoolCensus]
    held: Mapping[UnitKind, HeldUnits]
    delayed: int
    """Units put off."""
    workers: Mapping[str, WorkerSeen]
    """Live ones, by id."""
    counts: Mapping[str, int]
    """By the names of ``stenopool.ledger.counts``."""
    redis_bytes: int | None
    """Memory that Redis uses; None where it does not tell."""
    redis_most_bytes: int | None
    """Memory that it may use; 0 is no limit."""
    redis_evicted: int | None = None
    """Keys that it threw away for want of memory since it was started."""
    redis_is_persistent: bool | None = None
    """Whether it keeps an append-only file and its last write there succeeded."""
