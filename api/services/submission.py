"""Submission: a received recording becomes a job. Media, then manifest, then one script; only then is it accepted.

The order is what makes a crash harmless (docs/explanation/ledger.md, rules 1, 3 and 19): a manifest without a record
means "create it", media without either is an orphan, and a record never stands without its manifest.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.manifests import Manifests
from api.services.pools import PoolWatch
from api.services.uploads import Upload
from stenopool.clock import to_ms, utc_now
from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.model import Found, RunState, Submission, SubmitOutcome, Submitted
from stenopool.logs import get_logger
from stenopool.media.manifest import Manifest
from stenopool.media.store import Store, media_key, work_key
from stenopool.queueing.names import PREPARE
from stenopool.transcripts.digest import request_hash, transcription_digest
from stenopool.transcripts.options import Options, parse_options

_log = get_logger(__name__)

_REFUSALS: Final = (
    SubmitOutcome.IDEMPOTENCY_CONFLICT,
    SubmitOutcome.REFUSED_JOINS,
    SubmitOutcome.REFUSED_BACKLOG,
)
"""The ledger took nothing, for certain: what was written for the job may go."""


@dataclass(frozen=True, slots=True)
class SubmissionRules:
    """What the operator set."""

    pool: str
    """Pool of the model that is asked."""
    max_queued_jobs: int
    max_jobs_per_transcription: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that was taken in. ``state`` is completed at once when a finished transcription answers it."""

    job_id: str
    state: RunState


class Submissions:
    """Takes recordings in."""

    def __init__(self, ledger: AnyLedger, store: Store, pools: PoolWatch, rules: SubmissionRules) -> None:
        self._ledger = ledger
        self._store = store
        self._manifests = Manifests(store)
        self._pools = pools
        self._rules = rules

    async def require_open(self) -> None:
        """Refuses before a byte of the body is read what would be refused after the last.

        Raises:
            TransientError: ``ledger_unavailable``, ``no_worker_for_model`` or ``queue_full``.
        """
        await self._pools.identity(self._rules.pool)
        waiting = [(await self._pools.view(pool)).waiting for pool in (PREPARE, self._rules.pool)]
        if sum(waiting) >= self._rules.max_queued_jobs:
            raise _queue_full()

    async def submit(self, tenant: str, upload: Upload) -> Accepted:
        """Makes the upload a job of ``tenant``.

        Whoever answers to a digest already is joined without storing the media again. When the ledger does not
        answer, nothing is deleted: the script may still run, and then the job has all it needs.

        Raises:
            UsageError: a wrong or unknown option, or too many jobs wait for the same transcription.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``, ``disk_full``,
                ``no_worker_for_model`` or ``queue_full``.
        """
        options = parse_options(single_fields(upload.fields))
        identity = await self._pools.identity(self._rules.pool)
        draft = self._draft(tenant, upload, options, identity)
        found = await self._ledger.do(op.find(draft.digest))
        if found is not None:
            answer = await self._attach(draft, found)
            if answer.outcome is not SubmitOutcome.NEED_MEDIA:
                return _accepted(answer, found)
        return _accepted(await self._start(draft, upload), found)

    def _draft(self, tenant: str, upload: Upload, options: Options, identity: str) -> Manifest:
        return Manifest(
            job_id=new_id(),
            tenant=tenant,
            name=upload.name,
            digest=transcription_digest(tenant, upload.fingerprint, options, identity),
            transcription_id=new_id(),
            media_key=media_key(upload.upload_id),
            pool=self._rules.pool,
            identity=identity,
            options=options.canonical(),
            fingerprint=upload.fingerprint,
            size_bytes=upload.size_bytes,
            request_hash=request_hash(upload.fingerprint, options),
            submitted_at=utc_now(),
        )

    async def _attach(self, draft: Manifest, found: Found) -> Submitted:
        """Asks for a place on a run that is there; its media serve this job too."""
        of_found = {
            "transcription_id": found.transcription_id,
            "media_key": found.media_key,
            "cached": found.state is RunState.COMPLETED,
        }
        written = draft.model_copy(update=of_found)
        await self._manifests.write(written)
        answer = await self._ledger.do(op.submit(self._submission(draft, media=None)))
        await self._settle(written, answer, own_media=None)
        return answer

    async def _start(self, draft: Manifest, upload: Upload) -> Submitted:
        """Asks for a run of its own; another one may still have come first."""
        await anyio.to_thread.run_sync(self._store.adopt_file, draft.media_key, upload.path)
        await self._manifests.write(draft)
        answer = await self._ledger.do(op.submit(self._submission(draft, media=draft.media_key)))
        await self._settle(draft, answer, own_media=draft.media_key)
        return answer

    def _submission(self, draft: Manifest, media: str | None) -> Submission:
        return Submission(
            job_id=draft.job_id,
            transcription_id=draft.transcription_id,
            tenant=draft.tenant,
            name=draft.name,
            digest=draft.digest,
            pool=draft.pool,
            identity=draft.identity,
            options=draft.options,
            request_hash=draft.request_hash,
            media_key=media,
            work_key=work_key(draft.transcription_id),
            lane=draft.lane,
            submitted_ms=to_ms(draft.submitted_at),
            max_jobs_per_run=self._rules.max_jobs_per_transcription,
            max_waiting=self._rules.max_queued_jobs,
        )

    async def _settle(self, written: Manifest, answer: Submitted, own_media: str | None) -> None:
        """Makes the store agree with the answer. Manifests first: none may ever name media that are gone."""
        if answer.outcome is SubmitOutcome.LEDGER_LOST:
            # Nothing is deleted from a store whose ledger is lost; the rebuild will find the manifest and run the job.
            raise TransientError(
                ErrorCode.LEDGER_LOST, "the ledger is being rebuilt", "try again in a minute", retry_after_s=30
            )
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
            _refuse(answer.outcome)


def single_fields(fields: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Form fields by name.

    Raises:
        UsageError: ``invalid_option`` for a field that was given twice.
    """
    values: dict[str, str] = {}
    for name, value in fields:
        if name in values:
            raise UsageError(ErrorCode.INVALID_OPTION, f"the field {name[:40]!r} was given twice", "send it once")
        values[name] = value
    return values


def _accepted(answer: Submitted, found: Found | None) -> Accepted:
    if answer.outcome is SubmitOutcome.HIT:
        return Accepted(answer.job_id, RunState.COMPLETED)
    if found is not None and found.transcription_id == answer.transcription_id:
        return Accepted(answer.job_id, found.state)
    return Accepted(answer.job_id, RunState.QUEUED)


def _refuse(outcome: SubmitOutcome) -> NoReturn:
    if outcome is SubmitOutcome.REFUSED_BACKLOG:
        raise _queue_full()
    if outcome is SubmitOutcome.REFUSED_JOINS:
        raise TransientError(
            ErrorCode.TOO_MANY_JOINED,
            "too many jobs already wait for this very transcription",
            "wait for one of them: the result is the same",
            retry_after_s=30,
        )
    raise UsageError(ErrorCode.IDEMPOTENCY_CONFLICT, "this idempotency key belongs to another request", "use a new key")


def _queue_full() -> TransientError:
    return TransientError(ErrorCode.QUEUE_FULL, "too many recordings are waiting", "try again later", retry_after_s=30)
