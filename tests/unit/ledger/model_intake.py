"""The pure model's way in and out: submit, retry and cancel."""

from math import inf

from stenopool.ledger.model import (
    Cancelled,
    CancelOutcome,
    Keeping,
    Retried,
    RetryOutcome,
    RunState,
    Submission,
    SubmitOutcome,
    Submitted,
    UnitKind,
)
from tests.unit.ledger.model_moves import Moves
from tests.unit.ledger.model_records import Job, Run, Unit


class Intake(Moves):
    """Jobs as clients send them."""

    def submit(self, new: Submission) -> Submitted:
        if self.epoch is None:
            return self._refusal(new, SubmitOutcome.LEDGER_LOST)
        if new.job_id in self.jobs:
            return self._first_answer(new)
        earlier = self._earlier_request(new)
        if earlier is not None:
            job_id, request_hash = earlier
            if request_hash != new.request_hash:
                return self._refusal(new, SubmitOutcome.IDEMPOTENCY_CONFLICT)
            return self._submitted(SubmitOutcome.REPLAYED, job_id, self.runs[self.jobs[job_id].run])
        return self._take_in(new)

    def _take_in(self, new: Submission) -> Submitted:
        if new.digest in self.index:
            run = self.runs[self.index[new.digest]]
            return self._join(new, run) if run.is_live else self._hit(new, run)
        if new.media_key is None:
            return self._refusal(new, SubmitOutcome.NEED_MEDIA)
        broken = self._broken_quota(new, brings_run=True, brings_media=True)
        if broken is not None:
            return self._refusal(new, SubmitOutcome(broken))
        if len(self.waiting("prepare")) + len(self.waiting(new.pool)) >= new.max_waiting:
            return self._refusal(new, SubmitOutcome.REFUSED_BACKLOG)
        return self._create(new, new.media_key)

    def _earlier_request(self, new: Submission) -> tuple[str, str] | None:
        earlier = self.requests.get((new.tenant, new.idempotency_hash or ""))
        job = self.jobs.get(earlier[0]) if earlier else None
        return earlier if job is not None and job.deleting is None else None

    def _first_answer(self, new: Submission) -> Submitted:
        job = self.jobs[new.job_id]
        outcome = SubmitOutcome.HIT if job.is_hit else SubmitOutcome.JOINED
        if job.run == new.transcription_id:
            outcome = SubmitOutcome.CREATED
        run = self.runs.get(job.run)
        if run is None:
            return Submitted(outcome, new.job_id, new.transcription_id, bells=self._bells())
        return self._submitted(outcome, new.job_id, run)

    def _join(self, new: Submission, run: Run) -> Submitted:
        if len(run.live_jobs) >= new.max_jobs_per_run:
            return self._refusal(new, SubmitOutcome.REFUSED_JOINS)
        broken = self._broken_quota(new, brings_run=False, brings_media=False)
        if broken is not None:
            return self._refusal(new, SubmitOutcome(broken))
        self._add_job(new, run.id, is_hit=False)
        self._join_live(run, new)
        self._tell_change(new.tenant, new.job_id, run, run.state)
        self._count_submission(new, "joined")
        return self._submitted(SubmitOutcome.JOINED, new.job_id, run)

    def _join_live(self, run: Run, new: Submission) -> None:
        assert run.keep is not None
        run.further_jobs.add(new.job_id)
        longest = max(run.keep.media_ms, new.keep.media_ms), max(run.keep.failed_media_ms, new.keep.failed_media_ms)
        run.keep = Keeping(new.keep.result_ms, *longest)
        run.rev += 1

    def _hit(self, new: Submission, run: Run) -> Submitted:
        self._add_job(new, run.id, is_hit=True)
        self._announce(new.job_id, RunState.COMPLETED, self.now)
        self._tell_change(new.tenant, new.job_id, run, run.state)
        self._count_submission(new, "hit")
        self._schedule_job(new.job_id, self.now)
        return self._submitted(SubmitOutcome.HIT, new.job_id, run)

    def _create(self, new: Submission, media: str) -> Submitted:
        run = self._add_run(new, media, self.now)
        self._add_job(new, run.id, is_hit=False)
        self._tell_change(new.tenant, new.job_id, run, run.state)
        self._count_submission(new, "created")
        return self._submitted(SubmitOutcome.CREATED, new.job_id, run)

    def _add_run(self, new: Submission, media: str, arrived: int) -> Run:
        run = bare_run(new, media, arrived)
        run.first_job, run.former, run.request = new.job_id, new.former_work_key, new.request_id
        run.keep = new.keep
        run.most_audio_ms = new.quotas.audio_ms
        self._store_media(new)
        self.runs[run.id] = run
        self.due[media] = inf
        for kind in ("work", "pcm"):
            self.due.pop(f"{kind}/{run.id}", None)
        self.index[new.digest] = run.id
        self.pools |= {"prepare", new.pool}
        self.identities.add(new.identity)
        prepare = Unit("prepare", UnitKind.PREPARE, arrived, cost_s=new.estimated_s)
        run.units["prepare"] = prepare
        self._wait(run, prepare, arrived)
        return run

    def retry(self, new: Submission) -> Retried:
        job = self.there(new.job_id)
        if self.epoch is None or job is None or job.tenant != new.tenant:
            return self._not_retried(new, RetryOutcome.UNKNOWN if self.epoch else RetryOutcome.LEDGER_LOST)
        if job.retry == new.transcription_id:
            outcome = RetryOutcome.HIT if job.is_hit else RetryOutcome.JOINED
            return self._retried(RetryOutcome.CREATED if job.run == job.retry else outcome, job)
        state = self.job_state(new.job_id)
        if state not in (RunState.FAILED, RunState.CANCELLED):
            return self._not_retried(new, RetryOutcome.REFUSED_STATE, state)
        if new.digest in self.index:
            run = self.runs[self.index[new.digest]]
            return self._retry_on(new, job, run)
        return self._retry_anew(new, job)

    def _retry_anew(self, new: Submission, job: Job) -> Retried:
        if new.media_key is None or self.due.get(new.media_key, 0) <= self.now:
            return self._not_retried(new, RetryOutcome.NEED_MEDIA)
        broken = self._broken_quota(new, brings_run=True, brings_media=False)
        if broken is not None:
            return self._not_retried(new, RetryOutcome(broken))
        if len(self.waiting("prepare")) + len(self.waiting(new.pool)) >= new.max_waiting:
            return self._not_retried(new, RetryOutcome.REFUSED_BACKLOG)
        run = self._add_run(new, new.media_key, self.now)
        self._point_at(job, new, run, is_hit=False)
        return self._retried(RetryOutcome.CREATED, job)

    def _retry_on(self, new: Submission, job: Job, run: Run) -> Retried:
        if run.is_live:
            if len(run.live_jobs) >= new.max_jobs_per_run:
                return self._not_retried(new, RetryOutcome.REFUSED_JOINS)
            broken = self._broken_quota(new, brings_run=False, brings_media=False)
            if broken is not None:
                return self._not_retried(new, RetryOutcome(broken))
            self._join_live(run, new)
        self._point_at(job, new, run, is_hit=not run.is_live)
        return self._retried(RetryOutcome.HIT if job.is_hit else RetryOutcome.JOINED, job)

    def _point_at(self, job: Job, new: Submission, run: Run, *, is_hit: bool) -> None:
        last = self.runs[job.run]
        self._drop_deliveries(new.job_id)
        job.run, job.runs, job.retry = run.id, max(job.runs + 1, new.run_number), new.transcription_id
        job.cancelled, job.is_hit = None, is_hit
        self._repoint(new.job_id, last)
        if is_hit:
            self._announce(new.job_id, RunState.COMPLETED, self.now)
            self._schedule_job(new.job_id, self.now)
        self._tell_change(new.tenant, new.job_id, run, run.state)

    def _retried(self, outcome: RetryOutcome, job: Job) -> Retried:
        run = self.runs[job.run]
        return Retried(outcome, run.id, run.media or None, run_number=job.runs, bells=self._bells())

    def _not_retried(self, new: Submission, outcome: RetryOutcome, state: RunState | None = None) -> Retried:
        is_known = outcome not in (RetryOutcome.UNKNOWN, RetryOutcome.LEDGER_LOST)
        number = self.jobs[new.job_id].runs if is_known else 0
        return Retried(outcome, new.transcription_id, None, state, number, bells=self._bells())

    def _add_job(self, new: Submission, run_id: str, *, is_hit: bool) -> None:
        created = self.now if new.submitted_ms is None else new.submitted_ms
        before = self.jobs.get(new.job_id)
        is_first_request = self._earlier_request(new) is None
        self.jobs[new.job_id] = Job(
            new.tenant,
            run_id,
            new.name,
            created,
            is_hit,
            runs=new.run_number,
            retry=None if before is None else new.transcription_id,
            external_hash=new.external_hash,
            has_hook=new.has_hook,
            keep=new.keep,
        )
        for kind in ("tr", "result"):
            self.due.pop(f"{kind}/{run_id}", None)
        run = self.runs[run_id]
        if run.media in self.media and len(self._jobs_of(run)) == 1:
            self.namers[run.media].add(run_id)
        if new.idempotency_hash is not None and is_first_request:
            self.requests[new.tenant, new.idempotency_hash] = (new.job_id, new.request_hash)

    def _submitted(self, outcome: SubmitOutcome, job_id: str, run: Run) -> Submitted:
        return Submitted(outcome, job_id, run.id, run.media or None, bells=self._bells())

    def _refusal(self, new: Submission, outcome: SubmitOutcome) -> Submitted:
        return Submitted(outcome, new.job_id, new.transcription_id, bells=self._bells())

    def cancel(self, job_id: str, tenant: str) -> Cancelled:
        job = self.there(job_id)
        if job is None or job.tenant != tenant:
            return Cancelled(CancelOutcome.UNKNOWN, None, bells=self._bells())
        run = self.runs[job.run]
        if job.cancelled is None:
            if not run.is_live:
                return Cancelled(CancelOutcome.ENDED, run.state, bells=self._bells())
            job.cancelled = self.now
            self._announce(job_id, RunState.CANCELLED, self.now)
            self._tell_change(tenant, job_id, run, RunState.CANCELLED)
            self._schedule_job(job_id, self.now)
            self._leave_run(run, job_id)
        ended = run.state is RunState.CANCELLED
        return Cancelled(CancelOutcome.CANCELLED, RunState.CANCELLED, ended, bells=self._bells())


def bare_run(new: Submission, media: str, created: int) -> Run:
    return Run(
        id=new.transcription_id,
        digest=new.digest,
        identity=new.identity,
        pool=new.pool,
        tenant=new.tenant,
        lane=new.lane,
        media=media,
        work=new.work_key,
        options=new.options,
        first_job="",
        created=created,
    )
