"""What the ledger shows to those who only look: jobs, pools, its own life. Times are integer milliseconds of Redis ``TIME``."""

from dataclasses import dataclass

from stenopool.clock import from_ms
from stenopool.ledger.states import (
    RunState,
)


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
