"""Keeps what an engine says inside its audio: finite, ascending, not overlapping; pure.

Model libraries promise none of it: Whisper's time tokens reach past the end of short audio, word alignment may step
back, and numbers come as numpy scalars or NaN.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import SupportsFloat

from stenopool.transcripts.model import Segment, Word

_SHORTEST_S = 0.02
"""One step of Whisper's time tokens; a segment is made no shorter unless the audio ends."""


def probability(value: SupportsFloat | None) -> float | None:
    """``value`` as a float within 0..1; None for what is not a number."""
    if value is None or not math.isfinite(number := float(value)):
        return None
    return min(1.0, max(0.0, number))


def mean_probability(words: Sequence[Word]) -> float | None:
    """Mean of the words' probabilities; None where no word has one."""
    known = [word.probability for word in words if word.probability is not None]
    return sum(known) / len(known) if known else None


def in_bounds(segments: Iterable[Segment], speech_s: Sequence[tuple[float, float]]) -> Iterator[Segment]:
    """The segments with their times forced into the speech, in order, rounded to the millisecond.

    ``speech_s`` holds at least one stretch, ascending, in seconds. What begins or ends in a pause is moved to the
    speech: the attention that Whisper takes its word times from is loose there, and the first word of a window begins
    with the window.
    """
    floor, ceiling = speech_s[0][0], speech_s[-1][1]
    for segment in segments:
        start, end = _within(*_out_of_pauses(segment.start, segment.end, speech_s), floor, ceiling)
        words = segment.words and tuple(_words_within(segment.words, speech_s, start, end))
        yield segment.model_copy(update={"start": start, "end": end, "words": words})
        floor = end


def _out_of_pauses(start: float, end: float, speech_s: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Begins no earlier than the first stretch it reaches into, and ends no later than the last."""
    touched = [stretch for stretch in speech_s if stretch[0] < end and start < stretch[1]]
    if not touched:
        return start, end
    return max(start, touched[0][0]), min(end, touched[-1][1])


def _words_within(
    words: Sequence[Word], speech_s: Sequence[tuple[float, float]], floor: float, ceiling: float
) -> Iterator[Word]:
    for word in words:
        start, end = _within(*_out_of_pauses(word.start, word.end, speech_s), floor, ceiling, shortest=0.0)
        yield word.model_copy(update={"start": start, "end": end})
        floor = end


def _within(
    start: float, end: float, floor: float, ceiling: float, shortest: float = _SHORTEST_S
) -> tuple[float, float]:
    start = round(start, 3) if math.isfinite(start) else floor
    end = round(end, 3) if math.isfinite(end) else start
    start = min(max(start, floor), ceiling)
    return start, min(max(end, start + shortest), ceiling)
