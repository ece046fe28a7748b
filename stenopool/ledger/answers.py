"""What the ledger answers: one frozen value per operation. Times are integer milliseconds of Redis ``TIME``."""

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
class Life:
    """Whether the ledger lives. Without ``epoch`` it is new or lost; with ``restoring`` not every job is back."""

    epoch: str | None
    restoring: str | None
    """The epoch that the rebuild brings."""


@dataclass(frozen=True, slots=True)
class RedisRun:
    """Lives of Redis by their run ids. In another one than ``whole`` the ledger's last writes may be lost."""

    whole: str | None
    """The one in which the ledger is known to have been whole."""
    current: str | None
    """None where a managed Redis does not tell."""
    tick_ms: int | None
    """Last sweep that the ledger knows of: what was written before it is not lost."""


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
    speed: float | None = None
    """Audio-seconds that one worker recognises in a second, measured on the last runs; None before the first."""


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
    """Rank among the tenant's own runs waiting in this pool and lane, 1 = next; None when not waiting."""
    reason: str | None
    """Code of the failure."""
    detail: str | None
    """One sentence about the failure, safe to show."""
    transcript_key: str | None
    cached: bool
    """Whether the job was answered from a finished transcription."""
    rev: int
    """Grows with every change of the run."""
    queue_length: int | None = None
    """The tenant's own runs that wait in this pool and lane; None when not waiting."""

    @property
    def mark(self) -> "Mark":
        """What changes whenever something of the job does."""
        return Mark(self.job_id, self.transcription_id, self.rev, self.state, self.position)

    @property
    def manifest_day(self) -> str:
        """``yyyy-mm-dd`` (UTC) under which the job's manifest stands."""
        return from_ms(self.created_ms).date().isoformat()


@dataclass(frozen=True, slots=True)
class Viewed:
    """Answer of ``view``. While the ledger is lost an unknown job may still exist: 503, never 404."""

    job: JobView | None
    ledger_lost: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What a job is known again by: two marks of a job differ when something of it has changed between them."""

    job_id: str
    transcription_id: str
    rev: int
    state: RunState
    position: int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a tenant's list of jobs: behind this one."""

    created_ms: int
    job_id: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Answer of ``list``: one page, newest first. It may be short, even empty, while ``next`` says that there is more."""

    next: Cursor | None
    ledger_lost: bool
    jobs: tuple[JobView, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The newest live or completed run of a digest."""

    transcription_id: str
    state: RunState
    media_key: str


@dataclass(frozen=True, slots=True)
class Sought:
    """Answer of ``find``: what is there before a submission."""

    run: Found | None
    """That of its digest."""
    ledger_lost: bool
    """Whether it would be refused for now: the ledger is lost, or does not know yet what became of its key."""
    former: str | None = None
    """The last transcription of its digest that ended badly and left work behind: a new one takes it over."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """Answer of ``recount``: the pool's counters as they were found by counting."""

    waiting: int
    waiting_s: float
