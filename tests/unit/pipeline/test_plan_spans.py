"""The plan of a recording."""

from stenopool.ledger.model import UnitKind
from worker.engines.base import SpeechSpan
from worker.pipeline.plan_spans import plan_spans


def test_one_span_covers_all_and_assemble_waits_for_it() -> None:
    span, assemble = plan_spans(48_000, (SpeechSpan(16_000, 32_000),))
    assert (span.unit_id, span.kind, span.from_sample, span.to_sample, span.blocked) == (
        "span-0",
        UnitKind.SPAN,
        0,
        48_000,
        False,
    )
    assert (assemble.kind, assemble.blocked) == (UnitKind.ASSEMBLE, True)


def test_the_cost_is_the_length_in_audio_seconds_speech_or_not() -> None:
    assert [unit.cost_s for unit in plan_spans(48_000, ())] == [3.0, 0.0]
