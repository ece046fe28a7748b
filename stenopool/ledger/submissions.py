"""What goes into operations on jobs: a submission, a question for a list, a job as the store tells of it. Pure."""

from dataclasses import dataclass

from stenopool.ledger.quotas import NO_QUOTAS, Quotas
from stenopool.ledger.retention import KEEPING, Keeping
from stenopool.ledger.states import (
    Lane,
    RunState,
)
from stenopool.ledger.views import Cursor


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
