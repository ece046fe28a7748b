"""What a listener is told. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from stenopool.ledger.model import JobView


class EventName(StrEnum):
    """Kinds of events, by the names they have on the wire."""

    QUEUED = "queued"
    PROCESSING = "processing"
    PROGRESS = "progress"
    SEGMENT = "segment"
    SPAN_RESTARTED = "span_restarted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a job. ``place`` is where a listener goes on that has heard it; None: where it was."""

    name: EventName
    place: str | None = None
    job: JobView | None = None
    """Of a state or progress: the job as it is."""
    segment: str | None = None
    """Of a segment: its JSON."""
    span: int | None = None
    """Of a segment or restart: which span of the recording; None where that does not matter any more, all."""
