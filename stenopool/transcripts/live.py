"""A segment as listeners are told it, while a run works and after it: without words, which stand in the transcript. Pure."""

from typing import Self

from pydantic import Field

from stenopool.transcripts.model import Record, Segment


class LiveSegment(Record):
    """Text with its times, seconds from the start of the media."""

    start: float
    end: float
    text: str
    confidence: float | None = Field(None, ge=0, le=1)

    @classmethod
    def of(cls, segment: Segment) -> Self | None:
        """What is told of a segment; None of one without text, which no transcript has either."""
        text = segment.text.strip()
        if not text:
            return None
        confidence = None if segment.confidence is None else round(segment.confidence, 3)
        return cls(start=round(segment.start, 3), end=round(segment.end, 3), text=text, confidence=confidence)

    def to_json(self) -> str:
        """The segment as it stands in the ledger and in events."""
        return self.model_dump_json(exclude_none=True)
