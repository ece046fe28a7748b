"""The transcript that comes of plan and spans."""

import pytest

from stenopool.errors import FatalError
from stenopool.transcripts.model import EngineIdentity, Segment, Transcript, Word
from stenopool.transcripts.options import Options
from worker.pipeline.assemble import assemble
from worker.pipeline.records import PlanRecord, SpanRecord, Stretch

IDENTITY = EngineIdentity(engine="fake", model="m", revision="r", compute_type="int8")
PLAN = PlanRecord(
    n_samples=160_000,
    container="wav",
    codec="pcm_s16le",
    source_sample_rate=16_000,
    source_channels=1,
    speech=(Stretch(from_sample=16_000, to_sample=48_000), Stretch(from_sample=80_000, to_sample=96_000)),
)


def segment(start: float, end: float, text: str = "word", **further: object) -> Segment:
    return Segment.model_validate({"start": start, "end": end, "text": text} | further)


def span(*segments: Segment, number: int = 0, **changed: object) -> SpanRecord:
    record = SpanRecord(
        unit_id=f"span-{number}",
        from_sample=80_000 * number,
        to_sample=80_000 * (number + 1),
        segments=segments,
        language="en",
        identity=IDENTITY,
        processing_s=1.5,
    )
    return record.model_copy(update=changed)


def transcript_of(*spans: SpanRecord, plan: PlanRecord = PLAN, options: Options | None = None) -> Transcript:
    return assemble("t" * 32, options or Options(), plan, spans)


def times(transcript: Transcript) -> list[tuple[float, float]]:
    return [(part.start, part.end) for part in transcript.segments]


def test_spans_are_merged_in_the_order_of_the_audio() -> None:
    transcript = transcript_of(span(segment(6, 7, "two"), number=1), span(segment(1, 2, "one")))
    assert transcript.text == "one two"
    assert times(transcript) == [(1, 2), (6, 7)]


def test_times_are_clamped_to_the_audio() -> None:
    assert times(transcript_of(span(segment(-1, 2), segment(9.5, 12)))) == [(0, 2), (9.5, 10)]


def test_segments_never_overlap() -> None:
    assert times(transcript_of(span(segment(1, 4), segment(3, 5), segment(2, 3.5)))) == [(1, 4), (4, 4), (4, 5)]


def test_an_end_before_its_start_is_moved_to_it() -> None:
    assert times(transcript_of(span(segment(3, 1)))) == [(3, 3)]


def test_words_stay_within_their_segment_and_in_order() -> None:
    words = (Word(start=0.5, end=1.5, word="a"), Word(start=1.2, end=9, word="b"))
    transcript = transcript_of(span(segment(1, 2, words=words)))
    placed = transcript.segments[0].words
    assert placed is not None
    assert [(word.start, word.end) for word in placed] == [(1, 1.5), (1.5, 2)]


def test_segments_of_nothing_are_left_out_and_the_rest_is_stripped() -> None:
    transcript = transcript_of(span(segment(1, 2, "  "), segment(2, 3, " Hello. ")))
    assert [part.text for part in transcript.segments] == ["Hello."]


def test_languages_without_spaces_are_joined_without_one() -> None:
    assert transcript_of(span(segment(1, 2, "你好"), segment(2, 3, "世界"), language="zh")).text == "你好世界"


def test_a_translation_is_english_whatever_was_spoken() -> None:
    options = Options(speech_task="translate")
    transcript = transcript_of(span(segment(1, 2, "hello"), segment(2, 3, "world"), language="zh"), options=options)
    assert (transcript.text, transcript.language, transcript.task) == ("hello world", "zh", "translate")


def test_the_language_is_that_of_most_recognised_seconds() -> None:
    transcript = transcript_of(
        span(segment(0, 1), language="de", language_probability=0.99),
        span(segment(5, 9), number=1, language="en", language_probability=0.8),
    )
    assert (transcript.language, transcript.language_probability) == ("en", 0.8)


def test_probabilities_of_one_language_are_weighted_by_their_seconds() -> None:
    transcript = transcript_of(
        span(segment(0, 1), language_probability=0.4), span(segment(5, 8), number=1, language_probability=0.8)
    )
    # (1 s * 0.4 + 3 s * 0.8) / 4 s
    assert transcript.language_probability == pytest.approx(0.7)


def test_an_unknown_probability_stays_unknown() -> None:
    assert transcript_of(span(segment(0, 1))).language_probability is None


def test_a_recording_without_speech_has_an_empty_transcript_with_its_language() -> None:
    transcript = transcript_of(span(language="fr"), plan=PLAN.model_copy(update={"speech": ()}))
    assert (transcript.text, transcript.segments, transcript.language) == ("", (), "fr")
    assert transcript.speech_duration == 0


def test_durations_come_from_the_plan_and_times_of_work_add_up() -> None:
    transcript = transcript_of(span(), span(number=1))
    assert (transcript.duration, transcript.speech_duration, transcript.processing_s) == (10.0, 3.0, 3.0)


def test_each_warning_is_told_once_those_of_the_media_first() -> None:
    plan = PLAN.model_copy(update={"warnings": ("media", "both")})
    transcript = transcript_of(span(warnings=("both", "engine")), span(number=1, warnings=("engine",)), plan=plan)
    assert transcript.warnings == ("media", "both", "engine")


def test_confidences_are_kept_as_the_engine_gave_them() -> None:
    transcript = transcript_of(span(segment(1, 2, confidence=0.25), segment(2, 3)))
    assert [part.confidence for part in transcript.segments] == [0.25, None]


def test_the_options_stand_in_the_transcript_under_their_wire_names() -> None:
    assert transcript_of(span()).options["task"] == "transcribe"


def test_a_transcript_needs_a_span() -> None:
    with pytest.raises(FatalError):
        transcript_of()


def test_spans_of_two_models_never_become_one_transcript() -> None:
    other = IDENTITY.model_copy(update={"revision": "other"})
    with pytest.raises(FatalError):
        transcript_of(span(), span(number=1, identity=other))
