"""The transcript: the result of the work. Times are seconds from the start of the media."""

import json
from collections.abc import Iterable
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

PIPELINE_VERSION: Final = "1"
"""Part of the engine identity: raised when the same audio and options may give another transcript."""


class Record(BaseModel):
    """Base of what is stored and shown: frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(Record):
    """One word with its times in seconds and the model's probability, 0..1."""

    start: float
    end: float
    word: str
    probability: float | None = Field(None, ge=0, le=1)


class Segment(Record):
    """A stretch of speech. ``confidence`` 0..1: mean word probability, else exp of the mean log-probability."""

    start: float
    end: float
    text: str
    confidence: float | None = Field(None, ge=0, le=1)
    words: tuple[Word, ...] | None = None
    speaker: str | None = None


class EngineIdentity(Record):
    """What ran: part of the digest, so that another model never answers for this one."""

    engine: str
    model: str
    revision: str
    """Hub revision, or the first 16 hex digits of the SHA-256 of the weights."""
    compute_type: str
    pipeline: str = PIPELINE_VERSION

    def canonical(self) -> str:
        """The identity as JSON with sorted keys, the form that is compared and hashed."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))


class TranscriptFacts(Record):
    """What a transcript says but its segments. ``duration`` is the decoded length of the media in seconds."""

    v: int = 1
    transcription_id: str
    text: str
    language: str
    language_probability: float | None = Field(None, ge=0, le=1)
    duration: float = Field(ge=0)
    speech_duration: float = Field(ge=0)
    task: str
    identity: EngineIdentity
    options: dict[str, object]
    warnings: tuple[str, ...] = ()
    processing_s: float = Field(ge=0)
    """Wall-clock seconds the engine worked."""


class Heard(Protocol):
    """What formats are made of: a transcript, or one whose segments are still being read and come once."""

    @property
    def segments(self) -> Iterable[Segment]:
        """Ascending, not overlapping."""
        ...

    @property
    def language(self) -> str:
        """The one that was spoken."""
        ...

    @property
    def duration(self) -> float:
        """Of the media, seconds."""
        ...

    @property
    def task(self) -> str:
        """``transcribe`` or ``translate``."""
        ...


class Transcript(TranscriptFacts):
    """All that was heard. As JSON the segments stand last: whoever reads them one by one knows all else by then."""

    segments: tuple[Segment, ...]
