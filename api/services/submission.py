"""Submission: a received recording becomes a job. Media, then manifest, then one script; only then is it accepted.

The order is what makes a crash harmless (docs/explanation/ledger.md, rules 1, 3 and 19): a manifest without a record
means "create it", media without either is an orphan, and a record never stands without its manifest.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, NoReturn

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.job_request import JobRequest, parse_request
from api.services.lengths import estimated_s
from api.services.manifests import Manifests
from api.services.pools import PoolWatch
from api.services.quotas import QuotaWish, quota_refusal
from api.services.refusals import ledger_lost, queue_full, too_many_joined
from api.services.scanner import ScannerWatch
from api.services.stopping import Stopping
from api.services.submission_rules import SubmissionRules, submission_of
from api.services.uploads import Upload
from stenopool import metrics
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, LedgerFullError, TransientError, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.model import Found, RunState, Submission, SubmitOutcome, Submitted
from stenopool.logs import bound_request_id, get_logger
from stenopool.media.manifest import Manifest
from stenopool.media.store import Store, media_key
from stenopool.queueing.names import PREPARE, recognise_pool
from stenopool.transcripts.digest import request_hash, transcription_digest

_log = get_logger(__name__)

_REFUSALS: Final = (
    SubmitOutcome.IDEMPOTENCY_CONFLICT,
    SubmitOutcome.REFUSED_JOINS,
    SubmitOutcome.REFUSED_BACKLOG,
    SubmitOutcome.REFUSED_OPEN_JOBS,
    SubmitOutcome.REFUSED_AUDIO,
    SubmitOutcome.REFUSED_STORED,
)
"""The ledger took nothing, for certain: what was written for the job may go."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that was taken in. ``state`` is completed at once when a finished transcription answers it."""

    job_id: str
    state: RunState
    is_replay: bool = False
    """Whether this is the answer to an earlier request with the same idempotency key."""


class Submissions:
    """Takes recordings in."""

    def __init__(
        self,
        ledger: AnyLedger,
        store: Store,
        pools: PoolWatch,
        rules: SubmissionRules,
        scanner: ScannerWatch | None = None,
        stopping: Stopping | None = None,
    ) -> None:
        self._ledger = ledger
        self._scanner = scanner
        self._store = store
        self._manifests = Manifests(store)
        self._pools = pools
        self._rules = rules
        self._stopping = stopping or Stopping()

    async def require_open(self) -> None:
        """Refuses before a byte of the body is read what would be refused after the last.

        Which model is asked stands in the body: while one of them would be served, the body is read. Quotas are not
        asked here: a repeated request, or one that a finished transcription answers, breaks none.

        Raises:
            TransientError: ``shutting_down``, ``ledger_unavailable``, ``no_worker_for_model``, ``queue_full`` or
                ``scanner_unavailable``.
        """
        self._stopping.require_going_on()
        if self._scanner is not None:
            await self._scanner.require()
        preparing = (await self._pools.view(PREPARE)).waiting
        refusals = [await self._refusal(self._pool(model), preparing) for model in self._rules.models]
        if all(refusals) and refusals[0] is not None:
            raise refusals[0]

    async def submit(self, tenant: str, upload: Upload, idempotency_key: str | None = None) -> Accepted:
        """Makes the upload a job of ``tenant``; the same request under the same idempotency key is the same job.

        Whoever answers to a digest already is joined without storing the media again. When the ledger does not
        answer, nothing is deleted: the script may still run, and then the job has all it needs.

        Raises:
            UsageError: a wrong or unknown option, ``model_not_offered``, ``idempotency_conflict``, ``quota_stored``, or
                ``quota_audio`` when no day has so much.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``, ``disk_full``,
                ``no_worker_for_model``, ``queue_full``, ``too_many_joined``, ``quota_active_jobs`` or ``quota_audio``.
        """
        request = parse_request(upload.fields, self._rules.models, self._rules.openings)
        identity = await self._pools.identity(self._pool(request.model))
        draft = self._draft(tenant, upload, request, identity)
        if idempotency_key is not None:
            key_hash = hashlib.sha256(idempotency_key.encode()).hexdigest()
            draft = draft.model_copy(update={"idempotency_hash": key_hash})
        accepted = await self._take_in(draft, upload)
        fail_at(Failpoint.API_BEFORE_ANSWER)
        return accepted

    async def _take_in(self, draft: Manifest, upload: Upload) -> Accepted:
        sought = await self._ledger.do(op.find(draft.digest, draft.tenant, draft.idempotency_hash))
        if sought.ledger_lost:
            # Nothing is stored yet: what is would come back as a job with the ledger, once for each repetition.
            raise ledger_lost()
        found, draft = sought.run, draft.model_copy(update={"former": sought.former})
        if found is not None:
            answer = await self._attach(draft, found)
            if answer.outcome is not SubmitOutcome.NEED_MEDIA:
                return await self._accepted(draft, answer, found)
        return await self._accepted(draft, await self._start(draft, upload), found)

    def _pool(self, model: str) -> str:
        return recognise_pool(self._rules.engine, model)

    async def _refusal(self, pool: str, preparing: int) -> TransientError | None:
        """Why nothing would be taken for this pool; None when it would. Trouble of the ledger is raised."""
        try:
            await self._pools.identity(pool)
        except TransientError as error:
            if error.code is not ErrorCode.NO_WORKER_FOR_MODEL:
                raise
            return error
        waiting = preparing + (await self._pools.view(pool)).waiting
        return queue_full() if waiting >= self._rules.max_queued_jobs else None

    def _draft(self, tenant: str, upload: Upload, request: JobRequest, identity: str) -> Manifest:
        return Manifest(
            job_id=new_id(),
            tenant=tenant,
            name=upload.name,
            digest=transcription_digest(tenant, upload.fingerprint, request.options, identity),
            transcription_id=new_id(),
            media_key=media_key(upload.upload_id),
            pool=self._pool(request.model),
            identity=identity,
            options=request.options.canonical(),
            fingerprint=upload.fingerprint,
            size_bytes=upload.size_bytes,
            estimated_s=estimated_s(upload.kind, upload.size_bytes, self._rules.max_audio_s),
            request_hash=request_hash(upload.fingerprint, request.options, request.further),
            submitted_at=utc_now(),
            model=request.model,
            external_id=request.external_id,
            metadata=None if request.metadata is None else dict(request.metadata),
            request_id=bound_request_id(),
            webhook_url=request.webhook_url,
            keep=self._rules.keeping.agreed(request.keep),
        )

    async def _attach(self, draft: Manifest, found: Found) -> Submitted:
        """Asks for a place on a run that is there; its media serve this job too."""
        of_found = {
            "transcription_id": found.transcription_id,
            "media_key": found.media_key,
            "cached": found.state is RunState.COMPLETED,
        }
        written = draft.model_copy(update=of_found)
        answer = await self._ask(written, await self._submission(draft, None))
        await self._settle(written, answer, own_media=None)
        return answer

    async def _start(self, draft: Manifest, upload: Upload) -> Submitted:
        """Asks for a run of its own; another one may still have come first."""
        await anyio.to_thread.run_sync(self._store.adopt_file, draft.media_key, upload.path)
        fail_at(Failpoint.API_AFTER_MEDIA)
        answer = await self._ask(draft, await self._submission(draft, draft.media_key))
        await self._settle(draft, answer, own_media=draft.media_key)
        return answer

    async def _ask(self, written: Manifest, submission: Submission) -> Submitted:
        """Manifest, then script. Where it is certain that there is no record nothing else stays either."""
        try:
            await self._manifests.write(written)
        except TransientError:
            await self._undo(written, submission.media_key)
            raise
        fail_at(Failpoint.API_AFTER_MANIFEST)
        try:
            answer = await self._ledger.do(op.submit(submission))
        except LedgerFullError:
            await self._undo(written, submission.media_key)
            raise
        fail_at(Failpoint.API_AFTER_SUBMIT)
        return answer

    async def _undo(self, written: Manifest, own_media: str | None) -> None:
        try:
            await self._manifests.drop(written)
            if own_media is not None:
                await anyio.to_thread.run_sync(self._store.delete, own_media)
        except TransientError as error:
            # An orphan; the housekeeper finds it.
            _log.warning("submission_not_tidied", job_id=written.job_id, error=error.code)

    async def _submission(self, draft: Manifest, media: str | None) -> Submission:
        return submission_of(draft, media, self._rules, await self._rules.quotas.of(draft.tenant))

    async def _settle(self, written: Manifest, answer: Submitted, own_media: str | None) -> None:
        """Makes the store agree with the answer. Manifests first: none may ever name media that are gone."""
        _count(answer.outcome)
        if answer.outcome is SubmitOutcome.LEDGER_LOST:
            # Nothing is deleted from a store whose ledger is lost; the rebuild will find the manifest and run the job.
            raise ledger_lost()
        if answer.outcome is SubmitOutcome.NEED_MEDIA:
            return
        is_refused, is_hit = answer.outcome in _REFUSALS, answer.outcome is SubmitOutcome.HIT
        try:
            if is_refused or answer.job_id != written.job_id:
                await self._manifests.drop(written)
            elif (answer.transcription_id, is_hit) != (written.transcription_id, written.cached):
                in_force = {
                    "transcription_id": answer.transcription_id,
                    "media_key": answer.media_key or written.media_key,
                    "cached": is_hit,
                }
                await self._manifests.write(written.model_copy(update=in_force))
            if own_media is not None and (is_refused or answer.transcription_id != written.transcription_id):
                await anyio.to_thread.run_sync(self._store.delete, own_media)
        except TransientError as error:
            # The ledger has decided. What stays in the store is consistent in itself, and an orphan at worst.
            _log.warning("submission_not_tidied", job_id=written.job_id, error=error.code)
        if is_refused:
            _refuse(answer.outcome, QuotaWish(await self._rules.quotas.of(written.tenant), written.estimated_s))

    async def _accepted(self, draft: Manifest, answer: Submitted, found: Found | None) -> Accepted:
        if answer.job_id != draft.job_id:
            # A replay: the first job may have gone any way by now.
            viewed = await self._ledger.do(op.view(answer.job_id, draft.tenant))
            return Accepted(answer.job_id, viewed.job.state if viewed.job else RunState.QUEUED, is_replay=True)
        if answer.outcome is SubmitOutcome.HIT:
            return Accepted(answer.job_id, RunState.COMPLETED)
        if found is not None and found.transcription_id == answer.transcription_id:
            return Accepted(answer.job_id, found.state)
        return Accepted(answer.job_id, RunState.QUEUED)


def _count(outcome: SubmitOutcome) -> None:
    if outcome is SubmitOutcome.NEED_MEDIA:
        return  # Asked again with the media at once.
    metrics.SUBMISSIONS.inc(outcome=outcome)
    match outcome:
        case SubmitOutcome.HIT:
            metrics.CACHE_HITS.inc(run="completed")
        case SubmitOutcome.JOINED:
            metrics.CACHE_HITS.inc(run="running")
        case SubmitOutcome.CREATED:
            metrics.CACHE_MISSES.inc()


def _refuse(outcome: SubmitOutcome, wish: QuotaWish) -> NoReturn:
    broken = quota_refusal(outcome, wish)
    if broken is not None:
        raise broken
    if outcome is SubmitOutcome.REFUSED_BACKLOG:
        raise queue_full()
    if outcome is SubmitOutcome.REFUSED_JOINS:
        raise too_many_joined()
    raise UsageError(ErrorCode.IDEMPOTENCY_CONFLICT, "this idempotency key belongs to another request", "use a new key")
