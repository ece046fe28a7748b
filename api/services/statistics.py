"""Statistics for people: what waits and is worked on by stage, who works, how often work was spared."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from api.services.census import CensusWatch
from stenopool.gpus.model import Gpu
from stenopool.ledger.census import Census, WorkerSeen
from stenopool.ledger.counts import ENDED, SUBMITTED, counted
from stenopool.ledger.model import RunState, SubmitOutcome, UnitKind
from stenopool.queueing.names import PREPARE, is_recognise
from stenopool.transcripts.model import EngineIdentity

_KINDS: Final = {
    "prepare": (UnitKind.PREPARE,),
    "recognise": (UnitKind.DETECT, UnitKind.SPAN, UnitKind.ASSEMBLE),
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the work. ``waiting_jobs`` counts recordings; several jobs may share one."""

    waiting_jobs: int
    waiting_s: float
    """Audio-seconds, estimated until a recording is decoded."""
    oldest_s: float
    """Seconds since the first of them was submitted, or put back."""
    held: int
    """Units in work."""
    held_s: float
    """Audio-seconds in work."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A live worker. ``identity`` is None for one without a model, or of another release."""

    name: str
    pools: tuple[str, ...]
    identity: EngineIdentity | None
    device: str | None
    work: str
    """What it does now, for people."""
    is_drained: bool = False
    """Whether it is to claim nothing."""
    gpu: Gpu | None = None
    """The GPU that it holds; None without one, or of another release."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Jobs since the ledger began: answered from a completed transcription, joined to a running one, or worked on."""

    hits: int
    joined: int
    misses: int

    @property
    def hit_rate(self) -> float | None:
        """Share of jobs that needed no work of their own, 0..1; None before the first."""
        jobs = self.hits + self.joined + self.misses
        return (self.hits + self.joined) / jobs if jobs else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """All of it, at most a second old."""

    queue: Mapping[str, Stage]
    delayed: int
    """Units put off because what they need is away."""
    workers: tuple[Worker, ...]
    cache: Cache
    ended: Mapping[str, int]
    """Transcriptions ended since the ledger began, by state."""


async def statistics(census: CensusWatch) -> Statistics:
    """The statistics.

    Raises:
        TransientError: ``ledger_unavailable``.
    """
    seen = await census.look()
    return Statistics(
        queue={name: _stage(seen, name) for name in _KINDS},
        delayed=seen.delayed,
        workers=tuple(_worker(name, worker) for name, worker in sorted(seen.workers.items())),
        cache=_cache(seen),
        ended=_ended(seen),
    )


def _stage(census: Census, name: str) -> Stage:
    pools = [pool for key, pool in census.pools.items() if _stage_of(key) == name]
    held = [census.held[kind] for kind in _KINDS[name] if kind in census.held]
    return Stage(
        waiting_jobs=sum(pool.waiting_runs for pool in pools),
        waiting_s=sum(pool.waiting_s for pool in pools),
        oldest_s=max((pool.oldest_s for pool in pools), default=0.0),
        held=sum(units.units for units in held),
        held_s=sum(units.audio_s for units in held),
    )


def _stage_of(pool: str) -> str | None:
    return "recognise" if is_recognise(pool) else PREPARE if pool == PREPARE else None


def _worker(name: str, seen: WorkerSeen) -> Worker:
    identity = gpu = None
    with suppress(ValidationError):
        identity = EngineIdentity.model_validate_json(seen.identity)
    with suppress(ValidationError):
        gpu = Gpu.model_validate_json(seen.gpu)
    pools = tuple(seen.pools.split(","))
    return Worker(name, pools, identity, seen.device or None, seen.state, seen.is_drained, gpu)


def _cache(census: Census) -> Cache:
    submitted = counted(census.counts, SUBMITTED)
    hits, joined, misses = (
        submitted.get((outcome,), 0) for outcome in (SubmitOutcome.HIT, SubmitOutcome.JOINED, SubmitOutcome.CREATED)
    )
    return Cache(hits, joined, misses)


def _ended(census: Census) -> dict[str, int]:
    ended = {state: 0 for state in RunState if state.ended}
    for (state, _code), number in counted(census.counts, ENDED, parts=2).items():
        ended[RunState(state)] += number
    return {str(state): number for state, number in ended.items()}
