"""What goes over the wire: response models, described for the reader of the OpenAPI document."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.services.deletion import Removed
from api.services.health import Health
from api.services.listing import Page
from api.services.lookup import JobStatus
from api.services.submission import Accepted
from stenopool.clock import from_ms
from stenopool.durations import format_duration
from stenopool.ledger.model import JobView, RunState
from stenopool.reasons import Reason
from stenopool.transcripts.model import Segment, TranscriptFacts

JobId = Annotated[
    str, Field(description="Id of the job, 32 hex digits.", examples=["9f86d081884c7d659a2feaa0c55ad015"])
]


def is_none(value: object) -> bool:
    """Says which fields are left out of an answer: those that are absent, not null."""
    return value is None


def _ttl(milliseconds: int) -> str:
    return format_duration(timedelta(milliseconds=milliseconds))


class Body(BaseModel):
    """Base of all answers: what is not named here is not sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ReasonBody(Body):
    """Why a job failed."""

    code: str = Field(description="Stable code of the failure.", examples=["undecodable_media"])
    message: str = Field(description="One sentence for people.")
    hint: str = Field(description="What to do about it.")

    @classmethod
    def of(cls, why: Reason) -> Self:
        """From the service's answer."""
        return cls(code=why.code, message=why.message, hint=why.hint)


class ProblemFields(Body):
    """What every error has."""

    type: str = Field(description="Name of the kind of problem.", examples=["urn:stenopool:problem:unknown_job"])
    title: str = Field(description="The same few words for every problem of this kind.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What happened, for people.")
    code: str = Field(description="Stable code, for programs.", examples=["unknown_job"])
    hint: str = Field(description="What to change; may be empty.")
    instance: str = Field(description="Path of the request.")
    request_id: str | None = Field(None, description="As in the header X-Request-ID; the log has it too.")


class Problem(ProblemFields):
    """An error, as RFC 9457 has it, with a stable `code` to act upon."""

    error: ReasonBody | None = Field(None, description="With `job_failed`: why.")


class AcceptedBody(Body):
    """A recording was taken in."""

    job_id: JobId
    status: RunState = Field(description="`completed` at once when the same recording was transcribed before.")
    message: str = Field(description="One sentence for people.")

    @classmethod
    def of(cls, accepted: Accepted) -> Self:
        """From the service's answer."""
        if accepted.is_replay:
            return cls(job_id=accepted.job_id, status=accepted.state, message="this request was answered before")
        is_done = accepted.state is RunState.COMPLETED
        message = "answered from an earlier transcription" if is_done else "accepted; follow Location"
        return cls(job_id=accepted.job_id, status=accepted.state, message=message)


class StatusBody(Body):
    """Where a job stands."""

    job_id: JobId
    status: RunState
    message: str = Field(description="One sentence for people.")
    filename: str = Field(description="Name of the uploaded file, for display.")
    progress: float = Field(ge=0, le=1, description="Share of the audio that is done; 1 only when completed.")
    stage: str | None = Field(description="Work in hand: `prepare`, `detect`, `span`, `assemble`; null once ended.")
    position: int | None = Field(
        description="Place among your own waiting recordings, 1 is next; null when not waiting."
    )
    done_seconds: float = Field(description="Seconds of audio recognised so far.")
    eta_seconds: float | None = Field(
        description="An estimate of the seconds until it is done, out of the audio that waits and the speed of the last "
        "transcriptions; null while the recording's length or that speed is not known."
    )
    attempts: int = Field(description="Attempts spent on the part of the work that needed most.")
    cached: bool = Field(description="Whether an earlier transcription of the same recording answered it.")
    created_at: datetime
    started_at: datetime | None = Field(
        description="When work began; null before. A shared run may have begun earlier."
    )
    ended_at: datetime | None = Field(description="When the job ended; null before.")
    duration: float | None = Field(description="Length of the recording in seconds; null until it is decoded.")
    estimated_duration: float | None = Field(
        description="A guess at that length, from the size and kind of the file alone, rather short than long; null once "
        "`duration` is known, and where the store does not tell just now."
    )
    model: str | None = Field(description="Model that was asked for; null where the store does not tell just now.")
    options: dict[str, JsonValue] | None = Field(
        description="The options in force, defaults filled in; null where the store does not tell just now."
    )
    external_id: str | None = Field(description="Your own name for the job, as submitted.")
    metadata: dict[str, JsonValue] | None = Field(description="As submitted.")
    media_ttl: str | None = Field(
        description="How long after the job's end its recording is kept, as `24h`; longer if it failed. Null where the "
        "store does not tell just now."
    )
    result_ttl: str | None = Field(description="How long after the job's end its transcript is kept, as `30d`.")
    warnings: list[str] = Field(description="What keeps the job waiting, if anything.")
    error: ReasonBody | None = Field(None, description="Why the job failed; absent otherwise.", exclude_if=is_none)

    @classmethod
    def of(cls, status: JobStatus) -> Self:
        """From the service's answer."""
        job, details = status.job, status.details
        return cls(
            job_id=job.job_id,
            status=job.state,
            message=status.message,
            filename=details.name if details else job.name,
            progress=status.progress,
            stage=job.stage or None,
            position=job.position,
            done_seconds=job.done_s,
            eta_seconds=status.eta_s,
            attempts=job.attempt,
            cached=job.cached,
            created_at=from_ms(job.created_ms),
            started_at=None if job.started_ms is None else from_ms(job.started_ms),
            ended_at=None if job.ended_ms is None else from_ms(job.ended_ms),
            duration=job.audio_s,
            estimated_duration=details.estimated_s if details and job.audio_s is None else None,
            model=details.model if details else None,
            options=dict(details.options) if details else None,
            external_id=details.external_id if details else None,
            metadata=dict(details.metadata) if details and details.metadata is not None else None,
            media_ttl=_ttl(details.keep.media_ms) if details else None,
            result_ttl=_ttl(details.keep.result_ms) if details else None,
            warnings=list(status.warnings),
            error=ReasonBody.of(status.reason) if status.reason else None,
        )


class ListBody(Body):
    """One page of your jobs, newest first."""

    data: list[StatusBody] = Field(description="As the status of each; may be shorter than `limit`, even empty.")
    has_more: bool = Field(description="Whether there is a next page.")
    next: str | None = Field(description="Send it as `after` for the next page; null on the last.")

    @classmethod
    def of(cls, page: Page) -> Self:
        """From the service's answer."""
        return cls(data=[StatusBody.of(status) for status in page.jobs], has_more=page.next is not None, next=page.next)


class WordBody(Body):
    """A word."""

    start: float = Field(description="Seconds from the start of the recording.")
    end: float = Field(description="Seconds from the start of the recording.")
    word: str
    probability: float | None = Field(description="The model's probability, 0..1; null where it gives none.")


class SegmentBody(Body):
    """A stretch of speech."""

    start: float = Field(description="Seconds from the start of the recording.")
    end: float = Field(description="Seconds from the start of the recording.")
    text: str
    confidence: float | None = Field(
        description="0..1: mean word probability, else exp of the mean log-probability; null where unknown."
    )
    words: list[WordBody] | None = Field(
        None, description="With `word_timestamps=true`; absent otherwise.", exclude_if=is_none
    )

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """From the stored transcript."""
        words = segment.words and [
            WordBody(start=word.start, end=word.end, word=word.word, probability=word.probability)
            for word in segment.words
        ]
        return cls(
            start=segment.start,
            end=segment.end,
            text=segment.text,
            confidence=segment.confidence,
            words=None if segment.words is None else words or [],
        )


class ResultBody(Body):
    """The transcript of a completed job."""

    job_id: JobId
    status: RunState = Field(description="Always `completed`.")
    text: str = Field(description="All that was said.")
    segments: list[SegmentBody] = Field(description="Ascending, not overlapping.")
    language: str = Field(description="Language code, given or detected.", examples=["en"])
    language_probability: float | None = Field(description="0..1; null where the language was given or is not known.")
    duration: float = Field(description="Length of the recording in seconds.")
    speech_duration: float = Field(description="Seconds of it that were speech.")
    task: str = Field(description="`transcribe` or `translate`.")
    engine: str = Field(description="Engine that recognised it.", examples=["faster-whisper"])
    model: str = Field(description="Model it used.", examples=["base"])
    revision: str = Field(description="Revision of the model's weights.")
    options: dict[str, object] = Field(description="The options in force, defaults filled in.")
    warnings: list[str] = Field(description="What the engine ignored or could not do.")
    processing_seconds: float = Field(description="Seconds the engine worked.")
    cached: bool = Field(description="Whether an earlier transcription of the same recording answered the job.")

    @classmethod
    def of(cls, job: JobView, transcript: TranscriptFacts) -> Self:
        """From the stored transcript, without its segments (``api.result_json`` writes them one by one)."""
        return cls(
            job_id=job.job_id,
            status=job.state,
            text=transcript.text,
            segments=[],
            language=transcript.language,
            language_probability=transcript.language_probability,
            duration=transcript.duration,
            speech_duration=transcript.speech_duration,
            task=transcript.task,
            engine=transcript.identity.engine,
            model=transcript.identity.model,
            revision=transcript.identity.revision,
            options=transcript.options,
            warnings=list(transcript.warnings),
            processing_seconds=transcript.processing_s,
            cached=job.cached,
        )


class RemovedBody(Body):
    """A job was cancelled or deleted."""

    job_id: JobId
    status: Removed = Field(description="`cancelled` for a job that had not ended, else `deleted`.")
    message: str = Field(description="One sentence for people.")


class CheckBody(Body):
    """One part of the platform."""

    status: str = Field(description="`healthy`, `degraded` or `unhealthy`.")
    detail: str


class HealthBody(Body):
    """The platform's health; as bad as its worst part."""

    status: str = Field(description="`healthy`, `degraded` (it works, with a drawback) or `unhealthy`.")
    checks: dict[str, CheckBody]
    engine: str = Field(description="Engine asked of the workers.")
    model: str = Field(description="Model asked of the workers.")
    revision: str | None = Field(description="Revision of the weights that workers registered; null before any did.")
    workers: dict[str, int] = Field(description="Live workers: `prepare` and `recognise`.")
    waiting: int = Field(description="Units of work waiting.")
    waiting_seconds: float = Field(description="Seconds of audio waiting, as far as known.")
    version: str

    @classmethod
    def of(cls, health: Health, version: str) -> Self:
        """From the service's answer."""
        return cls(
            status=health.grade,
            checks={name: CheckBody(status=check.grade, detail=check.detail) for name, check in health.checks.items()},
            engine=health.engine,
            model=health.model,
            revision=health.revision,
            workers=dict(health.workers),
            waiting=health.waiting,
            waiting_seconds=health.waiting_s,
            version=version,
        )


class ProbeBody(Body):
    """A probe's answer."""

    status: str
