"""The ledger's words as frozen values, one door to all of them. What goes into an operation stands here. No I/O.

Times are integer milliseconds of Redis ``TIME`` (``_ms``) or seconds of audio (``_s``). Costs are audio-seconds.
"""

from dataclasses import dataclass

from stenopool.ledger.answers import (
    Abandoned,
    Answer,
    Beaten,
    Cancelled,
    Claimed,
    Committed,
    Cursor,
    Drained,
    Failed,
    FailedRun,
    FailingAnswer,
    Found,
    Grant,
    JobView,
    Life,
    Listed,
    LiveJob,
    Mark,
    PoolView,
    Recounted,
    RedisRun,
    Registered,
    Released,
    Restored,
    Retried,
    Sought,
    Submitted,
    Swept,
    Viewed,
)
from stenopool.ledger.census import Census, HeldUnits, PoolCensus, WorkerSeen
from stenopool.ledger.outbox import Attempt, DeliveryNote, DeliveryOutcome, DueDelivery, PendingDelivery, Taken
from stenopool.ledger.quotas import NO_QUOTAS, DayCounts, LedgerDays, Quotas, UseRecounted
from stenopool.ledger.retention import KEEPING, Doomed, EndedJobs, Expired, Forgotten, Keeping, Overdue, Purged
from stenopool.ledger.states import (
    BELL_CAP,
    MAX_ATTEMPTS,
    MAX_DELAY_MS,
    MAX_IDLE_CLAIMS,
    RECORD_VERSION,
    BeatVerdict,
    Blame,
    CancelOutcome,
    CommitOutcome,
    ExpireOutcome,
    FailOutcome,
    ForgetOutcome,
    Lane,
    RegisterOutcome,
    RestoreOutcome,
    RetryOutcome,
    RunState,
    SubmitOutcome,
    UnitKind,
    UnitState,
)

__all__ = [
    "BELL_CAP",
    "KEEPING",
    "MAX_ATTEMPTS",
    "MAX_DELAY_MS",
    "MAX_IDLE_CLAIMS",
    "NO_QUOTAS",
    "RECORD_VERSION",
    "Abandoned",
    "Answer",
    "Attempt",
    "BeatVerdict",
    "Beaten",
    "Blame",
    "CancelOutcome",
    "Cancelled",
    "Census",
    "Claimed",
    "CommitOutcome",
    "Committed",
    "Cursor",
    "DayCounts",
    "DeliveryNote",
    "DeliveryOutcome",
    "Doomed",
    "Drained",
    "DueDelivery",
    "EndedJobs",
    "ExpireOutcome",
    "Expired",
    "FailOutcome",
    "Failed",
    "FailedRun",
    "FailingAnswer",
    "ForgetOutcome",
    "Forgotten",
    "Found",
    "Grant",
    "HeldClaim",
    "HeldUnits",
    "JobQuery",
    "JobView",
    "Keeping",
    "Lane",
    "LedgerDays",
    "Life",
    "Listed",
    "LiveJob",
    "Mark",
    "Overdue",
    "PendingDelivery",
    "Plan",
    "PlannedUnit",
    "PoolCensus",
    "PoolView",
    "PrepareGate",
    "Purged",
    "Quotas",
    "Recounted",
    "RedisRun",
    "RegisterOutcome",
    "Registered",
    "Released",
    "Restoration",
    "RestoreOutcome",
    "Restored",
    "RestoredEnding",
    "Retried",
    "RetryOutcome",
    "RunState",
    "Sought",
    "Submission",
    "SubmitOutcome",
    "Submitted",
    "Swept",
    "Taken",
    "Timing",
    "UnitKind",
    "UnitState",
    "UseRecounted",
    "Viewed",
    "WorkerPulse",
    "WorkerSeen",
    "timing_of",
]


@dataclass(frozen=True, slots=True)
class Submission:
    """One job on its way into the ledger. All ids are minted by the caller (rule 1)."""

    job_id: str
    transcription_id: str
    """Id that a new run takes; unused when the job joins or hits another."""
    tenant: str
    name: str
    """File name for display, at most 64 bytes of UTF-8; the manifest holds the whole."""
    digest: str
    pool: str
    """Pool of the recognising units."""
    identity: str
    """Engine identity that is part of the digest, canonical JSON."""
    options: str
    """Effective options, canonical JSON; kept on the run until it ends."""
    request_hash: str
    """Hash of fingerprint and effective options, to tell a replay from a conflict."""
    media_key: str | None
    """Store key of this upload, None when only a join or hit is wanted (answer may be ``need_media``)."""
    work_key: str
    """Store prefix of the run's work folder."""
    former_work_key: str | None = None
    """Work folder of an earlier run of the same digest, whose plan and finished spans a new run takes over."""
    request_id: str | None = None
    """Id of the request, at most 64 characters; a new run keeps it while it lives, for the workers' logs."""
    keep: Keeping = KEEPING
    lane: Lane = Lane.STANDARD
    idempotency_hash: str | None = None
    has_hook: bool = False
    """Whether a webhook is to be told how the job ends; the manifest knows its address."""
    run_number: int = 1
    """How often the job was taken in or tried again, this time included. With ``retry`` the least that it counts as."""
    external_hash: str | None = None
    """Short form of the client's own name for the job (``codec.external_hash``), so that it is found by it."""
    estimated_s: float = 0.0
    submitted_ms: int | None = None
    """The manifest's ``submitted_at``. The job is created then, so that the day of its manifest is read off its record
    even when this host's clock and Redis' disagree at midnight; None takes Redis' time."""
    size_bytes: int = 0
    """Of the recording: what its media take in the store. A restored job whose media are gone has none."""
    max_jobs_per_run: int = 1000
    max_waiting: int = 10_000
    quotas: Quotas = NO_QUOTAS
    """What the tenant may have; not asked when a job is restored."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which of a tenant's jobs a page holds."""

    tenant: str
    limit: int
    behind: Cursor | None = None
    """The end of the page before."""
    states: tuple[RunState, ...] | None = None
    external_hash: str | None = None
    since_ms: int | None = None
    """Created then or later."""
    before_ms: int | None = None
    """Created before."""
    scan: int = 500
    """Jobs looked at in one call; a job costs about 10 microseconds of Redis' time."""


@dataclass(frozen=True, slots=True)
class RestoredEnding:
    """How a job had ended. ``failed`` has a ``code``, ``completed`` the last three."""

    state: RunState
    ended_ms: int
    code: str | None = None
    detail: str | None = None
    transcript_key: str | None = None
    identity: str | None = None
    """What really ran; None where it cannot be told, and then the transcript answers no other job."""
    audio_s: float | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """A job as its manifest and the store tell of it. ``submission`` names media and has ``submitted_ms``."""

    submission: Submission
    is_hit: bool
    """Whether a finished run had answered it."""
    ending: RestoredEnding | None
    """None: it is to run (again)."""
    told: tuple[RunState, ...] = ()
    """Endings of this run number that its webhook was told of, or will not be: of them it hears no more."""
    brings: bool = False
    """Whether a job that is known is brought to what is told here, if it is behind that."""


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
