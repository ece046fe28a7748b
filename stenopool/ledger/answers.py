"""What the ledger answers to what changes it: one frozen value per operation. Times are integer milliseconds of Redis ``TIME``."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stenopool.clock import from_ms
from stenopool.ledger.states import (
    BeatVerdict,
    CancelOutcome,
    CommitOutcome,
    FailOutcome,
    RegisterOutcome,
    RestoreOutcome,
    RetryOutcome,
    RunState,
    SubmitOutcome,
    UnitKind,
)


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
    former_work_key: str | None = None
    """Work folder of the run before this one, whose finished work ``prepare`` takes over."""
    request_id: str | None = None
    """Id of the request that began the run, for the logs."""


@dataclass(frozen=True, slots=True)
class Claimed(Answer):
    """Answer of ``claim``; no grant means nothing waits for these pools."""

    grant: Grant | None


@dataclass(frozen=True, slots=True)
class Beaten(Answer):
    """Answer of ``beat``: one verdict per claim id."""

    verdicts: Mapping[str, BeatVerdict]


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job that waits on a live run."""

    job_id: str
    tenant: str
    created_ms: int

    @property
    def manifest_day(self) -> str:
        """``yyyy-mm-dd`` (UTC) under which the job's manifest stands."""
        return from_ms(self.created_ms).date().isoformat()


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that a call ended in failure, and the jobs that waited on it until then."""

    transcription_id: str
    ended_ms: int
    code: str
    jobs: tuple[LiveJob, ...]
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class FailingAnswer(Answer):
    """What an operation returns that may end runs: the caller writes their endings (``stenopool.media.endings``).

    The same call again names none: only the first answer does.
    """

    failed_runs: tuple[FailedRun, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Committed(FailingAnswer):
    """Answer of ``plan``, ``commit`` and ``finish``. ``next`` is the assemble unit handed to the committer.

    A ``plan`` may end its run: the recording turned out longer than its tenant may have transcribed today.
    """

    outcome: CommitOutcome
    next: Grant | None = None


@dataclass(frozen=True, slots=True)
class Failed(FailingAnswer):
    """Answer of ``fail``."""

    outcome: FailOutcome


@dataclass(frozen=True, slots=True)
class Released(FailingAnswer):
    """Answer of ``release``; False when the claim was not in force any more."""

    ok: bool
    run_failed: bool = False
    """Whether the unit's delays came to more than an hour, so that the run failed with ``transient_too_long``."""


@dataclass(frozen=True, slots=True)
class Restored(FailingAnswer):
    """Answer of ``restore``. ``transcription_id`` is the run in force, which may be another than the manifest's."""

    outcome: RestoreOutcome
    transcription_id: str


@dataclass(frozen=True, slots=True)
class Abandoned(FailingAnswer):
    """Answer of ``abandon``: claims that were put back or failed."""

    claims: int


@dataclass(frozen=True, slots=True)
class Cancelled(Answer):
    """Answer of ``cancel``. ``state`` is the job's state after it; None for an unknown job."""

    outcome: CancelOutcome
    state: RunState | None
    run_ended: bool = False
    """Whether this was the last job of the run, which thereby ended."""


@dataclass(frozen=True, slots=True)
class Retried(Answer):
    """Answer of ``retry``; ``transcription_id`` is the run in force when it was taken."""

    outcome: RetryOutcome
    transcription_id: str
    media_key: str | None = None
    """Media of the run in force."""
    state: RunState | None = None
    """With ``refused_state``: the state the job is in."""
    run_number: int = 0
    """Of the run that the job is on after the call, counted from 1; nought for an unknown job."""


@dataclass(frozen=True, slots=True)
class Swept(FailingAnswer):
    """Answer of ``sweep``. ``ran`` is False when another sweep was less than 4 s ago."""

    ran: bool
    expired: int = 0
    failed: int = 0
    delayed_due: int = 0
    rearmed: int = 0
    ledger_lost: bool = False


@dataclass(frozen=True, slots=True)
class Registered(Answer):
    """Answer of ``register``. ``identity`` is the pool's own after the call."""

    outcome: RegisterOutcome
    identity: str


@dataclass(frozen=True, slots=True)
class Drained(Answer):
    """Answer of ``drain``: workers that claim nothing after the call; ``*`` is all."""

    drained: tuple[str, ...] = ()
