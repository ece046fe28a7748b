"""A shift: claim, do, commit, claim the next, until nothing waits. One bell opens one shift.

The failure policy stands in ``Shift._carried_out``: the recording's fault fails its run at once, a passing trouble gives the
unit back, anything else costs the unit one attempt of three.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from stenopool.errors import ErrorCode, FatalError, StenopoolError, TransientError, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.model import BeatVerdict, Blame, CommitOutcome, Committed, FailingAnswer, Grant, HeldClaim
from stenopool.logs import REQUEST_ID, bind, get_logger
from worker import measures
from worker.duty import Duty
from worker.gate import prepare_gate
from worker.holding import Holding
from worker.run_files import MOST_FAILED_UNITS, Admission
from worker.unit_work import UnitWork
from worker.units.bench import WorkStoppedError

SHIFT_S: Final = 60.0
"""No unit is claimed after this long: other queues of the worker get their turn."""

_ADMISSION_S: Final = 2.0
"""The main process registers within a moment of the child being ready; a bell may be faster."""

_INSIST_S: Final = 600.0
"""A result is offered to a silent ledger for this long; the object in the store outlives even that."""

_PAUSE_S: Final = 0.5
_SHORTEST_DELAY_S: Final = 5
_LONGEST_DELAY_S: Final = 60
_MOST_LABELS: Final = 5

T = TypeVar("T")
A = TypeVar("A", bound=FailingAnswer)
_log = get_logger(__name__)


def _about(grant: Grant) -> dict[str, str]:
    """What every line about a unit says. The request is the one that began the run; the bell's may be any other's."""
    ids = {"transcription_id": grant.transcription_id, "unit": grant.unit_id}
    return ids if grant.request_id is None else {**ids, REQUEST_ID: grant.request_id}


@dataclass
class _Report:
    """What a shift did, as Flower shows it."""

    units: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def text(self, why: str) -> str:
        shown = ", ".join(self.units[:_MOST_LABELS]) + (", …" if len(self.units) > _MOST_LABELS else "")
        count = f"{len(self.units)} unit" + ("" if len(self.units) == 1 else "s")
        return f"{count}: {shown}; {why}" if self.units else why


class Shift:
    """One shift of a child."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._work = UnitWork(duty)
        self._report = _Report()
        self._until = time.monotonic() + SHIFT_S

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why transcriptions ended by this shift, each reason once; empty where none failed."""
        return tuple(dict.fromkeys(self._report.reasons))

    def run(self) -> str:
        """Works until nothing waits, the time is over or the worker stops; answers a line for people."""
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        try:
            while (reason := self._reason_to_end()) is None:
                gate = prepare_gate(self._duty.bench.settings)
                grant = self._duty.ledger.do(
                    op.claim(new_id(), self._duty.name, self._duty.pools, self._duty.timing, gate)
                ).grant
                if grant is None:
                    return self._report.text("nothing waits")
                fail_at(Failpoint.WORKER_AFTER_CLAIM, grant.kind)
                self._do(grant)
        except TransientError as error:
            # The ledger is away. What was claimed comes back when its lease ends; the sweep rings again.
            _log.warning("shift_broken_off", code=str(error.code))
            return self._report.text("ledger unavailable")
        return self._report.text(reason)

    def _refusal(self) -> str | None:
        until = time.monotonic() + _ADMISSION_S
        while (admission := self._duty.files.admission()) is None and time.monotonic() < until:
            time.sleep(_PAUSE_S / 10)
        return None if admission is Admission.OK else f"not admitted: {admission or 'not registered yet'}"

    def _reason_to_end(self) -> str | None:
        if self._duty.watchdog.draining():
            return "stopping"
        if time.monotonic() >= self._until:
            return "shift over"
        if self._duty.files.failed_units() >= MOST_FAILED_UNITS:
            # Asked here too: a broken machine fails faster than the main process looks.
            return "too many failures"
        return None if self._duty.files.admission() is Admission.OK else "no longer admitted"

    def _do(self, grant: Grant) -> None:
        """One unit and, when its commit hands out the run's last one, that one too."""
        following: Grant | None = grant
        is_handed = False
        while following is not None:
            holding = Holding(following, self._work.timeout_s(following), is_handed)
            is_handed = True
            with bind(**_about(following)):
                self._duty.watchdog.hold(holding)
                try:
                    following = self._carried_out(holding)
                finally:
                    self._duty.watchdog.drop(holding)

    def _carried_out(self, holding: Holding) -> Grant | None:
        """Does the unit, commits it, and answers the unit that the commit handed out."""
        try:
            if not self._started(holding):
                return None
            commit = self._work.do(holding)
        except WorkStoppedError:
            self._give_up(holding)
        except UsageError as error:
            self._fail(holding, error, Blame.INPUT)
        except TransientError as error:
            self._release(holding, error)
        except MemoryError:
            # It must not reach Celery: the worker's main process would end (docs/explanation/worker.md).
            self._fail(holding, FatalError(ErrorCode.OUT_OF_MEMORY, "the work ran out of memory"), Blame.UNIT)
        except FatalError as error:
            self._fail(holding, error, Blame.UNIT)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this unit's attempt that it ends.
            _log.exception("unit_broke")
            wrapped = FatalError(ErrorCode.INTERNAL_ERROR, f"the work failed with {type(error).__name__}")
            self._fail(holding, wrapped, Blame.UNIT)
        else:
            self._end_work(holding)
            return self._committed(holding, commit)
        return None

    def _started(self, holding: Holding) -> bool:
        """Spends the attempt before the unit's bytes are touched (rule 13): bytes that kill are counted."""
        if self._must_not_start(holding):
            self._give_up(holding)
            return False
        claim_id = holding.grant.claim_id
        beaten = self._duty.ledger.do(op.beat(self._duty.name, [HeldClaim(claim_id, started=True)], self._duty.timing))
        if beaten.verdicts.get(claim_id) is not BeatVerdict.GO:
            self._note(holding, "lost")
            return False
        holding.start()
        measures.attempt_begun(holding.grant)
        fail_at(Failpoint.WORKER_AFTER_STARTED, holding.grant.kind)
        return True

    def _must_not_start(self, holding: Holding) -> bool:
        # What a commit handed out is the last, short piece of work in hand: the grace is for that, too.
        if holding.is_handed:
            return self._duty.watchdog.must_stop(holding)
        return self._duty.watchdog.draining()

    def _committed(self, holding: Holding, commit: Call[Committed]) -> Grant | None:
        fail_at(Failpoint.WORKER_AFTER_STORE, holding.grant.kind)
        answer = self._answered(lambda: self._duty.endings.commit(commit))
        if answer.outcome is CommitOutcome.REFUSED:
            self._work.drop_output(holding.grant)
            self._work.drop_if_deleted(holding.grant)
            self._note(holding, "refused")
            return None
        self._duty.files.note_success()
        fail_at(Failpoint.WORKER_AFTER_COMMIT, holding.grant.kind)
        self._work.clean_up(holding.grant)
        measures.unit_done(holding.grant, holding.took_s)
        self._note(holding, answer.failed_runs[0].code if answer.failed_runs else "done")
        return answer.next

    def _fail(self, holding: Holding, error: StenopoolError, blame: Blame) -> None:
        self._end_work(holding)
        _log.warning("unit_failed", code=str(error.code), blame=str(blame), reason=error.message)
        if blame is Blame.UNIT:
            self._duty.files.note_failure(holding.unit)
        self._answered(lambda: self._duty.endings.fail(holding.grant.claim_id, error.code, blame, error.message))
        measures.attempt_failed(error.code)
        self._note(holding, str(error.code), "failed")

    def _release(self, holding: Holding, error: TransientError) -> None:
        self._end_work(holding)
        delay_s = min(max(error.retry_after_s, _SHORTEST_DELAY_S), _LONGEST_DELAY_S)
        _log.warning("unit_released", code=str(error.code), delay_s=delay_s)
        self._answered(lambda: self._duty.endings.release(holding.grant.claim_id, delay_s * 1000))
        self._note(holding, "released")

    def _give_up(self, holding: Holding) -> None:
        """Stopped by the ledger (nothing to say: the claim is gone) or by the operator (the unit goes back, its place kept)."""
        self._end_work(holding)
        if holding.lost:
            self._work.drop_if_deleted(holding.grant)
            self._note(holding, "stopped")
            return
        self._retried(lambda: self._duty.endings.release(holding.grant.claim_id, 0))
        self._note(holding, "given back")

    def _end_work(self, holding: Holding) -> None:
        if not holding.end_work():
            # The watchdog has failed the unit and is about to end this process: two endings would be one too many.
            time.sleep(_INSIST_S)

    def _answered(self, act: Callable[[], A]) -> A:
        """As ``_retried``, for what may end a transcription."""
        answer = self._retried(act)
        self._report.reasons += [run.code for run in answer.failed_runs]
        return answer

    def _retried(self, act: Callable[[], T]) -> T:
        """Tries until the ledger answers; every call may be repeated (rule 1).

        Raises:
            TransientError: it was silent for ten minutes, or the worker must stop.
        """
        until = time.monotonic() + _INSIST_S
        while True:
            try:
                return act()
            except TransientError:
                if time.monotonic() > until or self._duty.watchdog.grace_is_over():
                    raise
                time.sleep(_PAUSE_S)

    def _note(self, holding: Holding, how: str, ending: str = "") -> None:
        measures.unit_let_go(holding.grant, ending or how)
        self._report.units.append(f"{holding.label} {how}")
        _log.info("unit_ended", how=how)
