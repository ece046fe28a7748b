"""What the pure model shows to those who only look."""

from collections.abc import Sequence

from stenopool.ledger import lifecycle
from stenopool.ledger.events import News, Wishes
from stenopool.ledger.model import (
    Cursor,
    Found,
    JobQuery,
    JobView,
    Listed,
    LiveJob,
    Mark,
    PoolView,
    Recounted,
    RunState,
    Sought,
    UnitState,
    Viewed,
)
from tests.unit.ledger.model_moves import Moves
from tests.unit.ledger.model_records import Job, Run


class Views(Moves):
    def find(self, digest: str) -> Sought:
        run = self.runs[self.index[digest]] if digest in self.index else None
        found = Found(run.id, run.state, run.media) if run else None
        return Sought(found, ledger_lost=self.epoch is None, former=self.left.get(digest))

    def jobs_of(self, run_id: str) -> tuple[LiveJob, ...]:
        run = self.runs[run_id]
        names = sorted(run.live_jobs) if run.is_live else []
        return tuple(LiveJob(name, self.jobs[name].tenant, self.jobs[name].created) for name in names)

    def view(self, job_id: str, tenant: str) -> Viewed:
        job = self.there(job_id)
        shown = self._job(job_id, job) if job is not None and job.tenant == tenant else None
        return Viewed(shown, ledger_lost=self.epoch is None or self.restoring is not None)

    def list_jobs(self, query: JobQuery) -> Listed:
        own = [
            (job.created, name, job)
            for name, job in self.jobs.items()
            if job.tenant == query.tenant and self.there(name)
        ]
        if query.external_hash is not None:
            own = [entry for entry in own if entry[2].external_hash == query.external_hash]
        behind = (query.behind.created_ms, query.behind.job_id) if query.behind else None
        there = [
            (created, name, job)
            for created, name, job in sorted(own, key=lambda entry: entry[:2], reverse=True)
            if (behind is None or (created, name) < behind)
            and (query.since_ms is None or created >= query.since_ms)
            and (query.before_ms is None or created < query.before_ms)
        ]
        shown: list[JobView] = []
        looked = 0
        for _, name, job in there[: query.scan]:
            looked += 1
            if query.states is None or self.job_state(name) in query.states:
                shown.append(self._job(name, job))
            if len(shown) == query.limit:
                break
        more = looked < len(there)
        following = Cursor(there[looked - 1][0], there[looked - 1][1]) if more else None
        return Listed(following, self.epoch is None or self.restoring is not None, tuple(shown))

    def marks(self, job_ids: Sequence[str]) -> tuple[Mark, ...]:
        return tuple(self._job(name, self.jobs[name]).mark for name in job_ids if self.there(name))

    def news(self, wishes: Wishes, limit: int) -> News:
        shown = {name: self._job(name, self.jobs[name]) for name in wishes.jobs if self.there(name)}
        return News(
            self.last_event,
            jobs=tuple(job for name, job in shown.items() if job.mark != wishes.jobs[name]),
            gone=tuple(name for name in wishes.jobs if not self.there(name)),
            runs=tuple(self.run_text(run, after, limit) for run, after in wishes.runs),
            tenants=tuple(self.tenant_news(tenant, after, limit) for tenant, after in wishes.tenants),
        )

    def _job(self, job_id: str, job: Job) -> JobView:
        run = self.runs[job.run]
        stays = job.cancelled is None
        return JobView(
            job_id=job_id,
            tenant=job.tenant,
            name=job.name,
            state=run.state if stays else RunState.CANCELLED,
            transcription_id=run.id,
            digest=run.digest,
            pool=run.pool,
            identity=run.identity,
            created_ms=job.created,
            started_ms=run.started,
            ended_ms=run.ended if stays else job.cancelled,
            audio_s=run.audio_s,
            done_s=run.done_ms / 1000,
            stage=run.stage if stays else "",
            attempt=run.attempt,
            position=self._position(run)[0] if stays else None,
            queue_length=self._position(run)[1] if stays else None,
            reason=run.reason if stays else None,
            detail=run.detail if stays else None,
            transcript_key=run.transcript if stays and job.expired is None else None,
            cached=job.is_hit,
            rev=run.rev,
        )

    def _position(self, run: Run) -> tuple[int, int] | tuple[None, None]:
        for pool in ("prepare", run.pool):
            tenants_own = [
                other for other, _ in self.waiting(pool) if (other.lane, other.tenant) == (run.lane, run.tenant)
            ]
            ranked = list(dict.fromkeys(other.id for other in tenants_own))
            if run.id in ranked:
                return ranked.index(run.id) + 1, len(ranked)
        return None, None

    def pool_view(self, pool: str) -> PoolView:
        waiting = self.waiting(pool)
        is_open = [
            unit
            for run, unit in self._units()
            if lifecycle.pool_of(unit.kind, run.pool) == pool and unit.state in (UnitState.WAITING, UnitState.LEASED)
        ]
        heard_ms, took_ms = self.speeds.get(pool, (0, 0))
        return PoolView(
            identity=self.registered.get(pool),
            live_workers=len([until for until in self.alive_until[pool].values() if until > self.now]),
            waiting=len(waiting),
            open=len(is_open),
            waiting_s=sum(unit.cost_ms for _, unit in waiting) / 1000,
            # As Lua writes numbers: 14 digits.
            speed=float(f"{heard_ms / took_ms:.14g}") if took_ms else None,
        )

    def recount(self, pool: str) -> Recounted:
        view = self.pool_view(pool)
        return Recounted(view.waiting, view.waiting_s)
