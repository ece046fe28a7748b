"""The pure model's end of life: what goes when, and how jobs are deleted.

The model counts nothing: who still points at a run or reads its transcript it finds by looking at all jobs.
"""

from collections.abc import Sequence
from typing import Final

from stenopool.ledger.events import DELETED
from stenopool.ledger.model import (
    Expired,
    ExpireOutcome,
    ForgetOutcome,
    Forgotten,
    Overdue,
    Purged,
    RunState,
)
from tests.unit.ledger.model_moves import Moves
from tests.unit.ledger.model_records import Job

NEVER: Final = float("inf")
LONGEST_TOLD_MS: Final = 7 * 24 * 3_600_000


class Ends(Moves):
    def forget(self, job_id: str, tenant: str) -> Forgotten:
        if self.epoch is None or self.restoring is not None:
            return Forgotten(None, ForgetOutcome.LEDGER_LOST, self.epoch, bells=self._bells())
        job = self.jobs.get(job_id)
        if job is None or job.tenant != tenant:
            was_there = job is None and self.deleted.get(job_id) == tenant
            outcome = ForgetOutcome.DELETING if was_there else ForgetOutcome.UNKNOWN
            return Forgotten(None, outcome, self.epoch, bells=self._bells())
        if job.deleting is None:
            self._begin_deletion(job_id, job)
            self.deleted[job_id] = tenant
        doomed = self._doomed(job)
        return Forgotten(job.created, ForgetOutcome.DELETING, self.epoch, members=doomed, bells=self._bells())

    def expire(self, job_id: str) -> Expired:
        name = f"job/{job_id}"
        job, moment = self.jobs.get(job_id), self.due.get(name)
        if self.epoch is None or self.restoring is not None or moment is None or moment > self.now:
            return Expired(None, ExpireOutcome.KEPT, bells=self._bells())
        assert job is not None
        run = self.runs.get(job.run)
        outcome = ExpireOutcome.DELETING
        if job.deleting is None and run is not None and run.state is RunState.COMPLETED and job.reads:
            job.expired = int(moment)
            self.due[name] = max(moment + min(job.keep.result_ms, LONGEST_TOLD_MS), self.now + 1)
            if not self._readers(run):
                self._let_result_go(run)
            run.rev += 1
            outcome = ExpireOutcome.EXPIRED
        elif job.deleting is None:
            self._begin_deletion(job_id, job)
        return Expired(job.created, outcome, members=self._doomed(job), bells=self._bells())

    def overdue(self, limit: int) -> Overdue:
        if self.epoch is None or self.restoring is not None:
            return Overdue(self.epoch)
        due = sorted((moment, name) for name, moment in self.due.items() if moment <= self.now)
        return Overdue(self.epoch, tuple(name for _, name in due[:limit]))

    def purge(self, members: Sequence[str]) -> Purged:
        gone = [name for name in dict.fromkeys(members) if self._may_go(name)]
        for name in gone:
            kind, _, number = name.partition("/")
            if kind == "job":
                del self.jobs[number]
            elif kind == "tr" and number in self.runs:
                del self.runs[number]
            elif kind == "result" and number in self.runs:
                self.runs[number].transcript = None
            elif kind == "media":
                self._drop_media(name)
            del self.due[name]
        return Purged(len(gone), bells=self._bells())

    def _may_go(self, name: str) -> bool:
        kind, _, number = name.partition("/")
        is_due = self.due.get(name, NEVER) <= self.now
        return is_due and (kind != "job" or self.jobs[number].deleting is not None)

    def strangers(self, members: Sequence[str]) -> tuple[str, ...]:
        if self.epoch is None or self.restoring is not None:
            return ()
        return tuple(name for name in members if not self._is_known(name))

    def _is_known(self, name: str) -> bool:
        kind, _, number = name.partition("/")
        if kind == "job":
            return number in self.jobs
        if kind == "tr":
            has_jobs = number in self.runs and bool(self._jobs_of(self.runs[number]))
            return has_jobs or self.due.get(f"work/{number}", 0) > self.now
        return name in self.due

    def _begin_deletion(self, job_id: str, job: Job) -> None:
        run = self.runs[job.run]
        was_read = job.reads
        if run.is_live and job.cancelled is None:
            self._leave_run(run, job_id)
        job.deleting = self.now
        self._tell_change(job.tenant, job_id, run, DELETED)
        self.due[f"job/{job_id}"] = self.now
        self._drop_deliveries(job_id)
        if was_read and run.state is RunState.COMPLETED and not self._readers(run):
            self._let_result_go(run)
        if not self._jobs_of(run):
            self._let_run_go(run)

    def _doomed(self, job: Job) -> tuple[str, ...]:
        run = self.runs.get(job.run)
        names = [f"{kind}/{job.run}" for kind in ("result", "tr", "work")] + ([run.media] if run else [])
        return tuple(name for name in names if self.due.get(name, NEVER) <= self.now)
