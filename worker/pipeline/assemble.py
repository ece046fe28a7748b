"""Merges the results of all spans into the transcript. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from stenopool.errors import ErrorCode, FatalError
from stenopool.transcripts.model import Segment, Transcript, Word
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE
from worker.pipeline.records import PlanRecord, SpanRecord

_UNSPACED: Final = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km", "bo"})
"""Languages written without spaces between words, where one between two segments would be wrong."""


def assemble(transcription_id: str, options: Options, plan: PlanRecord, spans: Sequence[SpanRecord]) -> Transcript:
    """The transcript of a run. Spans may come in any order.

    Segments come out ascending, within the audio and not overlapping; empty ones are left out. The language is the one
    of most recognised seconds, its probability the mean over those spans, weighted likewise.

    Raises:
        FatalError: ``internal_error`` when there is no span, or two spans were recognised by different models: such a
            transcript must never be found under either's digest.
    """
    if not spans:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "a transcript needs the result of at least one span")
    ordered = sorted(spans, key=lambda span: span.from_sample)
    if len({span.identity.canonical() for span in ordered}) > 1:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "the spans were recognised by different models")
    segments = _in_order((segment for span in ordered for segment in span.segments), plan.duration_s)
    language = _main_language(ordered)
    written_in = "en" if options.speech_task == "translate" else language
    return Transcript(
        transcription_id=transcription_id,
        text=("" if written_in in _UNSPACED else " ").join(segment.text for segment in segments),
        segments=segments,
        language=language,
        language_probability=_language_probability(ordered, language),
        duration=round(plan.duration_s, 3),
        speech_duration=round(plan.speech_s, 3),
        task=options.speech_task,
        identity=ordered[0].identity,
        options=options.model_dump(mode="json", by_alias=True),
        warnings=tuple(dict.fromkeys([*plan.warnings, *(text for span in ordered for text in span.warnings)])),
        processing_s=round(sum(span.processing_s for span in ordered), 3),
    )


def _in_order(segments: Iterable[Segment], duration_s: float) -> tuple[Segment, ...]:
    placed: list[Segment] = []
    floor_s = 0.0
    for segment in sorted(segments, key=lambda segment: (segment.start, segment.end)):
        text = segment.text.strip()
        if not text:
            continue
        start, end = _within(segment.start, segment.end, floor_s, duration_s)
        words = segment.words and _words_in_order(segment.words, start, end)
        placed.append(segment.model_copy(update={"start": start, "end": end, "text": text, "words": words}))
        floor_s = end
    return tuple(placed)


def _words_in_order(words: Sequence[Word], floor_s: float, ceiling_s: float) -> tuple[Word, ...]:
    placed: list[Word] = []
    for word in words:
        start, end = _within(word.start, word.end, floor_s, ceiling_s)
        placed.append(word.model_copy(update={"start": start, "end": end}))
        floor_s = end
    return tuple(placed)


def _within(start_s: float, end_s: float, floor_s: float, ceiling_s: float) -> tuple[float, float]:
    start = round(min(max(start_s, floor_s), ceiling_s), 3)
    return start, round(min(max(end_s, start), ceiling_s), 3)


def _recognised_s(span: SpanRecord) -> float:
    """Weight of a span's language. Never zero, so that a recording without speech has its language too."""
    heard_s = sum(segment.end - segment.start for segment in span.segments)
    return max(heard_s, (span.to_sample - span.from_sample) / SAMPLE_RATE * 1e-6, 1e-9)


def _main_language(spans: Sequence[SpanRecord]) -> str:
    weights: dict[str, float] = defaultdict(float)
    for span in spans:
        weights[span.language] += _recognised_s(span)
    return max(weights, key=lambda language: weights[language])


def _language_probability(spans: Sequence[SpanRecord], language: str) -> float | None:
    known = [
        (span.language_probability, _recognised_s(span))
        for span in spans
        if span.language == language and span.language_probability is not None
    ]
    if not known:
        return None
    mean = sum(probability * weight for probability, weight in known) / sum(weight for _, weight in known)
    return round(min(1.0, mean), 4)
