"""What clients do on a walk: submit, cancel, try again, read, delete."""

from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    JobQuery,
    Lane,
    Quotas,
    RunState,
)
from tests.unit.ledger.event_walker import EventWalker
from tests.unit.ledger.model_quotas import DAY_MS
from tests.unit.ledger.walker import POOLS, a_submission

workers = st.sampled_from(["red/1", "red/2", "blue/1"])
picks = st.integers(0, 40)
quotas = st.sampled_from(
    [Quotas(), Quotas(), Quotas(2, 0, 0), Quotas(0, 40_000, 0), Quotas(0, 0, 3_000), Quotas(3, 65_000, 4_000)]
)
mostly = st.sampled_from([True, True, True, False])


class Clients(EventWalker):
    """Rules of clients."""

    @rule(
        digest=st.sampled_from(["aaa1", "aaa2", "bbb1"]),
        tenant=st.sampled_from(["ann", "bob"]),
        lane=st.sampled_from([Lane.STANDARD, Lane.STANDARD, Lane.BULK]),
        pool=st.sampled_from(POOLS[1:]),
        with_media=mostly,
        request=st.sampled_from([(None, "hash-0"), (None, "hash-0"), ("key-1", "hash-1"), ("key-1", "hash-2")]),
        limits=st.sampled_from([(1000, 10_000), (1000, 10_000), (2, 3)]),
        most=quotas,
    )
    def submit(
        self,
        digest: str,
        tenant: str,
        lane: Lane,
        pool: str,
        *,
        with_media: bool,
        request: tuple[str | None, str],
        limits: tuple[int, int],
        most: Quotas,
    ) -> None:
        number = self.next_number()
        new = replace(
            a_submission(number, digest, tenant),
            pool=pool,
            lane=lane,
            media_key=f"media/{number}" if with_media else None,
            idempotency_hash=request[0],
            request_hash=request[1],
            max_jobs_per_run=limits[0],
            max_waiting=limits[1],
            submitted_ms=self.model.now - 7 if number % 2 else None,
            external_hash="e" * 32 if number % 3 == 0 else None,
            has_hook=number % 4 != 0,
            quotas=most,
        )
        self.do_submit(new)

    @rule(pick=picks, is_owner=mostly)
    def cancel(self, pick: int, *, is_owner: bool) -> None:
        job_id = f"job-{pick % (self.submissions + 1)}"
        job = self.model.jobs.get(job_id)
        self.do_cancel(job_id, job.tenant if job and is_owner else "bob")

    @rule(pick=picks, is_owner=mostly, limits=st.sampled_from([(1000, 10_000), (1000, 10_000), (1, 2)]), most=quotas)
    def retry(self, pick: int, limits: tuple[int, int], most: Quotas, *, is_owner: bool) -> None:
        job_id = f"job-{pick % (self.submissions + 1)}"
        job = self.model.there(job_id)
        run = self.model.runs[job.run] if job else None
        self.retries += 1
        # With the workers' identity its digest may have changed since: then two runs work on one recording.
        digest = run.digest if run and pick % 3 else "aaa9"
        new = replace(
            a_submission(0, digest, job.tenant if job and is_owner else "zoe"),
            job_id=job_id,
            transcription_id=f"retry-{self.retries}",
            pool=run.pool if run else POOLS[1],
            media_key=run.media or None if run else None,
            former_work_key=run.work if run and pick % 2 else None,
            max_jobs_per_run=limits[0],
            max_waiting=limits[1],
            run_number=1 + pick % 4,
            quotas=most,
        )
        self.do_retry(new)

    @rule(
        tenant=st.sampled_from(["ann", "bob"]),
        limit=st.integers(1, 3),
        scan=st.integers(1, 4),
        states=st.sampled_from([None, None, (RunState.QUEUED,), (RunState.CANCELLED, RunState.COMPLETED)]),
        external_hash=st.sampled_from([None, None, "e" * 32]),
        since_s=st.sampled_from([None, None, 5, 60]),
        before_s=st.sampled_from([None, None, 1, 30]),
    )
    def turn_pages(
        self,
        tenant: str,
        *,
        limit: int,
        scan: int,
        states: tuple[RunState, ...] | None,
        external_hash: str | None,
        since_s: int | None,
        before_s: int | None,
    ) -> None:
        """A client reads its list to the end."""
        query = JobQuery(
            tenant,
            limit,
            states=states,
            external_hash=external_hash,
            since_ms=None if since_s is None else self.model.now - since_s * 1000,
            before_ms=None if before_s is None else self.model.now - before_s * 1000,
            scan=scan,
        )
        seen: list[str] = []
        while True:
            page = self.perform(op.list_jobs(query), partial(self.model.list_jobs, query))
            seen += [job.job_id for job in page.jobs]
            if page.next is None:
                break
            query = replace(query, behind=page.next)
        assert len(set(seen)) == len(seen), "a job stood on two pages"
        if (states, external_hash, since_s, before_s) == (None, None, None, None):
            own = {name for name, job in self.model.jobs.items() if job.tenant == tenant}
            assert set(seen) == {name for name in own if self.model.there(name)}

    @rule(pick=picks, tenant=st.sampled_from(["ann", "bob"]))
    def look(self, pick: int, tenant: str) -> None:
        job_id = f"job-{pick % (self.submissions + 1)}"
        self.perform(op.view(job_id, tenant), lambda: self.model.view(job_id, tenant))
        job_ids = [job_id, "job-0", "nobody's"]
        self.perform(op.marks(job_ids), lambda: self.model.marks(job_ids))
        self.perform(op.pending_deliveries(job_id, tenant), lambda: self.model.pending_deliveries(job_id, tenant))
        run_id = f"tr-{pick % self.submissions}"
        if run_id in self.model.runs:
            self.perform(op.jobs_of(run_id), lambda: self.model.jobs_of(run_id))
        open_runs = tuple(sorted(run.id for run in self.model.runs.values() if run.is_live))
        self.perform(op.open_runs(), lambda: open_runs)
        pool = POOLS[pick % len(POOLS)]
        self.perform(op.pool_view(pool), lambda: self.model.pool_view(pool))
        self.perform(op.recount(pool), lambda: self.model.recount(pool))
        self.perform(op.recount_use(), self.model.recount_use)
        whose = tenant if pick % 2 else None
        self.perform(op.usage(whose), lambda: self.model.usage(whose))

    @rule(days_back=st.lists(st.integers(0, 2), max_size=2))
    def usage_is_put_into_the_store(self, days_back: list[int]) -> None:
        numbers = [self.model.now // DAY_MS - back for back in days_back]
        self.perform(op.drop_days(numbers), lambda: self.model.drop_days(numbers))

    @rule(pick=picks, is_owner=mostly)
    def forget(self, pick: int, *, is_owner: bool) -> None:
        job_id = f"job-{pick % (self.submissions + 1)}"
        job = self.model.jobs.get(job_id)
        self.do_forget(job_id, job.tenant if job and is_owner else "bob")
