"""What the API answers, as frozen values. Names are those on the wire; ``docs/openapi.json`` says what each field means.

Fields that a newer server adds are passed over. Times are aware, in UTC; numbers carry their unit in their name or are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

JobState = Literal["queued", "processing", "completed", "failed", "cancelled"]
"""States of a job. The last three never change."""

ENDED: Final[frozenset[str]] = frozenset({"completed", "failed", "cancelled"})
"""States that never change."""

ResultFormat = Literal["text", "srt", "vtt", "tsv", "json"]
"""Forms that a transcript is told in."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that was taken in."""

    job_id: str
    status: JobState
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job failed: a stable code, a sentence, and what to do."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job stands."""

    job_id: str
    status: JobState
    message: str
    filename: str
    progress: float
    stage: str | None
    position: int | None
    done_seconds: float
    eta_seconds: float | None
    attempts: int
    cached: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration: float | None
    estimated_duration: float | None
    model: str | None
    options: Mapping[str, object] | None
    external_id: str | None
    metadata: Mapping[str, object] | None
    media_ttl: str | None
    result_ttl: str | None
    warnings: tuple[str, ...]
    error: Reason | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing about it changes any more."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of the list of jobs; ``next`` leads to the page after it."""

    data: tuple[JobStatus, ...]
    has_more: bool
    next: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """One word, with its times in seconds."""

    start: float
    end: float
    word: str
    probability: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech; ``words`` where they were asked for."""

    start: float
    end: float
    text: str
    confidence: float | None
    words: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The transcript of a completed job."""

    job_id: str
    status: JobState
    text: str
    segments: tuple[Segment, ...]
    language: str
    language_probability: float | None
    duration: float
    speech_duration: float
    task: str
    engine: str
    model: str
    revision: str
    options: Mapping[str, object]
    warnings: tuple[str, ...]
    processing_seconds: float
    cached: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """What a deletion did: ``cancelled`` where the job had not ended, else ``deleted``."""

    job_id: str
    status: Literal["cancelled", "deleted"]
    message: str


@dataclass(frozen=True, slots=True)
class MediaLink:
    """An address that plays one recording without a key, relative to the API's own, and when it ends."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Peaks:
    """The outline of a recording: least and greatest sample of each pixel in turn, -128..127."""

    version: int
    channels: int
    sample_rate: int
    samples_per_pixel: int
    bits: int
    length: int
    data: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WebhookTry:
    """One try to deliver."""

    at: datetime
    status_code: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One message to a webhook, with its tries."""

    id: str
    type: str
    state: Literal["pending", "delivered", "given_up"]
    created_at: datetime
    next_try_at: datetime | None
    tries: tuple[WebhookTry, ...]


@dataclass(frozen=True, slots=True)
class WebhookLog:
    """What the webhook of a job was told."""

    job_id: str
    url: str | None
    deliveries: tuple[WebhookDelivery, ...]


@dataclass(frozen=True, slots=True)
class UsageCounts:
    """What was done in a time."""

    jobs: int
    cache_hits: int
    joined: int
    failed: int
    bytes: int
    audio_seconds: float


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What was done on a day (UTC); ``final`` once it is over."""

    jobs: int
    cache_hits: int
    joined: int
    failed: int
    bytes: int
    audio_seconds: float
    date: date
    final: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What was done, day by day and in all."""

    group: str
    data: tuple[UsageDay, ...]
    total: UsageCounts


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the platform's health."""

    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Health:
    """The platform's health."""

    status: Literal["healthy", "degraded", "unhealthy"]
    checks: Mapping[str, Check]
    engine: str
    model: str
    revision: str | None
    workers: Mapping[str, int]
    waiting: int
    waiting_seconds: float
    version: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the operator runs; ``id`` is its name in a submission."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "stenopool"
