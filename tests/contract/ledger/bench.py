"""Short words for what tests do with a ledger again and again."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import redis

from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import (
    Committed,
    DueDelivery,
    Grant,
    HeldClaim,
    JobView,
    Plan,
    PlannedUnit,
    Submission,
    Submitted,
    UnitKind,
    timing_of,
)
from tests.contract.ledger.redis_content import CLOCK_KEY

T = TypeVar("T")

TIMING: Final = timing_of(lease_s=30, beat_s=2, sweep_s=5)
DELIVERY_LEASE_MS: Final = 60_000
POOL: Final = "recognise.faster-whisper.base"
POOLS: Final = ("prepare", POOL)
IDENTITY: Final = '{"engine":"faster-whisper","model":"base","revision":"0123456789abcdef"}'


@dataclass
class Bench:
    """One ledger under test."""

    ledger: Ledger
    client: redis.Redis
    now: int = 1_790_000_000_000
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def do(self, call: Call[T]) -> T:
        return self.ledger.do(call)

    def pass_time(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        self.client.set(CLOCK_KEY, self.now)

    def fresh(self, word: str) -> str:
        return f"{word}-{next(self._numbers)}"

    def submission(self, digest: str | None = None) -> Submission:
        number = next(self._numbers)
        return Submission(
            job_id=f"job-{number}",
            transcription_id=f"tr-{number}",
            tenant="ann",
            name="talk.wav",
            digest=digest or f"{number:064x}",
            pool=POOL,
            identity=IDENTITY,
            options='{"language":"auto"}',
            request_hash="request",
            media_key=f"media/{number}",
            work_key=f"work/tr-{number}",
            estimated_s=30.0,
        )

    def submit(self, digest: str | None = None) -> Submitted:
        return self.do(op.submit(self.submission(digest)))

    def cancelled_hook(self) -> str:
        """Id of a job with a webhook that was taken back."""
        job = replace(self.submission(), has_hook=True)
        self.do(op.submit(job))
        self.do(op.cancel(job.job_id, "ann"))
        return job.job_id

    def take(self, limit: int = 50) -> tuple[DueDelivery, ...]:
        return self.do(op.take_deliveries(self.fresh("take"), limit, DELIVERY_LEASE_MS)).deliveries

    def claim(self, worker: str = "red/1") -> Grant:
        grant = self.do(op.claim(self.fresh("claim"), worker, POOLS, TIMING)).grant
        assert grant is not None
        return grant

    def begin(self, worker: str = "red/1") -> Grant:
        grant = self.claim(worker)
        self.do(op.beat(worker, [HeldClaim(grant.claim_id, started=True)], TIMING))
        return grant

    def plan(self, grant: Grant, spans: int = 1) -> Committed:
        units = [PlannedUnit(f"span-{i}", UnitKind.SPAN, i * 480_000, (i + 1) * 480_000, 30.0) for i in range(spans)]
        units.append(PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True))
        return self.do(op.plan(grant.claim_id, Plan(grant.claim_id, 30.0 * spans, tuple(units)), TIMING))

    def span(self) -> Grant:
        """A begun span of a job submitted for it."""
        self.submit()
        self.plan(self.begin())
        return self.begin()

    def assemble(self) -> Grant:
        """A begun assemble of a job submitted for it."""
        following = self.do(op.commit(self.span().claim_id, TIMING)).next
        assert following is not None
        return following

    def finish(self, grant: Grant, identity: str = IDENTITY) -> Committed:
        return self.do(op.finish(grant.claim_id, f"transcripts/{grant.transcription_id}.json", identity))

    def view(self, job_id: str) -> JobView:
        job = self.do(op.view(job_id, "ann")).job
        assert job is not None
        return job

    def let_leases_end(self) -> None:
        """Time passes as it should, sweep after sweep, while nobody beats."""
        for _ in range(4):
            self.pass_time(9)
            self.do(op.sweep(TIMING))
