"""Reading: what became of a job, and its transcript."""

from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.details import Details, DetailsShelf
from api.services.estimates import eta_s
from api.services.manifests import Manifests
from api.services.pools import PoolWatch
from api.services.refusals import ledger_lost
from api.services.stored import open_stored
from stenopool.errors import ErrorCode, FatalError, StenopoolError, TransientError, UsageError
from stenopool.ids import is_id
from stenopool.ledger import operations as op
from stenopool.ledger.model import JobView, RunState, UnitKind
from stenopool.media.store import Store
from stenopool.queueing.names import PREPARE
from stenopool.reasons import Reason, reason
from stenopool.transcripts.model import Transcript
from stenopool.transcripts.reading import read_transcript

POLL_AFTER_S: Final = 1
"""Suggested seconds between two looks at a job that has not ended."""

_STAGES: Final = {
    UnitKind.PREPARE: "decoding the recording and finding speech",
    UnitKind.DETECT: "detecting the language",
    UnitKind.SPAN: "recognising speech",
    UnitKind.ASSEMBLE: "putting the transcript together",
}


class JobFailedError(UsageError):
    """The job failed; ``reason`` tells why."""

    def __init__(self, why: Reason) -> None:
        super().__init__(ErrorCode.JOB_FAILED, why.message, why.hint)
        self.reason = why


class NotFinishedError(UsageError):
    """The transcript is not there yet; worth asking again after ``retry_after_s`` seconds."""

    retry_after_s: Final = POLL_AFTER_S

    def __init__(self, state: RunState) -> None:
        super().__init__(
            ErrorCode.NOT_FINISHED, f"the job is {state}", "ask again later, or follow its status until it is completed"
        )


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as its client sees it."""

    job: JobView
    message: str
    """One sentence on where it stands."""
    progress: float
    """0..1, in audio-seconds; 1 only when completed."""
    details: Details | None = None
    """What its client said of it; None where the store does not tell."""
    eta_s: float | None = None
    """Seconds until it is done, an estimate; None where there is nothing to estimate by."""
    warnings: tuple[str, ...] = ()
    reason: Reason | None = None
    """Why it failed, for a failed job."""


class Lookup:
    """Answers about jobs; changes nothing."""

    def __init__(self, ledger: AnyLedger, store: Store, pools: PoolWatch) -> None:
        self._ledger = ledger
        self._store = store
        self._pools = pools
        self._details = DetailsShelf(Manifests(store))

    async def job(self, job_id: str, tenant: str) -> JobView:
        """The job's record. One Redis round trip.

        Raises:
            UsageError: ``unknown_job``, also for another tenant's and for what is no id at all.
            TransientError: ``ledger_lost`` while an unknown id may still come back, ``ledger_unavailable``.
        """
        if not is_id(job_id):
            raise unknown_job()
        viewed = await self._ledger.do(op.view(job_id, tenant))
        if viewed.job is not None:
            return viewed.job
        if viewed.ledger_lost:
            raise ledger_lost()
        raise unknown_job()

    async def status(self, job_id: str, tenant: str) -> JobStatus:
        """Where the job stands. One Redis round trip, now and then two. Raises as ``job``."""
        return await self.shown(await self.job(job_id, tenant))

    async def shown(self, job: JobView) -> JobStatus:
        """The record as its client sees it. Raises ``TransientError``: ``ledger_unavailable``."""
        why = reason(job.reason, job.detail) if job.state is RunState.FAILED else None
        return JobStatus(
            job=job,
            message=_message(job, why),
            progress=_progress(job),
            details=await self._details.of(job),
            eta_s=None if job.state.ended else eta_s(job, await self._pools.view(job.pool)),
            warnings=() if job.state.ended else await self._warnings(job),
            reason=why,
        )

    async def transcript(self, job_id: str, tenant: str) -> tuple[JobView, Transcript]:
        """The transcript of a completed job. Raises as ``completed`` and ``read``."""
        job, key = await self.completed(job_id, tenant)
        return job, await anyio.to_thread.run_sync(self.read, key)

    async def completed(self, job_id: str, tenant: str) -> tuple[JobView, str]:
        """A completed job, and the store key of its transcript.

        Raises:
            NotFinishedError: it has not ended.
            JobFailedError: it failed.
            UsageError: ``job_cancelled``, ``result_expired``, and as ``job``.
            TransientError: as ``job``.
        """
        job = await self.job(job_id, tenant)
        require_completed(job)
        if job.transcript_key is None:
            raise result_expired()
        return job, job.transcript_key

    def read(self, key: str) -> Transcript:
        """The transcript out of the store. Blocks.

        Raises:
            UsageError: ``result_expired``.
            TransientError: ``store_unavailable``, also when the store is not the one it should be.
            FatalError: ``internal_error`` when what is stored is no transcript.
        """
        with open_stored(self._store, key, result_expired()) as file:
            try:
                return read_transcript(file).whole()
            except (ValueError, OSError) as error:
                raise unreadable(error) from error

    async def _warnings(self, job: JobView) -> tuple[str, ...]:
        is_preparing = job.stage == UnitKind.PREPARE
        served = await self._pools.view(job.pool)
        warnings = []
        if not served.live_workers:
            warnings.append("no worker is serving this model at the moment")
        if is_preparing and not (await self._pools.view(PREPARE)).live_workers:
            warnings.append("no prepare worker is running at the moment")
        return tuple(warnings)


def require_completed(job: JobView) -> None:
    """Goes on for a completed job only.

    Raises:
        NotFinishedError: it has not ended.
        JobFailedError: it failed.
        UsageError: ``job_cancelled``.
    """
    if job.state is RunState.FAILED:
        raise JobFailedError(reason(job.reason, job.detail))
    if job.state is RunState.CANCELLED:
        raise UsageError(ErrorCode.JOB_CANCELLED, "the job was cancelled", "submit the recording again")
    if job.state is not RunState.COMPLETED:
        raise NotFinishedError(job.state)


def result_expired() -> UsageError:
    """The job completed, and its transcript is gone."""
    return UsageError(ErrorCode.RESULT_EXPIRED, "the transcript is not kept any more", "submit the recording again")


def unreadable(error: ValueError | OSError) -> StenopoolError:
    """What to say where a stored transcript is none, or cannot be read."""
    if isinstance(error, OSError):
        return TransientError(ErrorCode.STORE_UNAVAILABLE, "the transcript cannot be read just now")
    return FatalError(ErrorCode.INTERNAL_ERROR, "the stored transcript cannot be read")


def unknown_job() -> UsageError:
    """The same words for a job that never was, one of another tenant and one that is being deleted."""
    return UsageError(ErrorCode.UNKNOWN_JOB, "there is no such job", "check the id")


def _message(job: JobView, why: Reason | None) -> str:
    if why is not None:
        return why.message
    if job.state is RunState.COMPLETED:
        return "completed, answered from an earlier transcription" if job.cached else "completed"
    if job.state is RunState.CANCELLED:
        return "cancelled"
    if job.state is RunState.QUEUED or job.stage not in _STAGES:
        return "waiting for a worker"
    return _STAGES[UnitKind(job.stage)]


def _progress(job: JobView) -> float:
    if job.state is RunState.COMPLETED:
        return 1.0
    return share_done(job.done_s, job.audio_s)


def share_done(done_s: float, audio_s: float | None) -> float:
    """Progress of a job that has not completed, 0..0.99: pollers take 1 for the end."""
    if not audio_s:
        return 0.0
    return round(max(0.0, min(done_s / audio_s, 0.99)), 4)
