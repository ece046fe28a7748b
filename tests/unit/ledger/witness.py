"""Remembers what the ledger answered and holds every later answer and state to it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from stenopool.ledger.model import (
    Blame,
    Cancelled,
    CancelOutcome,
    Claimed,
    CommitOutcome,
    Committed,
    DeliveryNote,
    DeliveryOutcome,
    Expired,
    ExpireOutcome,
    Failed,
    FailOutcome,
    ForgetOutcome,
    Forgotten,
    Grant,
    HeldClaim,
    PrepareGate,
    Released,
    Restoration,
    Restored,
    RestoreOutcome,
    Retried,
    RetryOutcome,
    RunState,
    Submission,
    SubmitOutcome,
    Submitted,
    Taken,
    UnitState,
)
from tests.unit.ledger.ledger_model import LedgerModel
from tests.unit.ledger.model_records import Job

Place = tuple[str, str]
"""Run and unit."""


class Witness:
    """Sees each answer once. It shares no reasoning with the model: it only counts and compares."""

    def __init__(self, model: LedgerModel) -> None:
        self._model = model
        self._place: dict[str, Place] = {}
        self._holder: dict[Place, str] = {}
        self._given_back: set[str] = set()
        self._attempts: defaultdict[Place, set[str]] = defaultdict(set)
        self._ended: dict[str, RunState] = {}
        self._transcripts: dict[str, str] = {}
        self._cancelled: set[str] = set()
        self._deleted: set[str] = set()
        self._expired: set[str] = set()
        self._finishes: Counter[str] = Counter()
        self._in_hand: dict[str, tuple[str, int]] = {}
        self._told: set[tuple[str, int, RunState]] = set()

    def submitted(self, new: Submission, answer: Submitted, *, is_new: bool) -> None:
        if is_new and answer.outcome in (SubmitOutcome.CREATED, SubmitOutcome.JOINED):
            self._keeps_quota_of_open_jobs(new)
        if answer.outcome in (SubmitOutcome.CREATED, SubmitOutcome.JOINED, SubmitOutcome.HIT):
            state = self._model.runs[answer.transcription_id].state
            assert (answer.outcome is SubmitOutcome.HIT) == (state is RunState.COMPLETED), "not what became of it"
            assert state not in (RunState.FAILED, RunState.CANCELLED), "a job was given a run that had ended badly"
            assert is_new or answer.outcome is not SubmitOutcome.CREATED

    def _keeps_quota_of_open_jobs(self, new: Submission) -> None:
        """Whoever is within a quota was let in, whoever is beyond it was not."""
        states = [self._model.job_state(name) for name, job in self._model.jobs.items() if job.tenant == new.tenant]
        is_open = [state for state in states if not state.ended]
        assert not new.quotas.open_jobs or len(is_open) <= new.quotas.open_jobs, "more jobs are open than may be"

    def restored(self, restoration: Restoration, answer: Restored, *, is_fresh: bool) -> None:
        job_id, ending = restoration.submission.job_id, restoration.ending
        state = self._model.job_state(job_id)
        if answer.outcome is RestoreOutcome.BROUGHT:
            # It may have been tried again in what was lost; that is the one way in which one that had ended goes on.
            assert self._ended.pop(job_id, None) in (None, RunState.FAILED, RunState.CANCELLED)
            self._cancelled.discard(job_id)
        if answer.outcome is not RestoreOutcome.KNOWN and state in restoration.told:
            self._told.add((job_id, restoration.submission.run_number, state))
        if answer.outcome is not RestoreOutcome.KNOWN and ending is not None:
            if ending.state is RunState.CANCELLED:
                self._cancelled.add(job_id)
                assert state is RunState.CANCELLED
            else:
                # A run that was known to live or to have failed does not change for a late manifest.
                assert state is not RunState.CANCELLED
                assert state is not RunState.QUEUED or ending.state is RunState.COMPLETED
        if is_fresh and self._model.runs[answer.transcription_id].is_live:
            # A run that had been cancelled begins anew: what was claimed of it before is nothing now.
            self._holder = {place: held for place, held in self._holder.items() if place[0] != answer.transcription_id}
            for place in [place for place in self._attempts if place[0] == answer.transcription_id]:
                del self._attempts[place]

    def granted(self, grant: Grant, *, is_repeated: bool) -> None:
        place = (grant.transcription_id, grant.unit_id)
        if is_repeated:
            assert self._place[grant.claim_id] == place, "one claim id got two units"
            return
        self._place[grant.claim_id] = place
        self._holder[place] = grant.claim_id

    def claimed(
        self,
        answer: Claimed,
        worker: str,
        pools: Sequence[str],
        gate: PrepareGate | None,
        *,
        is_repeated: bool,
    ) -> None:
        if answer.grant is not None:
            self.granted(answer.grant, is_repeated=is_repeated)
        elif not is_repeated and not self._model.is_drained(worker.rpartition("/")[0]):
            for pool in pools:
                for run, unit in self._model.waiting(pool):
                    is_kept = self._model.is_kept_for_others(unit, worker, pool)
                    assert is_kept or self._model.is_gated(run, unit, gate), "a free unit was not handed out"

    def beaten(self, beat: HeldClaim, *, is_lost: bool) -> None:
        assert is_lost == (not self._is_in_force(beat.claim_id)), "a beat lied"
        if beat.started and not is_lost:
            self._attempts[self._place[beat.claim_id]].add(beat.claim_id)

    def committed(self, claim_id: str, answer: Committed, *, fits: bool, was_in_force: bool) -> None:
        """``fits``: the operation is the one for the unit's kind."""
        assert (answer.outcome is CommitOutcome.OK) == (fits and was_in_force), "a commit was taken or refused wrongly"
        if answer.outcome is CommitOutcome.OK:
            self._given_back.add(claim_id)

    def finished(self, claim_id: str, answer: Committed) -> None:
        if answer.outcome is CommitOutcome.OK:
            run = self._place[claim_id][0]
            self._finishes[run] += 1
            assert self._finishes[run] == 1

    def failed(self, claim_id: str, answer: Failed, blame: Blame, *, was_in_force: bool) -> None:
        taken = answer.outcome in (FailOutcome.FAILED, FailOutcome.REQUEUED)
        assert taken == was_in_force
        if taken:
            self._given_back.add(claim_id)
            place = self._place[claim_id]
            if blame is Blame.UNIT:
                self._attempts[place].add(claim_id)
                assert (answer.outcome is FailOutcome.FAILED) == (len(self._attempts[place]) >= 3)

    def released(self, claim_id: str, answer: Released, *, was_in_force: bool) -> None:
        if was_in_force:
            assert answer.ok
            self._given_back.add(claim_id)
            self._attempts[self._place[claim_id]].discard(claim_id)

    def taken(self, answer: Taken, take_id: str, *, is_repeated: bool) -> None:
        for delivery in answer.deliveries:
            holder, until = self._in_hand.get(delivery.delivery_id, (take_id, 0))
            assert holder == take_id or until <= self._model.now, "a delivery in hand was handed out"
            assert delivery.job.state is delivery.event, "a webhook would be told what is not so"
            if not is_repeated:
                self._in_hand[delivery.delivery_id] = take_id, self._model.now + 60_000

    def noted(self, note: DeliveryNote) -> None:
        holder, _ = self._in_hand.get(note.delivery_id, ("", 0))
        if holder != note.take_id and note.outcome is not DeliveryOutcome.DELIVERED:
            return
        self._in_hand.pop(note.delivery_id, None)
        if note.delay_ms is None:
            job_id, number, event = note.delivery_id.rsplit("-", 2)
            self._told.add((job_id, int(number), RunState(event)))

    def cancelled(self, job_id: str, answer: Cancelled) -> None:
        if answer.outcome is CancelOutcome.CANCELLED:
            self._cancelled.add(job_id)

    def forgotten(self, job_id: str, answer: Forgotten) -> None:
        if answer.outcome is ForgetOutcome.DELETING:
            self._deleted.add(job_id)

    def expired(self, job_id: str, answer: Expired) -> None:
        if answer.outcome is ExpireOutcome.EXPIRED:
            assert self._ended.get(job_id, RunState.COMPLETED) is RunState.COMPLETED
            self._expired.add(job_id)
        if answer.outcome is ExpireOutcome.DELETING:
            # Nobody's finished work goes without having been told of as expired.
            assert job_id in self._deleted | self._expired or self._ended.get(job_id) is not RunState.COMPLETED
            self._deleted.add(job_id)

    def retried(self, new: Submission, answer: Retried) -> None:
        """Another try is the one way in which a job that had ended goes on, and only one that ended badly."""
        if answer.outcome in (RetryOutcome.CREATED, RetryOutcome.JOINED, RetryOutcome.HIT):
            before = self._ended.pop(new.job_id)
            assert before in (RunState.FAILED, RunState.CANCELLED), "a job that had not ended badly was tried again"
            self._cancelled.discard(new.job_id)
            state = self._model.runs[answer.transcription_id].state
            assert (answer.outcome is RetryOutcome.HIT) == (state is RunState.COMPLETED)
            assert state not in (RunState.FAILED, RunState.CANCELLED)

    def is_in_force(self, claim_id: str) -> bool:
        return self._is_in_force(claim_id)

    def _is_in_force(self, claim_id: str) -> bool:
        """Its unit was handed to nobody since, it did not give it up itself, and its run lives."""
        place = self._place.get(claim_id)
        return (
            place is not None
            and self._holder.get(place) == claim_id
            and claim_id not in self._given_back
            and place[0] in self._model.runs
            and self._model.runs[place[0]].is_live
        )

    def check(self) -> None:
        awaited: defaultdict[str, set[RunState]] = defaultdict(set)
        for delivery in self._model.outbox.values():
            awaited[delivery.job].add(delivery.event)
        for job_id, job in self._model.jobs.items():
            assert (job.deleting is not None) == (job_id in self._deleted), (
                f"{job_id} was deleted by another's deletion"
            )
            if job.deleting is not None:
                continue
            state = self._model.job_state(job_id)
            assert self._ended.get(job_id, state) is state, f"{job_id} had ended and changed"
            if state.ended:
                self._ended[job_id] = state
            self._check_told(job_id, job, state, awaited)
            was_cancelled = job.cancelled is not None
            assert was_cancelled == (job_id in self._cancelled), f"{job_id} was cancelled by another's cancel"
        for run in self._model.runs.values():
            has_reader = any(job.run == run.id and job.reads for job in self._model.jobs.values())
            if not has_reader:
                self._transcripts.pop(run.id, None)
            assert run.transcript is not None or run.id not in self._transcripts, "a result was lost"
            if run.transcript is not None:
                assert self._transcripts.setdefault(run.id, run.transcript) == run.transcript
            for unit in run.units.values():
                if unit.state is not UnitState.FAILED:
                    assert unit.attempt == len(self._attempts[run.id, unit.id]), "attempts are counted wrongly"

    def _check_told(self, job_id: str, job: Job, state: RunState, awaited: Mapping[str, set[RunState]]) -> None:
        """Whoever asked to be told of a job's end has been, or will be; of no other end, and of none too soon."""
        was_told = (job_id, job.runs, state) in self._told
        assert awaited.get(job_id, set()) == ({state} if job.has_hook and state.ended and not was_told else set())
