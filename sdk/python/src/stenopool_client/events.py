"""What a stream of events tells; ``docs/reference/events.md`` says when each comes."""

from dataclasses import dataclass
from typing import Literal

from stenopool_client.models import ENDED, JobState, JobStatus, Reason, Segment


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One job's status: at the beginning, with progress, at its end."""

    event: Literal["queued", "processing", "progress", "completed", "failed", "cancelled"]
    status: JobStatus
    id: str | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self.event in ENDED


@dataclass(frozen=True, slots=True)
class SegmentEvent:
    """Text that was just recognised, for each of these jobs."""

    job_ids: tuple[str, ...]
    span: int
    segment: Segment
    id: str | None = None


@dataclass(frozen=True, slots=True)
class SpanRestartedEvent:
    """Forget the segments of this span, all of them where it is None: they follow anew."""

    job_ids: tuple[str, ...]
    span: int | None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class JobStateEvent:
    """In the stream of all jobs: one came into this state."""

    job_id: str
    status: JobState | Literal["deleted"]
    error: Reason | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """In the stream of all jobs: how far a transcription is."""

    job_ids: tuple[str, ...]
    progress: float
    done_seconds: float
    duration: float | None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ReloadEvent:
    """In the stream of all jobs: changes may have been missed, so load the list again."""

    id: str | None = None


JobEvent = StatusEvent | SegmentEvent | SpanRestartedEvent
"""What the stream of one job tells."""

AnyEvent = JobStateEvent | SegmentEvent | SpanRestartedEvent | ProgressEvent | ReloadEvent
"""What the stream of all jobs tells."""
