"""The pure model's way back in, when the ledger was lost: restore."""

from stenopool.ledger.model import (
    Restoration,
    Restored,
    RestoredEnding,
    RestoreOutcome,
    RunState,
    Submission,
)
from tests.unit.ledger.model_intake import Intake, bare_run
from tests.unit.ledger.model_quotas import DAY_MS
from tests.unit.ledger.model_records import Job, Run


class Restore(Intake):
    """Jobs as their manifests tell of them."""

    def restore(self, restoration: Restoration) -> Restored:
        new = restoration.submission
        job = self.jobs.get(new.job_id)
        if job is not None:
            run = self.runs.get(job.run)
            if (
                run is None
                or job.deleting is not None
                or not restoration.brings
                or not self._is_behind(job, restoration)
            ):
                return self._restored(RestoreOutcome.KNOWN, job.run)
            if self._is_waiting(job) and job.run == new.transcription_id:
                self._bring(restoration, job)
                return self._restored(RestoreOutcome.BROUGHT, job.run)
            if self._is_waiting(job):
                self._leave_run(run, new.job_id)
            self._drop_deliveries(new.job_id)
            self._repoint(new.job_id, run)
        answer = self._take_back_in(restoration, RestoreOutcome.BROUGHT if job else RestoreOutcome.OK)
        if self.epoch is not None and self.restoring is None:
            run = self.runs[answer.transcription_id]
            self._tell_change(new.tenant, new.job_id, run, self.job_state(new.job_id))
        return answer

    def _is_waiting(self, job: Job) -> bool:
        return job.cancelled is None and self.runs[job.run].is_live

    def _is_behind(self, job: Job, restoration: Restoration) -> bool:
        number = restoration.submission.run_number
        is_completed = job.cancelled is None and self.runs[job.run].state is RunState.COMPLETED
        if number < job.runs or is_completed:
            return False
        return number > job.runs or (self._is_waiting(job) and restoration.ending is not None)

    def _bring(self, restoration: Restoration, job: Job) -> None:
        job_id, run, ending = restoration.submission.job_id, self.runs[job.run], restoration.ending
        job.runs = restoration.submission.run_number
        if ending is None:
            return
        if ending.state is RunState.CANCELLED:
            job.cancelled = ending.ended_ms
            self._schedule_job(job_id, ending.ended_ms)
            self._tell_change(job.tenant, job_id, run, RunState.CANCELLED)
            self._leave_run(run, job_id)
        else:
            self._end_now(run, ending)
            self._drop_deliveries(job_id)
        self._announce_restored(restoration, ending.state, ending.ended_ms)

    def _end_now(self, run: Run, ending: RestoredEnding) -> None:
        if ending.state is RunState.FAILED:
            self._end(run, RunState.FAILED, ending.code, ending.detail)
            return
        asked, run.transcript = run.identity, ending.transcript_key
        run.identity = ending.identity or asked
        self.identities.add(run.identity)
        if run.audio_s is None:
            self._note_measure(run.tenant, ending)
        run.audio_s = ending.audio_s or run.audio_s or 0.0
        run.done_ms = round(run.audio_s * 1000)
        self._end(run, RunState.COMPLETED)
        if ending.identity != asked:
            self._clear_index(run)

    def _take_back_in(self, restoration: Restoration, outcome: RestoreOutcome) -> Restored:
        new, ending = restoration.submission, restoration.ending
        own = self.runs.get(new.transcription_id)
        if ending is not None and ending.state is RunState.CANCELLED:
            if own is None:
                self._add_ended_run(new, ending)
            self._add_job(new, new.transcription_id, is_hit=restoration.is_hit)
            self.jobs[new.job_id].cancelled = ending.ended_ms
            self._announce_restored(restoration, ending.state, ending.ended_ms)
            self._schedule_job(new.job_id, ending.ended_ms)
            return self._restored(outcome, new.transcription_id)
        if own is not None and own.state is not RunState.CANCELLED:
            return self._attach(restoration, own, outcome)
        if ending is None and new.digest in self.index:
            return self._attach(restoration, self.runs[self.index[new.digest]], outcome)
        if ending is None:
            assert new.media_key is not None
            assert new.submitted_ms is not None
            run = self._add_run(new, new.media_key, new.submitted_ms)
        else:
            run = self._add_ended_run(new, ending)
        run.rev += own.rev if own else 0
        self._add_job(new, run.id, is_hit=restoration.is_hit and ending is not None)
        if ending is not None:
            self._announce_restored(restoration, ending.state, ending.ended_ms)
            self._schedule_job(new.job_id, ending.ended_ms)
        return self._restored(outcome, run.id)

    def _attach(self, restoration: Restoration, run: Run, outcome: RestoreOutcome) -> Restored:
        new, ending = restoration.submission, restoration.ending
        is_hit = restoration.is_hit or (run.id != new.transcription_id and not run.is_live)
        if ending is not None and run.is_live:
            self._end_now(run, ending)
        elif run.is_live:
            self._join_live(run, new)
        self._add_job(new, run.id, is_hit=is_hit)
        if not run.is_live:
            assert run.ended is not None
            self._announce_restored(restoration, run.state, run.ended)
            self._schedule_job(new.job_id, run.ended)
        return self._restored(outcome, run.id)

    def _announce_restored(self, restoration: Restoration, event: RunState, at: int) -> None:
        if event not in restoration.told:
            self._announce(restoration.submission.job_id, event, at)

    def _add_ended_run(self, new: Submission, ending: RestoredEnding) -> Run:
        assert new.media_key is not None
        assert new.submitted_ms is not None
        run = bare_run(new, new.media_key, new.submitted_ms)
        run.state, run.ended, run.stage = ending.state, ending.ended_ms, ""
        run.reason, run.detail, run.transcript = ending.code, ending.detail, ending.transcript_key
        run.identity, run.audio_s = ending.identity or new.identity, ending.audio_s
        run.done_ms = round((ending.audio_s or 0) * 1000)
        self.runs[run.id] = run
        self._store_media(new)
        self._note_measure(new.tenant, ending)
        self.identities.add(run.identity)
        keep_ms = run.kept_ms(new.keep)
        earlier = self.due.get(run.media, 0)
        self._schedule_run(run, ending.ended_ms, new.keep)
        self.due[run.media] = max(earlier, ending.ended_ms + keep_ms)
        if run.state is not RunState.COMPLETED and ending.ended_ms + keep_ms > self.now:
            self.left.setdefault(new.digest, run.id)
        if ending.state is RunState.COMPLETED and ending.identity == new.identity:
            self.index.setdefault(new.digest, run.id)
        return run

    def _note_measure(self, tenant: str, ending: RestoredEnding) -> None:
        if ending.audio_s and ending.ended_ms // DAY_MS == self.now // DAY_MS:
            self._count("measured_ms", tenant, round(ending.audio_s * 1000))

    def _restored(self, outcome: RestoreOutcome, run_id: str) -> Restored:
        return Restored(outcome, run_id, failed_runs=self._failures(), bells=self._bells())
