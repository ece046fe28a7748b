"""The ledger's words as frozen values: what goes into an operation, what comes out. No I/O.

Times are integer milliseconds of Redis ``TIME`` (``_ms``) or seconds of audio (``_s``). Costs are audio-seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

RECORD_VERSION: Final = 1
"""``v`` of every record and manifest written by this release; newer ones are left alone (ledger.md 3.17)."""

MAX_ATTEMPTS: Final = 3
"""Started claims after which a unit fails for good (rule 13)."""

MAX_IDLE_CLAIMS: Final = 10
"""Claims that were never started after which a unit fails for good (rule 13)."""

BELL_CAP: Final = 32
"""No queue ever holds more bells than this (rule 15)."""


class RunState(StrEnum):
    """State of a transcription, and of a job that did not leave it."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the state absorbs: it never changes again."""
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)


class UnitKind(StrEnum):
    """What a unit does."""

    PREPARE = "prepare"
    DETECT = "detect"
    SPAN = "span"
    ASSEMBLE = "assemble"


class UnitState(StrEnum):
    """Where a unit is; it is in exactly one of these."""

    BLOCKED = "blocked"
    WAITING = "waiting"
    DELAYED = "delayed"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class Lane(StrEnum):
    """Priority class. One lane is served until fair queueing arrives."""

    INTERACTIVE = "interactive"
    STANDARD = "standard"
    BULK = "bulk"


class Blame(StrEnum):
    """Whose fault a failed attempt is: the recording's (final at once) or the unit's (an attempt is spent)."""

    INPUT = "input"
    UNIT = "unit"


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
    lane: Lane = Lane.STANDARD
    idempotency_hash: str | None = None
    estimated_s: float = 0.0
    max_jobs_per_run: int = 1000
    max_waiting: int = 10_000


class SubmitOutcome(StrEnum):
    """How a submission ended."""

    CREATED = "created"
    JOINED = "joined"
    HIT = "hit"
    REPLAYED = "replayed"
    IDEMPOTENCY_CONFLICT = "idem_conflict"
    NEED_MEDIA = "need_media"
    REFUSED_JOINS = "refused_joins"
    REFUSED_BACKLOG = "refused_backlog"
    LEDGER_LOST = "ledger_lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """What every operation returns besides its own: bells that the caller must ring, by queue."""

    bells: Mapping[str, int] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True)
class Submitted(Answer):
    """Answer of ``submit``; ``job_id`` and ``transcription_id`` are the ones in force (a replay names the first job)."""

    outcome: SubmitOutcome
    job_id: str
    transcription_id: str
    media_key: str | None = None
    """Media of the run in force."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A claimed unit, with all that its work needs."""

    claim_id: str
    transcription_id: str
    unit_id: str
    """``prepare``, ``detect``, ``assemble`` or ``span-<n>``."""
    kind: UnitKind
    attempt: int
    """Attempts already started by earlier claims: 0 for the first."""
    pool: str
    options: str
    identity: str
    media_key: str
    work_key: str
    plan_id: str | None
    """None for ``prepare``."""
    from_sample: int
    to_sample: int
    cost_s: float
    audio_s: float | None
    """Decoded length of the media in seconds; None for ``prepare``."""
    language: str | None
    """Language that ``detect`` committed."""
    units: int
    """Spans of the run; 0 for ``prepare``."""


@dataclass(frozen=True, slots=True)
class Claimed(Answer):
    """Answer of ``claim``; no grant means nothing waits for these pools."""

    grant: Grant | None


class BeatVerdict(StrEnum):
    """What a beat tells the holder of a claim."""

    GO = "go"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """One claim in a beat."""

    claim_id: str
    started: bool
    done_s: float = 0.0
    """Audio-seconds of the unit done so far."""


@dataclass(frozen=True, slots=True)
class Beaten(Answer):
    """Answer of ``beat``: one verdict per claim id."""

    verdicts: Mapping[str, BeatVerdict]


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


class CommitOutcome(StrEnum):
    """How a commit was taken. ``already``: this very commit was taken before. ``refused``: the claim is not in force."""

    OK = "ok"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Committed(Answer):
    """Answer of ``plan``, ``commit`` and ``finish``. ``next`` is the assemble unit handed to the committer."""

    outcome: CommitOutcome
    next: Grant | None = None


class FailOutcome(StrEnum):
    """What became of a unit whose attempt failed."""

    REQUEUED = "requeued"
    FAILED = "failed"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Failed(Answer):
    """Answer of ``fail``."""

    outcome: FailOutcome


@dataclass(frozen=True, slots=True)
class Released(Answer):
    """Answer of ``release``; False when the claim was not in force any more."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Abandoned(Answer):
    """Answer of ``abandon``: claims that were put back or failed."""

    claims: int


class CancelOutcome(StrEnum):
    """How a cancel was taken."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cancelled(Answer):
    """Answer of ``cancel``. ``state`` is the job's state after it; None for an unknown job."""

    outcome: CancelOutcome
    state: RunState | None
    run_ended: bool = False
    """Whether this was the last job of the run, which thereby ended."""


@dataclass(frozen=True, slots=True)
class Swept(Answer):
    """Answer of ``sweep``. ``ran`` is False when another sweep was less than 4 s ago."""

    ran: bool
    expired: int = 0
    failed: int = 0
    delayed_due: int = 0
    rearmed: int = 0
    ledger_lost: bool = False


class RegisterOutcome(StrEnum):
    """Whether a worker may claim: its identity equals the pool's, or became it."""

    OK = "ok"
    MISMATCH = "mismatch"


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


@dataclass(frozen=True, slots=True)
class Registered(Answer):
    """Answer of ``register``. ``identity`` is the pool's own after the call."""

    outcome: RegisterOutcome
    identity: str


@dataclass(frozen=True, slots=True)
class PoolView:
    """What is known of a pool. ``identity`` is None while no worker ever served it."""

    identity: str | None
    live_workers: int
    waiting: int
    """Units waiting."""
    open: int
    """Units waiting or leased."""
    waiting_s: float
    """Audio-seconds waiting."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job and its run as one consistent read."""

    job_id: str
    tenant: str
    name: str
    state: RunState
    """The job's: ``cancelled`` when it left, else its run's."""
    transcription_id: str
    digest: str
    pool: str
    identity: str
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    audio_s: float | None
    done_s: float
    """Audio-seconds recognised so far."""
    stage: str
    """Kind of the foremost open unit, empty once ended."""
    attempt: int
    """Highest attempt of any unit of the run."""
    position: int | None
    """Rank among the runs waiting in this pool and lane, 1 = next; None when not waiting."""
    reason: str | None
    """Code of the failure."""
    detail: str | None
    """One sentence about the failure, safe to show."""
    transcript_key: str | None
    manifest_day: str
    """``yyyy-mm-dd`` of the job's manifest."""
    cached: bool
    """Whether the job was answered from a finished transcription."""
    rev: int
    """Grows with every change of the run."""


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
