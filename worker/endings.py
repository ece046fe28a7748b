"""Ends a unit badly: tells the ledger, and where that ends the run, writes the ending into its jobs' manifests.

The manifests come after the ledger: one that says "failed" wins at a rebuild, so it must never be written for a run
that goes on. A process that dies in between costs a rebuild one more try of the run, nothing else.
"""

from dataclasses import dataclass
from datetime import date

from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import MAX_ATTEMPTS, Blame, Failed, FailOutcome, LiveJob, Released, UnitKind
from stenopool.logs import get_logger
from stenopool.media.manifest import Ending, read_manifest
from stenopool.media.store import Store, manifest_key

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claim as its ending needs it. ``before`` counts the attempts that earlier claims started."""

    claim_id: str
    transcription_id: str
    before: int


def timeout_code(kind: UnitKind) -> ErrorCode:
    """The reason of a unit that took too long."""
    return ErrorCode.DECODE_TIMEOUT if kind is UnitKind.PREPARE else ErrorCode.ENGINE_TIMEOUT


class Endings:
    """Fails and releases units on behalf of a worker."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        self._ledger = ledger
        self._store = store

    def fail(self, attempt: Attempt, code: ErrorCode, blame: Blame, detail: str) -> Failed:
        """Fails an attempt.

        Raises:
            TransientError: the ledger does not answer.
        """
        may_be_last = blame is Blame.INPUT or attempt.before + 1 >= MAX_ATTEMPTS
        jobs = self._jobs(attempt) if may_be_last else ()
        failed = self._ledger.do(op.fail(attempt.claim_id, code, blame, detail))
        if failed.outcome is FailOutcome.FAILED:
            self._write(jobs, code, detail)
        return failed

    def release(self, attempt: Attempt, delay_ms: int) -> Released:
        """Gives a unit back; delays that come to more than an hour fail its run.

        Raises:
            TransientError: the ledger does not answer.
        """
        jobs = self._jobs(attempt) if delay_ms else ()
        released = self._ledger.do(op.release(attempt.claim_id, delay_ms))
        if released.run_failed:
            self._write(jobs, ErrorCode.TRANSIENT_TOO_LONG, "what the work needs was away for more than an hour")
        return released

    def _jobs(self, attempt: Attempt) -> tuple[LiveJob, ...]:
        # Asked before: an ended run tells its jobs no more.
        return self._ledger.do(op.jobs_of(attempt.transcription_id))

    def _write(self, jobs: tuple[LiveJob, ...], code: ErrorCode, detail: str) -> None:
        ending = Ending(state="failed", at=utc_now(), code=code, detail=detail)
        for job in jobs:
            key = manifest_key(date.fromisoformat(job.manifest_day), job.job_id)
            try:
                self._store.replace(key, read_manifest(self._store.get(key)).ended(ending).to_bytes())
            except KeyError:
                _log.info("manifest_gone", job_id=job.job_id)
            except (StenopoolError, ValueError) as error:
                _log.warning("ending_not_written", job_id=job.job_id, error=type(error).__name__)
