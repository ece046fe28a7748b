"""A walk over everything that can happen to a ledger: clients, workers, zombies, lost replies and the clock."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.model import (
    DeliveryNote,
    DeliveryOutcome,
    Life,
    Restoration,
    RestoredEnding,
    RunState,
)
from tests.unit.ledger.invariants import check_invariants
from tests.unit.ledger.walk_clients import Clients
from tests.unit.ledger.walk_workers import Workers
from tests.unit.ledger.walker import IDENTITY, POOLS, a_submission

picks = st.integers(0, 40)
mostly = st.sampled_from([True, True, True, False])


class LedgerMachine(Clients, Workers):
    """All rules, and what must hold after each of them."""

    @initialize()
    def found_ledger(self) -> None:
        self.model.epoch = "epoch-1"
        self.model.begin_events()
        self.perform(op.set_epoch("epoch-1"), lambda: "epoch-1")
        for number in range(2):
            self.do_submit(a_submission(self.next_number(), f"aaa{number}", "ann"))

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

    @rule(hours=st.sampled_from([0, 0, 1, 25, 800]), limit=st.integers(1, 9), is_broken_off=st.booleans())
    def tidy(self, hours: int, limit: int, *, is_broken_off: bool) -> None:
        """The housekeeper makes its round, perhaps long after the one before, perhaps killed on the way."""
        if not any(run.is_live for run in self.model.runs.values()):
            self.move_clock(3_600 * hours)
        self.do_tidy(limit, is_broken_off=is_broken_off)
        members = [f"job/job-{limit}", f"tr/tr-{limit}", f"media/{limit}"]
        self.perform(removal.strangers(members), lambda: self.model.strangers(members))

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
