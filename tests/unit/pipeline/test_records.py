"""What the stages leave for one another."""

import pytest
from pydantic import ValidationError

from stenopool.transcripts.model import EngineIdentity, Segment
from worker.engines.base import SpeechSpan
from worker.pipeline.decode import DecodedMedia
from worker.pipeline.records import PlanRecord, SpanRecord, make_plan_record, read_plan, read_span

MEDIA = DecodedMedia("m4a", "aac", 44_100, 2, 160_000, ("media_damaged: …",))
SPEECH = (SpeechSpan(16_000, 48_000), SpeechSpan(80_000, 96_000))
PLAN = make_plan_record(MEDIA, SPEECH)


def test_a_plan_comes_back_from_the_store_as_it_was() -> None:
    assert read_plan(PLAN.to_bytes()) == PLAN


def test_a_plan_holds_the_facts_of_the_media() -> None:
    assert (PLAN.container, PLAN.codec, PLAN.source_sample_rate, PLAN.source_channels) == ("m4a", "aac", 44_100, 2)
    assert (PLAN.duration_s, PLAN.speech_s, PLAN.warnings) == (10.0, 3.0, MEDIA.warnings)


@pytest.mark.parametrize(
    ("from_sample", "to_sample", "speech"),
    [
        (0, 160_000, SPEECH),
        (32_000, 88_000, (SpeechSpan(0, 16_000), SpeechSpan(48_000, 56_000))),
        (48_000, 80_000, ()),
    ],
    ids=["all", "cut at both ends", "none"],
)
def test_the_speech_of_a_span_counts_from_its_start(
    from_sample: int, to_sample: int, speech: tuple[SpeechSpan, ...]
) -> None:
    assert PLAN.speech_within(from_sample, to_sample) == speech


def test_a_span_comes_back_from_the_store_as_it_was() -> None:
    span = SpanRecord(
        unit_id="span-0",
        from_sample=0,
        to_sample=160_000,
        segments=(Segment(start=1, end=3, text="Hello.", confidence=0.9),),
        language="en",
        language_probability=None,
        identity=EngineIdentity(engine="fake", model="m", revision="r", compute_type="int8"),
        processing_s=0.5,
    )
    assert read_span(span.to_bytes()) == span


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(ValidationError):
        read_plan(b"{}")


def test_a_plan_says_its_version() -> None:
    assert PlanRecord.model_fields["v"].default == 1
