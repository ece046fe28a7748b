"""What workers do on a walk: honest ones, dead ones, zombies with an old claim."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from stenopool.ledger import lifecycle
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    Blame,
    HeldClaim,
    PrepareGate,
    WorkerPulse,
)
from tests.unit.ledger.event_walker import EventWalker
from tests.unit.ledger.walker import IDENTITY, POOLS, Walker

workers = st.sampled_from(["red/1", "red/2", "blue/1"])
pool_lists = st.sampled_from([list(POOLS), list(POOLS), *([pool] for pool in POOLS)])
picks = st.integers(0, 40)
identities = st.sampled_from([IDENTITY, IDENTITY, '{"engine":"other"}'])
gates = st.sampled_from([None, None, PrepareGate(20.0, short_s=2.0), PrepareGate(9e9, is_disk_short=True, short_s=2.0)])
mostly = st.sampled_from([True, True, True, False])


def _has_claims(walker: Walker) -> bool:
    return bool(walker.claim_ids)


class Workers(EventWalker):
    """Rules of workers."""

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
