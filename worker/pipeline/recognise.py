"""Recognises one span with an engine, telling each segment as it comes; plain values in and out."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stenopool.errors import ErrorCode, FatalError, StenopoolError
from stenopool.transcripts.model import Segment
from stenopool.transcripts.options import Options
from worker.engines.base import Audio, Engine, Heard, Recognition, SpeechSpan

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SpanOutcome:
    """What became of a span. Times in seconds from the start of the media."""

    segments: tuple[Segment, ...]
    heard: Heard
    """Language, its probability and warnings; of no worth when ``stopped``."""
    processing_s: float
    """Wall-clock seconds from the call to the last segment."""
    stopped: bool
    """Whether ``should_stop`` ended it: the segments are not all."""


def recognise_span(  # noqa: PLR0913 - four say what is recognised, three who looks on; a bundle would hide that
    engine: Engine,
    audio: Audio,
    options: Options,
    speech: Sequence[SpeechSpan] | None,
    *,
    offset_s: float,
    on_segment: Callable[[Segment, float], None],
    should_stop: Callable[[], bool],
) -> SpanOutcome:
    """Runs ``engine`` over ``audio``, a span that begins ``offset_s`` seconds into the media.

    ``speech`` counts samples from the start of ``audio``; None means that all of it counts. ``on_segment`` is told
    each segment, its times shifted to the media, and the audio-seconds of the span done so far. ``should_stop`` is
    asked before the first segment and after each; what the callbacks raise goes through as it is.

    Raises:
        UsageError: the engine cannot do what the options ask.
        FatalError: ``out_of_memory``, or ``engine_failed`` for whatever else the engine raised.
    """
    started = time.monotonic()
    recognition = _guarded(lambda: engine.recognise(audio, options, speech))
    found: list[Segment] = []
    stopped = should_stop()
    if not stopped:
        for segment in _guarded_segments(recognition):
            found.append(shifted(segment, offset_s))
            on_segment(found[-1], segment.end)
            stopped = should_stop()
            if stopped:
                break
    return SpanOutcome(tuple(found), recognition.heard, time.monotonic() - started, stopped)


def shifted(segment: Segment, offset_s: float) -> Segment:
    """The segment ``offset_s`` seconds later, words too."""
    if not offset_s:
        return segment
    words = segment.words and tuple(
        word.model_copy(update={"start": word.start + offset_s, "end": word.end + offset_s}) for word in segment.words
    )
    return segment.model_copy(update={"start": segment.start + offset_s, "end": segment.end + offset_s, "words": words})


def _guarded_segments(recognition: Recognition) -> Iterator[Segment]:
    segments = _guarded(recognition.segments)
    while (segment := _guarded(lambda: next(segments, None))) is not None:
        yield segment


def _guarded(call: Callable[[], T]) -> T:
    """``call()``, whatever an engine may raise turned into our own families."""
    try:
        return call()
    except StenopoolError:
        raise
    except MemoryError:
        # From None: the chained traceback would keep the engine's frames, and with them the memory, alive.
        raise FatalError(ErrorCode.OUT_OF_MEMORY, "the engine ran out of memory") from None
    except Exception as error:
        raise FatalError(ErrorCode.ENGINE_FAILED, f"the engine failed with {type(error).__name__}") from error
