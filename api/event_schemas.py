"""What goes over the wire in events. States and progress carry the job's status, ``api.schemas.StatusBody``."""

from typing import Self

from pydantic import Field

from api.schemas import Body, JobId, ReasonBody, is_none
from api.services.lookup import share_done
from stenopool.ledger.events import Change, TenantText


class SpanRestartedBody(Body):
    """What you were shown of a span counts no more, its text follows anew: the data of ``span_restarted``."""

    job_id: JobId
    span: int | None = Field(description="Which span; null: all of the recording's text.")


class JobChangeBody(Body):
    """One of your jobs is in another state: the data of `queued`, `processing`, … in the stream of all jobs."""

    job_id: JobId
    status: Change
    error: ReasonBody | None = Field(None, description="Why it failed; absent otherwise.", exclude_if=is_none)


class JobsProgressBody(Body):
    """How far jobs are that share a transcription: the data of `progress` in the stream of all jobs."""

    job_ids: list[JobId]
    progress: float = Field(ge=0, le=1)
    done_seconds: float = Field(description="Seconds of audio recognised so far.")
    duration: float | None = Field(description="Length of the recording in seconds.")

    @classmethod
    def of(cls, text: TenantText) -> Self:
        """From the ledger's answer."""
        return cls(
            job_ids=list(text.job_ids),
            progress=share_done(text.done_s, text.audio_s),
            done_seconds=text.done_s,
            duration=text.audio_s,
        )
