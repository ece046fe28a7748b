"""Plans the units of a recording from its length and its speech. Pure."""

from collections.abc import Sequence
from typing import Final

from stenopool.ledger.model import PlannedUnit, UnitKind
from worker.engines.base import SAMPLE_RATE, SpeechSpan

ASSEMBLE_ID: Final = "assemble"
"""Unit id of the last unit of every plan."""


def span_id(number: int) -> str:
    """Unit id of a span, counted from 0."""
    return f"span-{number}"


def plan_spans(n_samples: int, speech: Sequence[SpeechSpan]) -> tuple[PlannedUnit, ...]:
    """One span over the whole audio, then ``assemble``, blocked until the span is done.

    The span's cost is its length in audio-seconds and not its speech: with ``vad_filter`` off all of it is recognised,
    the watchdog's deadline is made from it, and it is what a tenant uploaded. ``assemble`` costs nothing: it is some
    milliseconds of merging.
    """
    del speech  # Cuts between spans will lie in its pauses; one span needs none.
    return (
        PlannedUnit(span_id(0), UnitKind.SPAN, 0, n_samples, cost_s=n_samples / SAMPLE_RATE),
        PlannedUnit(ASSEMBLE_ID, UnitKind.ASSEMBLE, 0, n_samples, cost_s=0.0, blocked=True),
    )
