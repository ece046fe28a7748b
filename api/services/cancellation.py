"""Cancellation: a job is taken back, first in the ledger, then in its manifest, then in the answer.

The ledger goes first because it alone decides between a cancel and a completion that arrive together; a manifest
written first would call a job cancelled that then completes. A crash between the two leaves a job that is cancelled
in the ledger and has no ending in its manifest; the client got no answer, asks again, and the same call writes what is
missing. Only when Redis is lost in that very gap the job runs again, of which nobody was told otherwise.
"""

from api.services.deadline import AnyLedger
from api.services.lookup import Lookup
from api.services.manifests import Manifests
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger import operations as op
from stenopool.ledger.model import CancelOutcome, JobView, RunState
from stenopool.media.manifest import Ending
from stenopool.media.store import Store


class Cancellation:
    """Takes jobs back."""

    def __init__(self, ledger: AnyLedger, store: Store, lookup: Lookup) -> None:
        self._ledger = ledger
        self._lookup = lookup
        self._manifests = Manifests(store)

    async def cancel(self, job_id: str, tenant: str) -> JobView:
        """Cancels the job; others that share its transcription go on. Repeating it answers the same.

        Two Redis round trips and a write to the store. The view given back is from before the cancel.

        Raises:
            UsageError: ``unknown_job``, or ``job_ended`` when it completed or failed before.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, or ``store_unavailable``: cancelled, but not yet
                for good; repeat it.
        """
        job = await self._lookup.job(job_id, tenant)
        answer = await self._ledger.do(op.cancel(job_id, tenant))
        if answer.outcome is CancelOutcome.UNKNOWN:
            raise UsageError(ErrorCode.UNKNOWN_JOB, "there is no such job", "check the id")
        if answer.outcome is CancelOutcome.ENDED and answer.state is not RunState.CANCELLED:
            raise UsageError(
                ErrorCode.JOB_ENDED, f"the job is {answer.state} already", "only a job that has not ended is cancelled"
            )
        fail_at(Failpoint.API_AFTER_CANCEL)
        await self._manifests.end(job, Ending(state="cancelled", at=utc_now()))
        return job
