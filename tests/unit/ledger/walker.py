"""Someone who makes calls on a ledger: performs each on the model, before the eyes of a witness."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.call import Call
from stenopool.ledger.model import (
    Abandoned,
    Answer,
    BeatVerdict,
    Blame,
    CommitOutcome,
    Committed,
    DeliveryNote,
    Expired,
    ExpireOutcome,
    Failed,
    FailingAnswer,
    FailOutcome,
    Grant,
    HeldClaim,
    Keeping,
    Plan,
    PlannedUnit,
    PrepareGate,
    Purged,
    Restoration,
    Restored,
    RestoreOutcome,
    Submission,
    Swept,
    UnitKind,
    timing_of,
)
from tests.unit.ledger.as_redis import expected_content
from tests.unit.ledger.ledger_model import LedgerModel
from tests.unit.ledger.witness import Witness

TIMING: Final = timing_of(lease_s=30, beat_s=2, sweep_s=5)
POOLS: Final = ("prepare", "recognise.fake.small", "recognise.fake.large")
DELIVERY_LEASE_MS: Final = 60_000
COSTS_S: Final = (0.0, 1.5, 2.1, 30.0)
KEEPS: Final = (Keeping(), Keeping(60_000, 9_000, 40_000), Keeping(100_000, 20_000, 20_000))
IDENTITY: Final = '{"engine":"fake"}'
T = TypeVar("T")


class Walker(RuleBasedStateMachine):
    """The verbs of a walk. ``compare`` and ``hear_bell`` are for whoever sends the calls elsewhere too."""

    def __init__(self) -> None:
        super().__init__()
        self.model = LedgerModel(TIMING)
        self.witness = Witness(self.model)
        self.claim_ids: list[str] = []
        self.takes: list[str] = []
        self._calls = 0
        self.retries = 0
        self.submissions = 0
        # Pools whose bell was heard by a worker that then found only units kept for others: the next sweep rings.
        self.quiet: set[str] = set()

    def next_number(self) -> int:
        self.submissions += 1
        return self.submissions - 1

    def perform(self, call: Call[T], act: Callable[[], T]) -> T:
        """Makes a call. Every fourth time the reply is lost and it is made again, before anything else happens."""
        answer = self._perform_once(call, act)
        self._calls += 1
        if self._calls % 4 == 0:
            before = expected_content(self.model)
            again = self._perform_once(call, act)
            assert expected_content(self.model) == before, "a repeated call changed something"
            assert _is_repetition(answer, again), (answer, again)
        return answer

    def _perform_once(self, call: Call[T], act: Callable[[], T]) -> T:
        answer = act()
        self.compare(call, answer)
        if isinstance(answer, Answer):
            self.model.lying_bells.update(answer.bells)
        return answer

    def compare(self, call: Call[T], answer: T) -> None:
        """Called with each call and the model's answer to it."""

    def hear_bell(self, pool: str) -> None:
        self.model.lying_bells[pool] -= 1

    def pick(self, pick: int) -> str:
        """A claim id: mostly one in force, sometimes any that ever was."""
        in_force = [claim_id for claim_id in self.claim_ids if self.witness.is_in_force(claim_id)]
        among = in_force if in_force and pick % 4 else self.claim_ids
        return among[-1 - pick % len(among)]

    def kind(self, claim_id: str) -> UnitKind | None:
        claim = self.model.claims.get(claim_id)
        return claim.unit.kind if claim else None

    def do_submit(self, new: Submission) -> None:
        self.perform(op.find(new.digest), lambda: self.model.find(new.digest))
        is_new = new.transcription_id not in self.model.runs
        answer = self.perform(op.submit(new), lambda: self.model.submit(new))
        self.witness.submitted(new, answer, is_new=is_new)

    def do_restore(self, restoration: Restoration) -> None:
        was_live = {run.id for run in self.model.runs.values() if run.is_live}
        answer = self.perform(op.restore(restoration), lambda: self.model.restore(restoration))
        self.witness.restored(restoration, answer, is_fresh=answer.transcription_id not in was_live)

    def do_take(self, limit: int, old_id: str | None = None) -> None:
        take_id = old_id or f"take-{len(self.takes)}"
        call = op.take_deliveries(take_id, limit, DELIVERY_LEASE_MS)
        answer = self.perform(call, lambda: self.model.take_deliveries(take_id, limit, DELIVERY_LEASE_MS))
        self.witness.taken(answer, take_id, is_repeated=old_id is not None)
        if old_id is None:
            self.takes.append(take_id)

    def do_note(self, note: DeliveryNote) -> None:
        self.perform(op.note_delivery(note), lambda: self.model.note_delivery(note))
        self.witness.noted(note)

    def do_cancel(self, job_id: str, tenant: str) -> None:
        answer = self.perform(op.cancel(job_id, tenant), lambda: self.model.cancel(job_id, tenant))
        self.witness.cancelled(job_id, answer)

    def do_retry(self, new: Submission) -> None:
        answer = self.perform(op.retry(new), lambda: self.model.retry(new))
        self.witness.retried(new, answer)

    def do_forget(self, job_id: str, tenant: str) -> None:
        answer = self.perform(removal.forget(job_id, tenant), lambda: self.model.forget(job_id, tenant))
        self.witness.forgotten(job_id, answer)

    def do_tidy(self, limit: int, *, is_broken_off: bool = False) -> int:
        """What the housekeeper does with what is overdue; answers how much that was."""
        found = self.perform(removal.overdue(limit), lambda: self.model.overdue(limit)).members
        for name in found:
            kind, _, number = name.partition("/")
            gone = self._do_expire(number) if kind == "job" else (name,)
            if not is_broken_off:
                self.perform(removal.purge(gone), partial(self.model.purge, gone))
        return len(found)

    def _do_expire(self, job_id: str) -> tuple[str, ...]:
        answer = self.perform(removal.expire(job_id), lambda: self.model.expire(job_id))
        self.witness.expired(job_id, answer)
        return (f"job/{job_id}", *answer.members)

    def do_claim(
        self, worker: str, pools: Sequence[str], old_id: str | None = None, gate: PrepareGate | None = None
    ) -> Grant | None:
        claim_id = old_id or f"claim-{len(self.claim_ids)}"
        call = op.claim(claim_id, worker, pools, TIMING, gate)
        answer = self.perform(call, lambda: self.model.claim(claim_id, worker, pools, gate))
        self.witness.claimed(answer, worker, pools, gate, is_repeated=old_id is not None)
        if answer.grant is not None and old_id is None:
            self.claim_ids.append(claim_id)
        return answer.grant

    def do_beat(self, held: Sequence[HeldClaim]) -> None:
        answer = self.perform(op.beat("red/1", held, TIMING), lambda: self.model.beat("red/1", held))
        for beat in held:
            self.witness.beaten(beat, is_lost=answer.verdicts[beat.claim_id] is BeatVerdict.LOST)

    def do_plan(self, claim_id: str, spans: int, *, detect: bool) -> None:
        plan = _plan(claim_id, spans, detect=detect and spans > 0)
        call = op.plan(claim_id, plan, TIMING)
        self._do_commit(claim_id, UnitKind.PREPARE, call, lambda: self.model.plan(claim_id, plan))

    def do_commit(self, claim_id: str, language: str | None) -> None:
        call = op.commit(claim_id, TIMING, language)
        kind = UnitKind.DETECT if self.kind(claim_id) is UnitKind.DETECT else UnitKind.SPAN
        answer = self._do_commit(claim_id, kind, call, lambda: self.model.commit(claim_id, language))
        if answer.next is not None:
            is_repeated = answer.outcome is CommitOutcome.ALREADY
            self.witness.granted(answer.next, is_repeated=is_repeated)
            if not is_repeated:
                self.claim_ids.append(answer.next.claim_id)

    def do_finish(self, claim_id: str, identity: str) -> None:
        key = f"transcripts/{claim_id}.json"
        call = op.finish(claim_id, key, identity)
        answer = self._do_commit(claim_id, UnitKind.ASSEMBLE, call, lambda: self.model.finish(claim_id, key, identity))
        self.witness.finished(claim_id, answer)

    def _do_commit(
        self, claim_id: str, kind: UnitKind, call: Call[Committed], act: Callable[[], Committed]
    ) -> Committed:
        fits, was_in_force = self.kind(claim_id) is kind, self.witness.is_in_force(claim_id)
        answer = self.perform(call, act)
        self.witness.committed(claim_id, answer, fits=fits, was_in_force=was_in_force)
        return answer

    def do_fail(self, claim_id: str, blame: Blame) -> None:
        was_in_force = self.witness.is_in_force(claim_id)
        code = "infected" if blame is Blame.INPUT and len(self.claim_ids) % 3 == 0 else "engine_failed"
        call = op.fail(claim_id, code, blame, "It broke.")
        answer = self.perform(call, lambda: self.model.fail(claim_id, code, blame, "It broke."))
        self.witness.failed(claim_id, answer, blame, was_in_force=was_in_force)

    def do_release(self, claim_id: str, delay_ms: int) -> None:
        was_in_force = self.witness.is_in_force(claim_id)
        answer = self.perform(op.release(claim_id, delay_ms), lambda: self.model.release(claim_id, delay_ms))
        self.witness.released(claim_id, answer, was_in_force=was_in_force)

    def do_work(self, claim_id: str, spans: int, identity: str, *, detect: bool) -> None:
        """What an honest worker does with a claim."""
        self.do_beat([HeldClaim(claim_id, started=True)])
        match self.kind(claim_id):
            case UnitKind.PREPARE:
                self.do_plan(claim_id, spans, detect=detect)
            case UnitKind.DETECT | UnitKind.SPAN:
                self.do_commit(claim_id, "en")
            case UnitKind.ASSEMBLE:
                self.do_finish(claim_id, identity)
            case None:
                pass

    def move_clock(self, seconds: int) -> None:
        self.model.now += seconds * 1000

    def do_sweep(self) -> None:
        if self.perform(op.sweep(TIMING), self.model.sweep).ran:
            self.quiet.clear()


def _is_repetition(first: T, second: T) -> bool:
    """Whether ``second`` is how the ledger answers a call that it has answered with ``first``; bells ring only once."""
    if not isinstance(first, Answer) or not isinstance(second, Answer):
        return first == second
    match first:
        case Abandoned() | Swept():
            return True
        case Expired(outcome=ExpireOutcome.EXPIRED):
            expected: Answer = Expired(None, ExpireOutcome.KEPT)
        case Purged():
            expected = Purged(0)
        case Committed(outcome=CommitOutcome.OK):
            expected = replace(first, outcome=CommitOutcome.ALREADY)
        case Failed(outcome=FailOutcome.FAILED | FailOutcome.REQUEUED):
            expected = replace(first, outcome=FailOutcome.ALREADY)
        case _:
            expected = first
    if isinstance(expected, Restored):
        expected = replace(expected, outcome=RestoreOutcome.KNOWN)
    if isinstance(expected, FailingAnswer):
        # Whose jobs ended is told once.
        expected = replace(expected, failed_runs=())
    return replace(expected, bells={}) == replace(second, bells={})


def a_submission(number: int, digest: str, tenant: str) -> Submission:
    return Submission(
        job_id=f"job-{number}",
        transcription_id=f"tr-{number}",
        tenant=tenant,
        name=f"talk {number}.wav",
        digest=digest,
        pool=POOLS[1],
        identity=IDENTITY,
        options='{"language":"auto"}',
        request_hash="hash-0",
        media_key=f"media/{number}",
        work_key=f"work/{number}",
        estimated_s=COSTS_S[number % 4],
        size_bytes=1_000 + number % 4,
        request_id=f"request-{number}" if number % 3 else None,
        keep=KEEPS[number % 3],
    )


def _plan(plan_id: str, spans: int, *, detect: bool) -> Plan:
    units = [PlannedUnit("detect", UnitKind.DETECT, 0, 480_000, 30.0)] if detect else []
    for number in range(spans):
        start = number * 480_000
        cost_s = COSTS_S[-1 - number]
        units.append(PlannedUnit(f"span-{number}", UnitKind.SPAN, start, start + 480_000, cost_s, blocked=detect))
    units.append(PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True))
    return Plan(plan_id, 30.0 * spans + 0.1, tuple(units))
