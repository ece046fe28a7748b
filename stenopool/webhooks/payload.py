"""What a webhook is told: how a job ended, under the names that its status has. Pure.

No word of the transcript: whoever reads along at the receiver, or in its logs, learns that a job ended, not what was
said. The result is a link, and asks for a key.
"""

import json
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stenopool.clock import from_ms
from stenopool.ledger.outbox import DueDelivery
from stenopool.ledger.states import RunState
from stenopool.media.manifest import Manifest
from stenopool.reasons import reason


def event_type(event: RunState) -> str:
    """The event's name for receivers: ``job.completed``, ``job.failed``, ``job.cancelled``."""
    return f"job.{event}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorPart(_Part):
    """Why the job failed."""

    code: str
    message: str
    hint: str


class JobPart(_Part):
    """The job, as its status shows it."""

    job_id: str
    status: RunState
    filename: str
    cached: bool
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime
    duration: float | None
    model: str | None
    options: dict[str, JsonValue]
    external_id: str | None
    metadata: dict[str, JsonValue] | None
    result: str | None
    """Where the transcript is read, of a completed job."""
    error: ErrorPart | None
    """Of a failed job."""


class EventBody(_Part):
    """The body of a webhook, as Standard Webhooks shapes it."""

    type: str = Field(examples=["job.completed"])
    timestamp: datetime
    """When the job ended."""
    data: JobPart

    @classmethod
    def of(cls, delivery: DueDelivery, manifest: Manifest, public_url: str) -> Self:
        """The event as it is told; the same for every try. ``public_url`` begins its link, empty for a bare path."""
        job, event = delivery.job, delivery.event
        why = reason(job.reason, job.detail) if event is RunState.FAILED else None
        return cls(
            type=event_type(event),
            timestamp=from_ms(delivery.at_ms),
            data=JobPart(
                job_id=job.job_id,
                status=event,
                filename=manifest.name,
                cached=job.cached,
                attempts=job.attempt,
                created_at=from_ms(job.created_ms),
                started_at=None if job.started_ms is None else from_ms(job.started_ms),
                ended_at=from_ms(delivery.at_ms),
                duration=job.audio_s,
                model=manifest.model,
                options=json.loads(manifest.options),
                external_id=manifest.external_id,
                metadata=manifest.metadata,
                result=f"{public_url}/jobs/{job.job_id}/result" if event is RunState.COMPLETED else None,
                error=None if why is None else ErrorPart(code=why.code, message=why.message, hint=why.hint),
            ),
        )

    def to_text(self) -> str:
        """The body as it is sent and signed."""
        return self.model_dump_json()
