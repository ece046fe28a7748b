"""What workers put into operations: a plan, a beat, a heartbeat, and the clock they agree on. Pure."""

from dataclasses import dataclass

from stenopool.ledger.states import (
    UnitKind,
)


@dataclass(frozen=True, slots=True)
class PrepareGate:
    """When ``prepare`` units are not handed out: each hour that is decoded takes 115 MB of disk until it is recognised."""

    ahead_s: float
    """Audio decoded and not recognised that each live recogniser may have before it."""
    is_disk_short: bool = False
    """Whether the claimer's disk has less room than it should."""
    short_s: float = 120.0
    """Recordings shorter than this, as far as is known, are let through."""


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """One claim in a beat."""

    claim_id: str
    started: bool
    done_s: float = 0.0
    """Audio-seconds of the unit done so far."""


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit that a plan creates. Samples count from the start of the decoded audio, ``to_sample`` excluded."""

    unit_id: str
    kind: UnitKind
    from_sample: int
    to_sample: int
    cost_s: float
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``prepare`` commits. ``plan_id`` is the id of the claim that made it."""

    plan_id: str
    audio_s: float
    units: tuple[PlannedUnit, ...]


@dataclass(frozen=True, slots=True)
class WorkerPulse:
    """Heartbeat of one worker main process."""

    worker_id: str
    pools: tuple[str, ...]
    identity: str
    """Engine identity as canonical JSON; empty for a prepare worker."""
    host: str
    pid: int
    state: str
    """Free text for display: ``idle``, ``tr_ab12 span 4/12``, ``draining``."""
    device: str = ""
    """Where its model runs: ``cpu``, ``cuda``, …; empty where there is none to tell."""
    gpu: str = ""
    """The GPU that it holds (``stenopool.gpus.model.Gpu``) as JSON; empty without one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The ledger's clock as the operator set it, milliseconds."""

    lease_ms: int
    beat_ms: int
    sweep_ms: int
    """A sweep younger than four fifths of this makes the next one return at once."""
    gap_ms: int
    """A sweep later than this re-arms leases instead of expiring them."""


def timing_of(lease_s: float, beat_s: float, sweep_s: float) -> Timing:
    """Timing from the settings ``LEASE_S``, ``BEAT_S`` and ``SWEEP_S``; a gap is three missed sweeps (15 s by default)."""
    return Timing(round(lease_s * 1000), round(beat_s * 1000), round(sweep_s * 1000), round(3 * sweep_s * 1000))
