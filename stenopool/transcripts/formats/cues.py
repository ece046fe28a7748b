"""Cues of a transcript: what stands on the screen from when to when."""

from collections.abc import Sequence
from dataclasses import dataclass

from stenopool.transcripts.formats.function_words import function_words
from stenopool.transcripts.formats.grouping import group
from stenopool.transcripts.formats.lines import joined, lay_out
from stenopool.transcripts.formats.pieces import pieces_of
from stenopool.transcripts.formats.rules import CHAIN_S, LINGER_S, CueRules
from stenopool.transcripts.formats.visible import columns
from stenopool.transcripts.model import Heard


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: times in milliseconds from the start of the media, ``start_ms < end_ms``; at least one line."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def cues_of(transcript: Heard, rules: CueRules) -> list[Cue]:
    """The cues, ascending and never overlapping, with every visible word of the segments in order."""
    words = function_words(written_language(transcript))
    pieces = list(pieces_of(transcript.segments, rules.max_s))
    spoken, lines = [], []
    for members in group(pieces, rules, words):
        text = joined(members)
        spoken.append(_Spoken(_ms(members[0].start_s), _ms(members[-1].end_s), columns(text)))
        lines.append(tuple(lay_out(members, rules.line_columns, words)))
    times = _times(spoken, rules, _ms(transcript.duration))
    return [Cue(start, end, text) for (start, end), text in zip(times, lines, strict=True)]


def written_language(transcript: Heard) -> str:
    """The language the text is in: English after a translation, else the one that was spoken."""
    return "en" if transcript.task == "translate" else transcript.language


@dataclass(frozen=True, slots=True)
class _Spoken:
    """When the words of a cue are heard, and how wide its text is in columns."""

    start_ms: int
    end_ms: int
    width: int


def _times(spoken: Sequence[_Spoken], rules: CueRules, media_ms: int) -> list[tuple[int, int]]:
    """When each cue is shown: from the start of its words on, longer than they last where reading needs it."""
    starts: list[int] = []
    for cue in spoken:
        # Words without a duration may begin together; a millisecond apart they are still in order.
        starts.append(max(cue.start_ms, starts[-1] + 1 if starts else 0))
    return [
        (start, _end(start, cue, rules, starts[index + 1] if index + 1 < len(starts) else None, media_ms))
        for index, (start, cue) in enumerate(zip(starts, spoken, strict=True))
    ]


def _end(start: int, cue: _Spoken, rules: CueRules, following: int | None, media_ms: int) -> int:
    heard = max(cue.end_ms, start + 1)
    least = start + _ms(rules.min_s)
    read = start + _ms(cue.width / rules.columns_per_second)
    end = max(heard, least, min(read, heard + _ms(LINGER_S)))
    end = min(end, start + _ms(rules.max_s), max(heard, media_ms))
    if following is None:
        return end
    gap_from = following - _ms(rules.gap_s)
    if gap_from <= end or following - end <= _ms(CHAIN_S):
        # The gap gives way where it would take the cue below its least time, the following cue never does.
        end = min(following, max(gap_from, min(end, least)), start + _ms(rules.max_s))
    return max(end, start + 1)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
