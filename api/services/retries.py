"""Retries: a job that failed or was cancelled is tried again, with the recording that is still there.

The order is that of a submission: first the manifest says that the job goes on, then the script makes it so. Where the
script refuses, the manifest gets its old words back; where the ledger does not answer, it keeps the new ones, because
the script may still run.
"""

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.lookup import Lookup
from api.services.manifests import Manifests
from api.services.pools import PoolWatch
from api.services.quotas import QuotaWish, quota_refusal
from api.services.refusals import ledger_lost, queue_full, too_many_joined
from api.services.submission import Accepted
from api.services.submission_rules import SubmissionRules, submission_of
from stenopool.errors import ErrorCode, LedgerFullError, StenopoolError, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger import operations as op
from stenopool.ledger.model import JobView, Retried, RetryOutcome, RunState
from stenopool.logs import bound_request_id
from stenopool.media.manifest import Manifest
from stenopool.media.store import Store
from stenopool.retrying import Retry, retry_draft
from stenopool.stored_jobs import former_try

_STATES = {
    RetryOutcome.CREATED: RunState.QUEUED,
    RetryOutcome.JOINED: RunState.QUEUED,
    RetryOutcome.HIT: RunState.COMPLETED,
}


class Retries:
    """Gives jobs another try."""

    def __init__(
        self, ledger: AnyLedger, store: Store, lookup: Lookup, pools: PoolWatch, rules: SubmissionRules
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._lookup = lookup
        self._pools = pools
        self._rules = rules
        self._manifests = Manifests(store)

    async def retry(self, job_id: str, tenant: str) -> Accepted:
        """Tries the job again under its own id: with the same recording and options, by the workers of today.

        Raises:
            UsageError: ``unknown_job``, ``not_retryable`` for a job that did not end badly, ``input_missing`` when the
                recording is gone, ``quota_audio`` when no day has so much.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``, ``disk_full``,
                ``no_worker_for_model``, ``queue_full``, ``too_many_joined``, ``quota_active_jobs`` or ``quota_audio``.
        """
        job = await self._lookup.job(job_id, tenant)
        if job.state not in (RunState.FAILED, RunState.CANCELLED):
            raise _not_retryable(job.state)
        before = await self._manifests.read(job)
        if before is None:
            raise _media_gone()
        has_media = await anyio.to_thread.run_sync(self._store.exists, before.media_key)
        draft, quotas = await self._draft(before, job), await self._rules.quotas.of(tenant)
        await self._manifests.write(draft)
        fail_at(Failpoint.API_BEFORE_RETRY)
        try:
            answer = await self._ledger.do(
                op.retry(submission_of(draft, draft.media_key if has_media else None, self._rules, quotas))
            )
        except LedgerFullError:
            await self._manifests.write(before)
            raise
        fail_at(Failpoint.API_AFTER_RETRY)
        if answer.outcome not in _STATES:
            await self._take_back(draft, before, answer)
            raise quota_refusal(answer.outcome, QuotaWish(quotas, draft.estimated_s)) or _refusal(answer)
        if (answer.transcription_id, answer.run_number) != (draft.transcription_id, draft.run_number):
            in_force = {
                "transcription_id": answer.transcription_id,
                "media_key": answer.media_key or draft.media_key,
                "run_number": answer.run_number,
            }
            await self._manifests.write(draft.model_copy(update=in_force))
        return Accepted(job_id, _STATES[answer.outcome])

    async def _take_back(self, draft: Manifest, before: Manifest, answer: Retried) -> None:
        """Gives the manifest back the words that are true."""
        if answer.outcome is RetryOutcome.REFUSED_STATE:
            # Somebody else's retry came first: the job goes on, on the run of that one.
            job = await self._lookup.job(draft.job_id, draft.tenant)
            await self._manifests.write(
                draft.model_copy(update={"transcription_id": job.transcription_id, "run_number": answer.run_number})
            )
        elif answer.outcome is RetryOutcome.UNKNOWN:
            viewed = await self._ledger.do(op.view(draft.job_id, draft.tenant))
            if viewed.job is None and not viewed.ledger_lost:
                # Deleted meanwhile, and what was written here must not bring it back.
                await self._manifests.drop(draft)
            elif viewed.job is None:
                await self._manifests.write(before)
        elif answer.outcome is not RetryOutcome.LEDGER_LOST:
            await self._manifests.write(before)

    async def _draft(self, before: Manifest, job: JobView) -> Manifest:
        identity = await self._pools.identity(before.pool)
        former = await anyio.to_thread.run_sync(former_try, self._store, before)
        return retry_draft(before, Retry(identity, former, job.audio_s, bound_request_id()))


def _refusal(answer: Retried) -> StenopoolError:
    match answer.outcome:
        case RetryOutcome.REFUSED_STATE:
            return _not_retryable(answer.state or RunState.PROCESSING)
        case RetryOutcome.REFUSED_JOINS:
            return too_many_joined()
        case RetryOutcome.REFUSED_BACKLOG:
            return queue_full()
        case RetryOutcome.LEDGER_LOST:
            return ledger_lost()
        case RetryOutcome.NEED_MEDIA:
            return _media_gone()
        case _:
            return UsageError(ErrorCode.UNKNOWN_JOB, "there is no such job", "check the id")


def _not_retryable(state: RunState) -> UsageError:
    return UsageError(
        ErrorCode.NOT_RETRYABLE, f"the job is {state}", "only a job that failed or was cancelled is tried again"
    )


def _media_gone() -> UsageError:
    return UsageError(ErrorCode.INPUT_MISSING, "the recording is not kept any more", "submit the file again")
