"""The ledger as a pure model: the rules of docs/explanation/ledger.md in Python, for tests.

Whatever the scripts keep in queues, indexes and counters, the model finds by looking at all units. Methods have the
names and answers of ``stenopool.ledger.operations``. ``now`` and ``lying_bells`` are the test's to change.
"""

from collections.abc import Sequence

from stenopool.ledger import lifecycle
from stenopool.ledger.model import (
    MAX_DELAY_MS,
    Abandoned,
    Beaten,
    BeatVerdict,
    Blame,
    Claimed,
    CommitOutcome,
    Committed,
    Drained,
    Failed,
    FailOutcome,
    HeldClaim,
    Plan,
    PrepareGate,
    Registered,
    RegisterOutcome,
    Released,
    RunState,
    Swept,
    UnitKind,
    UnitState,
    WorkerPulse,
)
from tests.unit.ledger.model_outbox import Outbox
from tests.unit.ledger.model_records import Claim, Run, Unit
from tests.unit.ledger.model_restore import Restore
from tests.unit.ledger.model_retention import Ends


class LedgerModel(Restore, Outbox, Ends):
    # Doing the work.

    def claim(self, claim_id: str, worker: str, pools: Sequence[str], gate: PrepareGate | None = None) -> Claimed:
        if claim_id in self.claims:
            return Claimed(self._grant(self.claims[claim_id]), bells=self._bells())
        if claim_id not in self.spent and not self.is_drained(worker.rpartition("/")[0]):
            for pool in pools:
                for run, unit in self.waiting(pool):
                    if not self.is_kept_for_others(unit, worker, pool) and not self.is_gated(run, unit, gate):
                        self._leave(run, unit)
                        return Claimed(self._lease(run, unit, claim_id, worker), bells=self._bells())
        return Claimed(None, bells=self._bells())

    def is_drained(self, worker_id: str) -> bool:
        return bool(self.drained & {"*", worker_id})

    def is_gated(self, run: Run, unit: Unit, gate: PrepareGate | None) -> bool:
        if gate is None or unit.kind is not UnitKind.PREPARE or unit.cost_s < gate.short_s:
            return False
        live = len([until for until in self.alive_until[run.pool].values() if until > self.now])
        return gate.is_disk_short or self.prepared_ms(run.pool) > round(gate.ahead_s * 1000) * max(1, live)

    def is_kept_for_others(self, unit: Unit, worker: str, pool: str) -> bool:
        own = worker.rpartition("/")[0]
        others = {name for name, until in self.alive_until[pool].items() if until > self.now} - {own}
        is_own_failure = unit.attempt > 0 and unit.last_worker.rpartition("/")[0] == own
        return is_own_failure and self.now - unit.order < self.timing.lease_ms and bool(others)

    def beat(self, worker: str, held: Sequence[HeldClaim]) -> Beaten:
        verdicts = {beat.claim_id: self._renew(beat) for beat in held}
        return Beaten(verdicts, bells=self._bells())

    def _renew(self, beat: HeldClaim) -> BeatVerdict:
        claim = self.claims.get(beat.claim_id)
        if claim is None:
            return BeatVerdict.LOST
        if claim.unit.state is UnitState.WAITING:
            self._leave(claim.run, claim.unit)
            self._move(claim.unit, UnitState.LEASED)
            claim.run.rev += 1
        if beat.started and not claim.started:
            claim.started = True
            self._spend_attempt(claim)
        claim.expiry, claim.rearmed = self.now + self.timing.lease_ms, False
        self._progress(claim, round(beat.done_s * 1000))
        return BeatVerdict.GO

    def plan(self, claim_id: str, plan: Plan) -> Committed:
        claim = self.claims.get(claim_id)
        if claim is None or claim.unit.kind is not UnitKind.PREPARE:
            return self._not_in_force(claim_id, "plan")
        run = claim.run
        kinds = [unit.kind for unit in plan.units]
        run.audio_s, measured_ms = plan.audio_s, round(plan.audio_s * 1000)
        if self._is_over_quota(run, measured_ms):
            self._spend(claim, "plan")
            self._end(run, RunState.FAILED, "quota_exceeded")
            return Committed(CommitOutcome.OK, failed_runs=self._failures(), bells=self._bells())
        self._count("measured_ms", run.tenant, measured_ms)
        run.plan, run.spans = plan.plan_id, kinds.count(UnitKind.SPAN)
        run.stage = "detect" if UnitKind.DETECT in kinds else "span" if run.spans else "assemble"
        self._complete(claim, "plan")
        if any(planned.kind is UnitKind.SPAN and round(planned.cost_s * 1000) for planned in plan.units):
            self._touched.add("prepare")
        for place, planned in enumerate(plan.units):
            unit = Unit(planned.unit_id, planned.kind, run.created + place, cost_s=planned.cost_s)
            unit.from_sample, unit.to_sample = planned.from_sample, planned.to_sample
            run.units[unit.id] = unit
            is_blocked = bool(run.spans) if unit.kind is UnitKind.ASSEMBLE else planned.blocked
            if not is_blocked:
                self._wait(run, unit, unit.order)
        return Committed(CommitOutcome.OK, bells=self._bells())

    def commit(self, claim_id: str, language: str | None) -> Committed:
        claim = self.claims.get(claim_id)
        if claim is None or claim.unit.kind not in (UnitKind.DETECT, UnitKind.SPAN):
            return self._not_in_force(claim_id, "commit")
        run = claim.run
        run.language = language or run.language
        self._progress(claim, claim.unit.cost_ms)
        self._complete(claim, "commit")
        following = None
        if claim.unit.kind is UnitKind.DETECT:
            run.stage = "span"
            for unit in run.units.values():
                if unit.kind is UnitKind.SPAN and unit.state is UnitState.BLOCKED:
                    self._wait(run, unit, unit.order)
        else:
            if claim.unit.cost_ms:
                self._touched.add("prepare")
            run.done += 1
            if run.done == run.spans:
                run.stage = "assemble"
                assemble = next(unit for unit in run.units.values() if unit.kind is UnitKind.ASSEMBLE)
                following = self._lease(run, assemble, claim_id + "+", claim.worker)
        return Committed(CommitOutcome.OK, following, bells=self._bells())

    def finish(self, claim_id: str, transcript_key: str, identity: str) -> Committed:
        claim = self.claims.get(claim_id)
        if claim is None or claim.unit.kind is not UnitKind.ASSEMBLE:
            return self._not_in_force(claim_id, "finish")
        self._complete(claim, "finish")
        run = claim.run
        is_what_was_asked = run.identity == identity
        self._note_speed(run)
        run.transcript, run.identity = transcript_key, identity
        self.identities.add(identity)
        self._end(run, RunState.COMPLETED)
        if not is_what_was_asked:
            self._clear_index(run)
        return Committed(CommitOutcome.OK, bells=self._bells())

    def _note_speed(self, run: Run) -> None:
        if run.begun is None or run.begun >= self.now:
            return
        heard_ms, took_ms = self.speeds.get(run.pool, (0, 0))
        own_ms = round((run.audio_s or 0) * 1000)
        self.speeds[run.pool] = heard_ms * 9 // 10 + own_ms, took_ms * 9 // 10 + self.now - run.begun

    def fail(self, claim_id: str, code: str, blame: Blame, detail: str | None) -> Failed:
        claim = self.claims.get(claim_id)
        if claim is None:
            already = self.spent.get(claim_id) == "fail"
            return Failed(FailOutcome.ALREADY if already else FailOutcome.REFUSED, bells=self._bells())
        if blame is Blame.UNIT and not claim.started:
            self._spend_attempt(claim)
        self._progress(claim, 0)
        self._spend(claim, "fail")
        if blame is Blame.INPUT or lifecycle.has_used_up_attempts(claim.unit.attempt):
            self._end(claim.run, RunState.FAILED, code, detail)
            return Failed(FailOutcome.FAILED, failed_runs=self._failures(), bells=self._bells())
        self._wait(claim.run, claim.unit, self.now)
        claim.run.rev += 1
        return Failed(FailOutcome.REQUEUED, bells=self._bells())

    def release(self, claim_id: str, delay_ms: int) -> Released:
        claim = self.claims.get(claim_id)
        if claim is None:
            spent_by = self.spent.get(claim_id)
            is_known = spent_by in ("release", "last_release")
            return Released(is_known, run_failed=spent_by == "last_release", bells=self._bells())
        run, unit = claim.run, claim.unit
        if claim.started:
            unit.attempt -= 1
        else:
            unit.claims -= 1
        self._progress(claim, 0)
        unit.delayed_ms += delay_ms
        if lifecycle.has_waited_too_long(unit.delayed_ms):
            self._spend(claim, "last_release")
            self._end(run, RunState.FAILED, "transient_too_long")
            return Released(ok=True, run_failed=True, failed_runs=self._failures(), bells=self._bells())
        self._spend(claim, "release")
        run.rev += 1
        if delay_ms > 0:
            self._leave(run, unit)
            self._move(unit, UnitState.DELAYED)
            unit.not_before = self.now + delay_ms
        else:
            self._wait(run, unit, unit.order)
        return Released(ok=True, bells=self._bells())

    # What time and death do.

    def abandon(self, worker: str) -> Abandoned:
        count = 0
        for claim in sorted(self._leased(), key=lambda claim: claim.id):
            if claim.id in self.claims and claim.worker == worker:
                self._expire(claim)
                count += 1
        return Abandoned(count, failed_runs=self._failures(), bells=self._bells())

    def sweep(self) -> Swept:
        lost = self.epoch is None
        age = self.now - (self.tick or 0)
        if 0 <= age < self.timing.sweep_ms * 4 / 5:
            return Swept(ran=False, ledger_lost=lost, bells=self._bells())
        self.tick = self.now
        self._bring_near()
        rearmed = self._rearm() if age < 0 or age > self.timing.gap_ms else 0
        expired = failed = 0
        for claim in sorted(self._leased(), key=lambda claim: (claim.expiry, claim.id)):
            if claim.id in self.claims and claim.expiry is not None and claim.expiry <= self.now:
                expired += 1
                failed += self._expire(claim)
        due = self._end_delays()
        self._touched |= self.pools
        failures = self._failures()
        return Swept(True, expired, failed, due, rearmed, lost, failed_runs=failures, bells=self._bells())

    def _bring_near(self) -> None:
        for claim in self._leased():
            assert claim.expiry is not None
            claim.expiry = min(claim.expiry, self.now + 2 * self.timing.lease_ms)
        for _, unit in self._units():
            if unit.not_before is not None:
                unit.not_before = min(unit.not_before, self.now + MAX_DELAY_MS)

    def _rearm(self) -> int:
        late = [claim for claim in self._leased() if not claim.rearmed]
        for claim in late:
            claim.rearmed = True
            claim.expiry = max(claim.expiry or 0, self.now + self.timing.lease_ms)
        return len(late)

    def _end_delays(self) -> int:
        due = [
            (run, unit) for run, unit in self._units() if unit.not_before is not None and unit.not_before <= self.now
        ]
        for run, unit in due:
            unit.not_before = None
            self._wait(run, unit, unit.order)
            run.rev += 1
        return len(due)

    def _expire(self, claim: Claim) -> bool:
        unit = claim.unit
        if lifecycle.has_used_up_attempts(unit.attempt) or (
            not claim.started and lifecycle.has_used_up_claims(unit.claims)
        ):
            self._end(claim.run, RunState.FAILED, "worker_lost")
            return True
        claim.expiry = None
        self._progress(claim, 0)
        self._wait(claim.run, unit, self.now)
        claim.run.rev += 1
        return False

    # Workers.

    def register(self, pulse: WorkerPulse, ttl_ms: int) -> Registered:
        outcome, identity = RegisterOutcome.OK, pulse.identity
        for pool in pulse.pools:
            others = {name for name, until in self.alive_until[pool].items() if until > self.now} - {pulse.worker_id}
            held = self.registered.get(pool, pulse.identity)
            if pool != "prepare" and held != pulse.identity and others:
                outcome, identity = RegisterOutcome.MISMATCH, held
                self.alive_until[pool].pop(pulse.worker_id, None)
                continue
            alive = {name: until for name, until in self.alive_until[pool].items() if until > self.now}
            self.alive_until[pool] = alive | {pulse.worker_id: self.now + ttl_ms}
            self.pools.add(pool)
            if pool != "prepare":
                self.registered[pool] = pulse.identity
        self.pulses[pulse.worker_id] = pulse
        self.seen[pulse.worker_id] = self.now
        if outcome is RegisterOutcome.OK and self.is_drained(pulse.worker_id):
            outcome = RegisterOutcome.DRAINED
        return Registered(outcome, identity, bells=self._bells())

    def unregister(self, worker_id: str) -> None:
        self.pulses.pop(worker_id, None)
        for alive in self.alive_until.values():
            alive.pop(worker_id, None)

    def drain(self, worker_id: str, *, is_over: bool) -> Drained:
        if not is_over:
            self.drained.add(worker_id)
        elif worker_id == "*":
            self.drained.clear()
        else:
            self.drained.discard(worker_id)
        self.drained = {name for name in self.drained if name == "*" or name in self.pulses}
        self._touched |= self.pools
        return Drained(tuple(sorted(self.drained)), bells=self._bells())
