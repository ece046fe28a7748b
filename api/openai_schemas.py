"""What the OpenAI-compatible door sends: the shapes that the official clients read."""

import math
import zlib
from typing import Literal, Self

from pydantic import Field

from api.schemas import Body, ProblemFields, is_none
from api.services.openai.audio_call import Granularity
from api.services.openai.languages import language_name
from stenopool.transcripts.model import Segment, Transcript


class OpenAiError(Body):
    """An error as the official clients read it into their exceptions."""

    message: str = Field(description="What happened and what to change, for people.")
    type: str = Field(description="Family of the error.", examples=["invalid_request_error"])
    param: str | None = Field(description="Field at fault, as it was sent; null where none is.")
    code: str = Field(description="Stable code, for programs.", examples=["model_not_found"])


class OpenAiProblem(ProblemFields):
    """An error in both shapes: a problem of RFC 9457, and `error` for the official clients."""

    error: OpenAiError


class UsageBody(Body):
    """What was worked on."""

    type: Literal["duration"] = "duration"
    seconds: float = Field(description="Length of the recording in seconds.")


class TranscriptionBody(Body):
    """`response_format=json`."""

    text: str
    usage: UsageBody

    @classmethod
    def of(cls, transcript: Transcript) -> Self:
        """From the stored transcript."""
        return cls(text=transcript.text, usage=UsageBody(seconds=transcript.duration))


class VerboseWord(Body):
    """A word, times in seconds."""

    word: str
    start: float
    end: float


class VerboseSegment(Body):
    """A segment, times in seconds; the clients' types require all of these."""

    id: int
    seek: int = Field(description="Always 0: not known here.")
    start: float
    end: float
    text: str
    tokens: list[int] = Field(description="Always empty: not known here.")
    temperature: float = Field(description="As asked; fallbacks to higher ones are not told.")
    avg_logprob: float = Field(description="Natural logarithm of our `confidence`; 0 where that is not known.")
    compression_ratio: float = Field(description="Of the text by zlib, as Whisper counts it.")
    no_speech_prob: float = Field(description="Always 0: not known here.")

    @classmethod
    def of(cls, number: int, segment: Segment, temperature: float) -> Self:
        """From the stored transcript; ``number`` counts from 0."""
        return cls(
            id=number,
            seek=0,
            start=segment.start,
            end=segment.end,
            text=segment.text,
            tokens=[],
            temperature=temperature,
            avg_logprob=math.log(segment.confidence) if segment.confidence else 0.0,
            compression_ratio=_compression_ratio(segment.text),
            no_speech_prob=0.0,
        )


class VerboseBody(Body):
    """`response_format=verbose_json`."""

    task: str = Field(description="`transcribe` or `translate`.")
    language: str = Field(description="English name of the text's language.", examples=["english"])
    duration: float = Field(description="Length of the recording in seconds.")
    text: str
    segments: list[VerboseSegment] | None = Field(
        description="With the granularity `segment`, which is the default; absent otherwise.", exclude_if=is_none
    )
    words: list[VerboseWord] | None = Field(
        description="With the granularity `word`; absent otherwise.", exclude_if=is_none
    )
    usage: UsageBody

    @classmethod
    def of(cls, transcript: Transcript, granularities: frozenset[Granularity]) -> Self:
        """From the stored transcript."""
        is_translated = transcript.task == "translate"
        return cls(
            task=transcript.task,
            language="english" if is_translated else language_name(transcript.language),
            duration=transcript.duration,
            text=transcript.text,
            segments=_segments(transcript) if Granularity.SEGMENT in granularities else None,
            words=_words(transcript) if Granularity.WORD in granularities else None,
            usage=UsageBody(seconds=transcript.duration),
        )


class DeltaEvent(Body):
    """More text; all deltas of a stream make the text."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str


class DoneEvent(Body):
    """The last event: the whole text."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str


class ModelBody(Body):
    """A model that may be asked for."""

    id: str = Field(examples=["whisper-1"])
    object: Literal["model"] = "model"
    created: int = Field(0, description="Always 0: not known here.")
    owned_by: str = "stenopool"


class ModelListBody(Body):
    """All models that may be asked for."""

    object: Literal["list"] = "list"
    data: list[ModelBody]


def _segments(transcript: Transcript) -> list[VerboseSegment]:
    asked = transcript.options.get("temperature")
    temperature = float(asked) if isinstance(asked, int | float) else 0.0
    return [VerboseSegment.of(number, segment, temperature) for number, segment in enumerate(transcript.segments)]


def _words(transcript: Transcript) -> list[VerboseWord]:
    # OpenAI's words have no space in front, Whisper's own do.
    return [
        VerboseWord(word=word.word.strip(), start=word.start, end=word.end)
        for segment in transcript.segments
        for word in segment.words or ()
    ]


def _compression_ratio(text: str) -> float:
    """As openai/whisper has it (whisper/utils.py, ``compression_ratio``)."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw))
