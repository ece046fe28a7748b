"""What the pure model of the ledger remembers: plain values, no queue and no counter that could disagree with them."""

from dataclasses import dataclass, field

from stenopool.ledger.events import TextEntry
from stenopool.ledger.model import KEEPING, Attempt, Keeping, Lane, RunState, UnitKind, UnitState


@dataclass
class Unit:
    id: str
    kind: UnitKind
    order: int
    state: UnitState = UnitState.BLOCKED
    cost_s: float = 0.0
    from_sample: int = 0
    to_sample: int = 0
    attempt: int = 0
    claims: int = 0
    claim: str = ""
    last_worker: str = ""
    delayed_ms: int = 0
    not_before: int | None = None

    @property
    def cost_ms(self) -> int:
        return round(self.cost_s * 1000)


@dataclass
class Run:
    id: str
    digest: str
    identity: str
    pool: str
    tenant: str
    lane: Lane
    media: str
    work: str
    options: str
    first_job: str
    created: int
    former: str | None = None
    most_audio_ms: int = 0
    """Quota of its tenant when it began, 0 for none; forgotten at the end."""
    request: str | None = None
    state: RunState = RunState.QUEUED
    stage: str = "prepare"
    units: dict[str, Unit] = field(default_factory=dict)
    further_jobs: set[str] = field(default_factory=set)
    plan: str | None = None
    language: str | None = None
    audio_s: float | None = None
    spans: int = 0
    done: int = 0
    done_ms: int = 0
    attempt: int = 0
    rev: int = 1
    begun: int | None = None
    """When its first span was begun; forgotten at the end."""
    started: int | None = None
    ended: int | None = None
    reason: str | None = None
    detail: str | None = None
    transcript: str | None = None
    text: list[TextEntry] = field(default_factory=list)
    told: dict[str, tuple[str, int, bool]] = field(default_factory=dict)
    """Unit -> the claim that spoke last, how many segments it told, whether that was all."""
    text_jobs: set[str] = field(default_factory=set)
    keep: Keeping | None = None
    """The longest that its jobs agreed on; forgotten at the end."""

    @property
    def live_jobs(self) -> set[str]:
        return self.further_jobs | ({self.first_job} - {""})

    @property
    def reserved_ms(self) -> int:
        """What is held back for a length that was not measured yet."""
        prepare = self.units.get("prepare")
        return prepare.cost_ms if prepare is not None and prepare.state is not UnitState.DONE else 0

    def kept_ms(self, keep: Keeping) -> int:
        """How long its media stay after its end."""
        if self.reason == "infected":
            return 0
        return keep.failed_media_ms if self.state is RunState.FAILED else keep.media_ms

    @property
    def is_live(self) -> bool:
        return not self.state.ended


@dataclass
class Job:
    tenant: str
    run: str
    name: str
    created: int
    is_hit: bool = False
    cancelled: int | None = None
    runs: int = 1
    retry: str | None = None
    external_hash: str | None = None
    has_hook: bool = False
    keep: Keeping = KEEPING
    expired: int | None = None
    deleting: int | None = None

    @property
    def reads(self) -> bool:
        """Whether the transcript of its run is the job's to read."""
        return self.cancelled is None and self.expired is None and self.deleting is None


@dataclass
class Delivery:
    job: str
    run_number: int
    event: RunState
    at: int
    due: int
    taken: str = ""
    attempts: list[Attempt] = field(default_factory=list)


@dataclass
class Claim:
    id: str
    run: Run
    unit: Unit
    worker: str
    expiry: int | None
    """None once the lease ran out; the claim stays in force until somebody else takes the unit."""
    started: bool = False
    rearmed: bool = False
    done_ms: int = 0
