"""A walk over everything that can happen to a ledger: clients, workers, zombies, lost replies and the clock."""

from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from stenopool.ledger import lifecycle, removal
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    Blame,
    DeliveryNote,
    DeliveryOutcome,
    HeldClaim,
    JobQuery,
    Lane,
    Life,
    PrepareGate,
    Quotas,
    Restoration,
    RestoredEnding,
    RunState,
    WorkerPulse,
)
from tests.unit.ledger.event_walker import EventWalker
from tests.unit.ledger.invariants import check_invariants
from tests.unit.ledger.model_quotas import DAY_MS
from tests.unit.ledger.walker import IDENTITY, POOLS, Walker, a_submission

workers = st.sampled_from(["red/1", "red/2", "blue/1"])
pool_lists = st.sampled_from([list(POOLS), list(POOLS), *([pool] for pool in POOLS)])
picks = st.integers(0, 40)
identities = st.sampled_from([IDENTITY, IDENTITY, '{"engine":"other"}'])
quotas = st.sampled_from(
    [Quotas(), Quotas(), Quotas(2, 0, 0), Quotas(0, 40_000, 0), Quotas(0, 0, 3_000), Quotas(3, 65_000, 4_000)]
)
gates = st.sampled_from([None, None, PrepareGate(20.0, short_s=2.0), PrepareGate(9e9, is_disk_short=True, short_s=2.0)])
mostly = st.sampled_from([True, True, True, False])


def _has_claims(walker: Walker) -> bool:
    return bool(walker.claim_ids)


class LedgerMachine(EventWalker):
    """The rules, and what must hold after each of them."""

    @initialize()
    def found_ledger(self) -> None:
        self.model.epoch = "epoch-1"
        self.model.begin_events()
        self.perform(op.set_epoch("epoch-1"), lambda: "epoch-1")
        for number in range(2):
            self.do_submit(a_submission(self.next_number(), f"aaa{number}", "ann"))

    # Clients.

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

    # Webhooks.

    @rule(limit=st.sampled_from([1, 2, 50]), pick=picks)
    def a_housekeeper_takes_deliveries(self, limit: int, pick: int) -> None:
        """Now and then one that was away takes under an old id: its call came twice."""
        old_id = self.takes[-1 - pick % len(self.takes)] if self.takes and pick % 5 == 0 else None
        self.do_take(limit, old_id)

    @precondition(lambda walker: bool(walker.takes))
    @rule(
        pick=picks,
        outcome=st.sampled_from([None, *DeliveryOutcome]),
        delay_ms=st.sampled_from([None, 5_000, 8 * 3_600_000]),
        is_holder=mostly,
    )
    def a_delivery_is_noted(
        self, pick: int, outcome: DeliveryOutcome | None, delay_ms: int | None, *, is_holder: bool
    ) -> None:
        names = sorted(self.model.outbox)
        name = names[pick % len(names)] if names else "nobody-1-completed"
        holder = self.model.outbox[name].taken if names and is_holder else ""
        is_failure = outcome is DeliveryOutcome.FAILED
        self.do_note(
            DeliveryNote(
                name,
                holder or self.takes[pick % len(self.takes)],
                outcome,
                5_000 if is_failure else None if outcome is not None else delay_ms,
                503 if pick % 2 and is_failure else None,
                "bad_status" if is_failure else "",
            )
        )

    # The end of life.

    @rule(pick=picks, is_owner=mostly)
    def forget(self, pick: int, *, is_owner: bool) -> None:
        job_id = f"job-{pick % (self.submissions + 1)}"
        job = self.model.jobs.get(job_id)
        self.do_forget(job_id, job.tenant if job and is_owner else "bob")

    @rule(hours=st.sampled_from([0, 0, 1, 25, 800]), limit=st.integers(1, 9), is_broken_off=st.booleans())
    def tidy(self, hours: int, limit: int, *, is_broken_off: bool) -> None:
        """The housekeeper makes its round, perhaps long after the one before, perhaps killed on the way."""
        if not any(run.is_live for run in self.model.runs.values()):
            self.move_clock(3_600 * hours)
        self.do_tidy(limit, is_broken_off=is_broken_off)
        members = [f"job/job-{limit}", f"tr/tr-{limit}", f"media/{limit}"]
        self.perform(removal.strangers(members), lambda: self.model.strangers(members))

    # A rebuild.

    @rule(
        pick=picks,
        run=st.sampled_from(["known", "known", "new"]),
        digest=st.sampled_from(["aaa1", "aaa2", "bbb1"]),
        state=st.sampled_from([None, None, RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED]),
        identity=st.sampled_from([IDENTITY, IDENTITY, '{"engine":"other"}', None]),
        key=st.sampled_from([None, "key-1"]),
        brings=st.booleans(),
    )
    def restore(
        self,
        pick: int,
        run: str,
        digest: str,
        state: RunState | None,
        identity: str | None,
        key: str | None,
        *,
        brings: bool,
    ) -> None:
        """A manifest of an earlier life is found: of a run that is known, or of one that nobody has heard of.

        Perhaps of a job that is known, too, but not all of whose life.
        """
        number = pick % self.submissions
        if not brings or f"job-{number}" not in self.model.jobs:
            # The manifest of a job that was deleted is gone.
            number = self.next_number()
        new = replace(
            a_submission(number, digest, "ann"),
            idempotency_hash=key,
            submitted_ms=self.model.now - 1_000 * pick,
            former_work_key="work/before" if pick % 3 == 0 else None,
            has_hook=pick % 3 != 0,
            run_number=1 + pick % 2,
            size_bytes=0 if pick % 4 == 0 else 1_000,
        )
        known = list(self.model.runs.values())[pick % len(self.model.runs)] if self.model.runs else None
        job = self.model.jobs.get(new.job_id)
        if job is not None:
            new = replace(new, tenant=job.tenant, submitted_ms=job.created, external_hash=job.external_hash)
            new = replace(new, has_hook=job.has_hook, run_number=max(1, job.runs + pick % 3 - 1))
        if run == "known" and known is not None and (job is None or job.tenant == known.tenant):
            new = replace(new, transcription_id=known.id, digest=known.digest, pool=known.pool, tenant=known.tenant)
        ending = _an_ending(state, self.model.now, identity)
        told = () if pick % 4 else (RunState.COMPLETED, RunState.FAILED)
        self.do_restore(Restoration(new, is_hit=pick % 5 == 0, ending=ending, told=told, brings=brings))

    @rule(begins=st.booleans())
    def history_is_restored(self, *, begins: bool) -> None:
        if begins:
            self.model.restoring = self.model.restoring or "epoch-2"
            restoring = self.model.restoring
            self.perform(op.begin_restoring("epoch-2"), lambda: restoring)
        else:
            self.perform(op.open_restored("epoch-2"), lambda: "epoch-1")
            self.perform(op.end_restoring("epoch-3"), lambda: None)
            self.model.restoring = None
            self.perform(op.end_restoring("epoch-2"), lambda: None)
        life = Life("epoch-1", self.model.restoring)
        self.perform(op.life(), lambda: life)

    # Workers.

    @rule(worker=workers, pools=pool_lists, gate=gates, hears_bell=st.booleans(), begins=mostly)
    def claim(self, worker: str, pools: list[str], gate: PrepareGate | None, *, hears_bell: bool, begins: bool) -> None:
        """A worker takes a unit and is not heard of again until another rule picks its claim."""
        heard = hears_bell and self.model.lying_bells[pools[0]] > 0
        if heard:
            self.hear_bell(pools[0])
        grant = self.do_claim(worker, pools, gate=gate)
        if heard and (grant is None or lifecycle.pool_of(grant.kind, grant.pool) != pools[0]):
            self.quiet.add(pools[0])
        if begins and grant is not None:
            self.do_beat([HeldClaim(grant.claim_id, started=True)])

    @rule(worker=workers, units=st.integers(1, 8), spans=st.integers(1, 3), detect=st.booleans(), identity=identities)
    def open_a_shift(self, worker: str, units: int, spans: int, identity: str, *, detect: bool) -> None:
        """An honest worker does a few units, perhaps with other weights than were asked for."""
        for _ in range(units):
            grant = self.do_claim(worker, POOLS)
            if grant is None:
                return
            self.do_work(grant.claim_id, spans, identity, detect=detect)
            if grant.claim_id + "+" in self.model.claims:
                self.do_work(grant.claim_id + "+", spans, identity, detect=detect)

    @rule(worker=workers, deaths=st.integers(1, 3), begins=mostly)
    def workers_die(self, worker: str, deaths: int, *, begins: bool) -> None:
        """Whoever takes the next unit is not heard of until its lease ran out, perhaps several in a row."""
        for _ in range(deaths):
            grant = self.do_claim(worker, POOLS)
            if grant is not None and begins:
                self.do_beat([HeldClaim(grant.claim_id, started=True, done_s=1.0)])
            for _ in range(4):
                self.move_clock(9)
                self.do_sweep()

    @rule(worker=workers, times=st.integers(1, 4))
    def an_engine_is_broken(self, worker: str, times: int) -> None:
        """What one worker begins fails, several in a row."""
        for _ in range(times):
            grant = self.do_claim(worker, POOLS)
            if grant is not None:
                self.do_beat([HeldClaim(grant.claim_id, started=True)])
                self.do_fail(grant.claim_id, Blame.UNIT)

    @rule(worker=workers, times=st.integers(1, 3))
    def what_the_work_needs_is_away(self, worker: str, times: int) -> None:
        """The same unit is put off again and again."""
        for _ in range(times):
            grant = self.do_claim(worker, POOLS)
            if grant is not None:
                self.do_release(grant.claim_id, 2_000_000)
            self.move_clock(2_000)
            self.do_sweep()

    @precondition(_has_claims)
    @rule(pick=picks)
    def go_on(self, pick: int) -> None:
        """Somebody who holds a claim, or believes so, does its work."""
        self.do_work(self.pick(pick), 1 + pick % 2, IDENTITY, detect=pick % 3 == 0)

    @precondition(_has_claims)
    @rule(pick=picks, worker=workers, pools=pool_lists)
    def claim_with_an_old_id(self, pick: int, worker: str, pools: list[str]) -> None:
        self.do_claim(worker, pools, old_id=self.pick(pick))

    @precondition(_has_claims)
    @rule(picked=st.lists(picks, max_size=3), started=st.booleans(), done_s=st.sampled_from([0.0, 1.0, 2.1, 99.0]))
    def beat(self, picked: list[int], *, started: bool, done_s: float) -> None:
        claim_ids = dict.fromkeys(self.pick(pick) for pick in picked)
        self.do_beat([HeldClaim(claim_id, started, done_s) for claim_id in claim_ids])

    @precondition(_has_claims)
    @rule(pick=picks, spans=st.integers(0, 3), detect=st.booleans())
    def plan(self, pick: int, spans: int, *, detect: bool) -> None:
        self.do_plan(self.pick(pick), spans, detect=detect)

    @precondition(_has_claims)
    @rule(pick=picks, language=st.sampled_from([None, "en"]))
    def commit(self, pick: int, language: str | None) -> None:
        self.do_commit(self.pick(pick), language)

    @precondition(_has_claims)
    @rule(pick=picks, identity=identities)
    def finish(self, pick: int, identity: str) -> None:
        self.do_finish(self.pick(pick), identity)

    @precondition(_has_claims)
    @rule(pick=picks, blame=st.sampled_from([Blame.UNIT, Blame.UNIT, Blame.INPUT]))
    def fail(self, pick: int, blame: Blame) -> None:
        self.do_fail(self.pick(pick), blame)

    @precondition(_has_claims)
    @rule(pick=picks, delay_ms=st.sampled_from([0, 0, 5_000, 60_000, 2_000_000]))
    def release(self, pick: int, delay_ms: int) -> None:
        self.do_release(self.pick(pick), delay_ms)

    @precondition(_has_claims)
    @rule(worker=workers)
    def abandon(self, worker: str) -> None:
        self.perform(op.abandon(worker), lambda: self.model.abandon(worker))

    @rule(
        name=st.sampled_from(["red", "blue"]),
        pool=st.sampled_from(POOLS),
        engine=st.sampled_from(["fake", "other"]),
        stays=mostly,
    )
    def register(self, name: str, pool: str, engine: str, *, stays: bool) -> None:
        identity = "" if pool == "prepare" else f'{{"engine":"{engine}"}}'
        pulse = WorkerPulse(name, (pool,), identity, "host", 1, "idle")
        self.perform(op.register(pulse, 30_000), lambda: self.model.register(pulse, 30_000))
        if not stays:
            self.perform(op.unregister(name), lambda: self.model.unregister(name))

    @rule(worker_id=st.sampled_from(["red", "blue", "*"]), is_over=mostly)
    def drain(self, worker_id: str, *, is_over: bool) -> None:
        self.perform(op.drain(worker_id), lambda: self.model.drain(worker_id, is_over=False))
        if is_over:
            call = op.drain(worker_id, is_over=True)
            self.perform(call, lambda: self.model.drain(worker_id, is_over=True))

    # Time.

    @rule(seconds=st.sampled_from([1, 5, 12]), times=st.sampled_from([1, 1, 7]))
    def time_passes_under_sweeps(self, seconds: int, times: int) -> None:
        for _ in range(times):
            self.move_clock(seconds)
            self.do_sweep()

    @rule(seconds=st.sampled_from([3, 31, 120, 4_000, 90_000, -60, -10_000]))
    def clock_jumps(self, seconds: int) -> None:
        """Redis was stopped, or its clock was set."""
        self.move_clock(seconds)
        self.do_sweep()

    @invariant()
    def holds(self) -> None:
        check_invariants(self.model)
        self.witness.check()
        for pool in set(POOLS) - self.quiet:
            assert self.model.lying_bells[pool] >= min(len(self.model.waiting(pool)), 32), f"no bell for {pool}"

    def teardown(self) -> None:
        """When faults stop, one honest worker and sweeps that all come late end every run."""
        self.perform(op.drain("*", is_over=True), lambda: self.model.drain("*", is_over=True))
        for number in range(400 + 40 * len(self.model.runs)):
            if not any(run.is_live for run in self.model.runs.values()):
                self.all_goes()
                return
            self.move_clock(20)
            self.do_sweep()
            self.open_a_shift("green/1", 1, 1 + number % 2, IDENTITY, detect=False)
        raise AssertionError("a run never ended")

    def all_goes(self) -> None:
        """When nobody comes any more, time takes everything."""
        self.model.restoring = None
        for _ in range(4):
            self.move_clock(31 * 24 * 3_600)
            while self.do_tidy(100):
                pass
        left = (self.model.jobs, self.model.runs, self.model.due, self.model.index, self.model.media)
        assert not any(left), left


def _an_ending(state: RunState | None, now: int, identity: str | None) -> RestoredEnding | None:
    match state:
        case None:
            return None
        case RunState.COMPLETED:
            return RestoredEnding(
                state,
                now - 5,
                transcript_key="transcripts/old.json",
                identity=identity,
                audio_s=None if identity is None else 12.5,
            )
        case RunState.FAILED:
            code = "engine_failed" if identity else "infected"
            return RestoredEnding(state, now - 5, code, "It broke." if identity else None)
        case _:
            return RestoredEnding(state, now - 5)
