"""The state of the pure model, and the moves that units, claims and runs make in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import inf

from stenopool.ledger import lifecycle
from stenopool.ledger.model import (
    CommitOutcome,
    Committed,
    FailedRun,
    Grant,
    Keeping,
    LiveJob,
    RunState,
    Timing,
    UnitKind,
    UnitState,
    WorkerPulse,
)
from tests.unit.ledger.model_quotas import Accounts
from tests.unit.ledger.model_records import Claim, Delivery, Job, Run, Unit


class Moves(Accounts):
    def __init__(self, timing: Timing) -> None:
        super().__init__()
        self.timing = timing
        self.restoring: str | None = None
        self.tick: int | None = None
        self.index: dict[str, str] = {}
        self.requests: dict[tuple[str, str], tuple[str, str]] = {}
        self.spent: dict[str, str] = {}
        self.pools: set[str] = set()
        self.identities: set[str] = set()
        self.registered: dict[str, str] = {}
        self.speeds: dict[str, tuple[int, int]] = {}
        self.alive_until: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self.pulses: dict[str, WorkerPulse] = {}
        self.seen: dict[str, int] = {}
        self.due: dict[str, float] = {}
        self.deleted: dict[str, str] = {}
        self.left: dict[str, str] = {}
        """Digest -> the run that left work. As in the tests' Redis, whose keys live by another clock, none expires."""
        self.lying_bells: Counter[str] = Counter()
        self._touched: set[str] = set()
        self._failed_runs: list[FailedRun] = []
        self.outbox: dict[str, Delivery] = {}
        self.takes: dict[str, list[str]] = {}
        self.drained: set[str] = set()

    # The end of life.

    def _jobs_of(self, run: Run) -> list[Job]:
        """The jobs that point at a run, those that are being deleted left out."""
        return [job for job in self.jobs.values() if job.run == run.id and job.deleting is None]

    def _readers(self, run: Run) -> list[Job]:
        return [job for job in self._jobs_of(run) if job.reads]

    def naming(self, media: str) -> list[Run]:
        """The runs that name media and have jobs, sorted."""
        runs = [self.runs[name] for name in sorted(self.namers.get(media, ())) if name in self.runs]
        return [run for run in runs if self._jobs_of(run)]

    def _schedule_run(self, run: Run, ended: int, keep: Keeping) -> None:
        until = ended + run.kept_ms(keep)
        if not any(other.is_live for other in self.naming(run.media) if other is not run):
            self.due[run.media] = until
        if run.state is RunState.COMPLETED:
            self.due[f"work/{run.id}"] = ended
        else:
            self.due[f"pcm/{run.id}"], self.due[f"work/{run.id}"] = ended, until

    def _schedule_job(self, job_id: str, ended: int) -> None:
        job = self.jobs[job_id]
        self.due[f"job/{job_id}"] = max(ended, job.created) + job.keep.result_ms

    def _let_media_go(self, run: Run) -> None:
        if self.due.get(run.media, inf) < inf and all(other is run for other in self.naming(run.media)):
            self.due[run.media] = self.now

    def _let_result_go(self, run: Run) -> None:
        self._clear_index(run)
        self._forget_text(run)
        self._let_media_go(run)
        self.due[f"result/{run.id}"] = self.due[f"work/{run.id}"] = self.now

    def _let_run_go(self, run: Run) -> None:
        self._clear_index(run)
        if self.left.get(run.digest) == run.id:
            del self.left[run.digest]
        self._forget_text(run)
        self._let_media_go(run)
        for kind in ("result", "pcm"):
            self.due.pop(f"{kind}/{run.id}", None)
        self.due[f"tr/{run.id}"] = self.due[f"work/{run.id}"] = self.now

    def _repoint(self, job_id: str, last: Run) -> None:
        """Another run does the job's work than the last one."""
        self.due.pop(f"job/{job_id}", None)
        if all(job is self.jobs[job_id] for job in self._jobs_of(last)):
            self.due[f"tr/{last.id}"] = self.now

    def _leave_run(self, run: Run, job_id: str) -> None:
        run.further_jobs.discard(job_id)
        run.first_job = "" if run.first_job == job_id else run.first_job
        if run.live_jobs:
            run.rev += 1
        else:
            self._end(run, RunState.CANCELLED)

    # Looking.

    def waiting(self, pool: str) -> list[tuple[Run, Unit]]:
        """The pool's waiting units in the order in which they are handed out."""
        units = [
            (run, unit)
            for run, unit in self._units()
            if unit.state is UnitState.WAITING and lifecycle.pool_of(unit.kind, run.pool) == pool
        ]

        def first(of: Iterable[tuple[Run, Unit]]) -> int:
            return min(unit.order for _, unit in of)

        def place(waiting: tuple[Run, Unit]) -> tuple[tuple[int, str], ...]:
            run, unit = waiting
            lane = [other for other in units if other[0].lane == run.lane]
            tenant = [other for other in lane if other[0].tenant == run.tenant]
            own = [other for other in tenant if other[0] is run]
            return (first(lane), run.lane), (first(tenant), run.tenant), (first(own), run.id), (unit.order, unit.id)

        return sorted(units, key=place)

    def prepared_ms(self, pool: str) -> int:
        """Audio that waits to be recognised, or is."""
        spans = [unit for run, unit in self._units() if run.pool == pool and unit.kind is UnitKind.SPAN]
        return sum(unit.cost_ms for unit in spans if unit.state is not UnitState.DONE)

    def there(self, job_id: str) -> Job | None:
        """The job, unless it is being deleted."""
        job = self.jobs.get(job_id)
        return job if job is not None and job.deleting is None else None

    def job_state(self, job_id: str) -> RunState:
        job = self.jobs[job_id]
        return lifecycle.job_state(has_left=job.cancelled is not None, run=self.runs[job.run].state)

    def _units(self) -> list[tuple[Run, Unit]]:
        return [(run, unit) for run in self.runs.values() for unit in run.units.values()]

    def _leased(self) -> list[Claim]:
        return [claim for claim in self.claims.values() if claim.expiry is not None]

    def _move(self, unit: Unit, state: UnitState) -> None:
        assert lifecycle.unit_may_move(unit.state, state), (unit, state)
        unit.state = state

    def _wait(self, run: Run, unit: Unit, order: int) -> None:
        self._move(unit, UnitState.WAITING)
        unit.order = order
        self._touched.add(lifecycle.pool_of(unit.kind, run.pool))

    def _leave(self, run: Run, unit: Unit) -> None:
        """Whatever the unit does next: if it waited, its pool's backlog changes."""
        if unit.state is UnitState.WAITING:
            self._touched.add(lifecycle.pool_of(unit.kind, run.pool))

    def _lease(self, run: Run, unit: Unit, claim_id: str, worker: str) -> Grant:
        if unit.claim:
            self._spend(self.claims[unit.claim], "lost")
        self._move(unit, UnitState.LEASED)
        unit.claim = claim_id
        unit.claims += 1
        self.claims[claim_id] = Claim(claim_id, run, unit, worker, self.now + self.timing.lease_ms)
        if run.state is RunState.QUEUED:
            run.state, run.started = RunState.PROCESSING, self.now
            self._tell_run(run, run.state)
        run.rev += 1
        return self._grant(self.claims[claim_id])

    def _spend(self, claim: Claim, operation: str) -> None:
        del self.claims[claim.id]
        self.spent[claim.id] = operation
        claim.unit.claim = ""

    def _spend_attempt(self, claim: Claim) -> None:
        unit = claim.unit
        unit.attempt += 1
        unit.claims -= 1
        unit.last_worker = claim.worker
        if unit.kind is UnitKind.SPAN and claim.run.begun is None:
            claim.run.begun = self.now
        claim.run.attempt = max(claim.run.attempt, unit.attempt)
        claim.run.rev += 1

    def _progress(self, claim: Claim, done_ms: int) -> None:
        done_ms = min(done_ms, claim.unit.cost_ms)
        if claim.unit.kind is UnitKind.SPAN and done_ms != claim.done_ms:
            claim.run.done_ms += done_ms - claim.done_ms
            claim.done_ms = done_ms
            claim.run.rev += 1

    def _complete(self, claim: Claim, operation: str) -> None:
        self._leave(claim.run, claim.unit)
        self._move(claim.unit, UnitState.DONE)
        self._spend(claim, operation)
        claim.run.rev += 1

    def _end(self, run: Run, state: RunState, reason: str | None = None, detail: str | None = None) -> None:
        assert lifecycle.run_may_move(run.state, state), (run.state, state)
        self._tell_ending(run, state, reason, detail)
        self._count_end(run, state)
        if reason is not None:
            jobs = tuple(
                LiveJob(name, self.jobs[name].tenant, self.jobs[name].created) for name in sorted(run.live_jobs)
            )
            self._failed_runs.append(FailedRun(run.id, self.now, reason, jobs, detail))
        for name in run.live_jobs:
            self._announce(name, state, self.now)
        for unit in run.units.values():
            self._leave(run, unit)
            if unit.kind is UnitKind.SPAN and unit.state is not UnitState.DONE and unit.cost_ms:
                self._touched.add("prepare")
            if unit.claim:
                self._spend(self.claims[unit.claim], "lost")
        run.state, run.ended, run.reason, run.detail = state, self.now, reason, detail
        assert run.keep is not None
        self._schedule_run(run, self.now, run.keep)
        self._leave_work(run)
        for name in run.live_jobs:
            self._schedule_job(name, self.now)
        run.keep = None
        run.units, run.further_jobs, run.stage = {}, set(), ""
        run.begun = run.former = run.request = None
        run.most_audio_ms = 0
        run.rev += 1
        if state is not RunState.COMPLETED:
            self._clear_index(run)

    def _leave_work(self, run: Run) -> None:
        """What the next run of the digest gets of one that has ended."""
        if run.state is RunState.COMPLETED:
            self.left.pop(run.digest, None)
        elif run.reason == "infected":
            self._drop_media(run.media)
        elif run.audio_s is not None and self.due[f"work/{run.id}"] > self.now:
            self.left[run.digest] = run.id

    def _announce(self, job_id: str, event: RunState, at: int) -> None:
        job = self.jobs[job_id]
        if job.has_hook:
            name = f"{job_id}-{job.runs}-{event}"
            assert name not in self.outbox, "an event was told twice"
            self.outbox[name] = Delivery(job_id, job.runs, event, at, due=self.now)

    def _drop_deliveries(self, job_id: str) -> None:
        self.outbox = {name: delivery for name, delivery in self.outbox.items() if delivery.job != job_id}

    def _failures(self) -> tuple[FailedRun, ...]:
        failed, self._failed_runs = tuple(self._failed_runs), []
        return failed

    def _clear_index(self, run: Run) -> None:
        if self.index.get(run.digest) == run.id:
            del self.index[run.digest]

    def _not_in_force(self, claim_id: str, operation: str) -> Committed:
        if self.spent.get(claim_id) != operation:
            return Committed(CommitOutcome.REFUSED, bells=self._bells())
        following = self.claims.get(claim_id + "+")
        return Committed(CommitOutcome.ALREADY, self._grant(following) if following else None, bells=self._bells())

    def _grant(self, claim: Claim) -> Grant:
        run, unit = claim.run, claim.unit
        return Grant(
            claim_id=claim.id,
            transcription_id=run.id,
            unit_id=unit.id,
            kind=unit.kind,
            attempt=unit.attempt,
            pool=run.pool,
            options=run.options,
            identity=run.identity,
            media_key=run.media,
            work_key=run.work,
            plan_id=run.plan,
            from_sample=unit.from_sample,
            to_sample=unit.to_sample,
            cost_s=unit.cost_s,
            audio_s=run.audio_s,
            language=run.language,
            units=run.spans,
            former_work_key=run.former,
            request_id=run.request,
        )

    def _bells(self) -> Mapping[str, int]:
        touched, self._touched = self._touched, set()
        missing = {pool: min(len(self.waiting(pool)), 32) - self.lying_bells[pool] for pool in touched}
        return {pool: count for pool, count in missing.items() if count > 0}
