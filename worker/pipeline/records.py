"""What the stages leave in the store for one another: the plan of a recording and the result of each span.

Times are seconds from the start of the media, samples count from there too, 16,000 to the second.
"""

from typing import Final

from pydantic import Field

from stenopool.transcripts.model import EngineIdentity, Record, Segment
from worker.engines.base import SAMPLE_RATE, SpeechSpan
from worker.pipeline.decode import DecodedMedia

RECORD_VERSION: Final = 1
"""``v`` of both records."""


class Stretch(Record):
    """Samples ``from_sample`` up to, not including, ``to_sample``."""

    from_sample: int = Field(ge=0)
    to_sample: int = Field(ge=0)


class PlanRecord(Record):
    """What ``prepare`` found in the media; stands at ``plan_key``."""

    v: int = RECORD_VERSION
    n_samples: int = Field(ge=0)
    container: str
    codec: str
    source_sample_rate: int
    source_channels: int
    speech: tuple[Stretch, ...]
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Decoded length of the media in seconds."""
        return self.n_samples / SAMPLE_RATE

    @property
    def speech_s(self) -> float:
        """Seconds of speech."""
        return sum(stretch.to_sample - stretch.from_sample for stretch in self.speech) / SAMPLE_RATE

    def speech_within(self, from_sample: int, to_sample: int) -> tuple[SpeechSpan, ...]:
        """Speech of one span, in samples from the span's own start, cut to its length."""
        return tuple(
            SpeechSpan(
                max(stretch.from_sample, from_sample) - from_sample, min(stretch.to_sample, to_sample) - from_sample
            )
            for stretch in self.speech
            if stretch.to_sample > from_sample and stretch.from_sample < to_sample
        )

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json().encode()


class SpanRecord(Record):
    """What an engine heard in one span; stands at ``span_key``."""

    v: int = RECORD_VERSION
    unit_id: str
    from_sample: int = Field(ge=0)
    to_sample: int = Field(ge=0)
    segments: tuple[Segment, ...]
    language: str
    language_probability: float | None = Field(None, ge=0, le=1)
    warnings: tuple[str, ...] = ()
    identity: EngineIdentity
    processing_s: float = Field(ge=0)
    """Wall-clock seconds the engine worked."""

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json().encode()


def make_plan_record(media: DecodedMedia, speech: tuple[SpeechSpan, ...]) -> PlanRecord:
    """The record of a decoded recording and the speech found in it."""
    return PlanRecord(
        n_samples=media.n_samples,
        container=media.container,
        codec=media.codec,
        source_sample_rate=media.sample_rate,
        source_channels=media.channels,
        speech=tuple(Stretch(from_sample=span.from_sample, to_sample=span.to_sample) for span in speech),
        warnings=media.warnings,
    )


def read_plan(body: bytes) -> PlanRecord:
    """A plan back from the store. Raises ``pydantic.ValidationError`` when it is not one."""
    return PlanRecord.model_validate_json(body)


def read_span(body: bytes) -> SpanRecord:
    """A span's result back from the store. Raises ``pydantic.ValidationError`` when it is not one."""
    return SpanRecord.model_validate_json(body)
