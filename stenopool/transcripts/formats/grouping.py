"""Groups pieces into cues: the cheapest way through the transcript under the rules. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from stenopool.transcripts.formats.borders import SENTENCE, break_cost
from stenopool.transcripts.formats.function_words import FunctionWords
from stenopool.transcripts.formats.lines import LineFill
from stenopool.transcripts.formats.pieces import Piece
from stenopool.transcripts.formats.rules import CueRules

BREATH_S: Final = 2.0
"""A silence that always ends a cue: what the guide calls a pause ("2 seconds or more", its language articles)."""

_CUE: Final = 0.6
"""Cost of a cue as such: fewer, fuller cues are easier to read."""
_BORDER: Final = 3.0
"""Weight of where a cue ends against everything else: a sentence torn apart at a word that belongs to
the next costs as much as five cues."""
_SENTENCE_INSIDE: Final = 0.7
"""Cost of the end of a sentence within a cue: short sentences may share one, long ones do not."""
_TOO_SHORT: Final = 4.0
"""Cost of a cue that cannot be shown at all; one shown for half the least time costs half."""
_TOO_FAST: Final = 1.0
"""Cost of a cue that has half the time that reading it takes."""
_SILENCE: Final = 1.5
"""Cost of each second of silence within a cue beyond a third of one."""
_ORPHAN: Final = 2.0
"""Cost of a cue of next to no text; none from a third of the fullest."""


def group(pieces: Sequence[Piece], rules: CueRules, words: FunctionWords) -> Iterator[Sequence[Piece]]:
    """The pieces of each cue, in order; none is left out.

    A cue fits its lines and its longest duration unless it is a single piece. Time grows with the number of pieces
    times the number that one cue holds: about three seconds for ten hours of speech.
    """
    begin = 0
    for end in range(1, len(pieces) + 1):
        if end == len(pieces) or _must_part(pieces[end - 1], pieces[end]):
            yield from _cheapest(pieces[begin:end], pieces[end] if end < len(pieces) else None, rules, words)
            begin = end


def _must_part(before: Piece, after: Piece) -> bool:
    return after.start_s - before.end_s >= BREATH_S or before.speaker != after.speaker


def _cheapest(
    pieces: Sequence[Piece], after: Piece | None, rules: CueRules, words: FunctionWords
) -> Iterator[Sequence[Piece]]:
    """Dynamic programming over the ends of cues: the best way to each end, from the first piece on."""
    breaks = [break_cost(one, two, words) for one, two in pairwise(pieces)]
    best = [0.0] + [float("inf")] * len(pieces)
    came_from = [0] * (len(pieces) + 1)
    for begin in range(len(pieces)):
        cue = _Cue(pieces[begin], rules)
        for end in range(begin + 1, len(pieces) + 1):
            if end > begin + 1 and not cue.extend(pieces[end - 1], breaks[end - 2]):
                break
            following = pieces[end] if end < len(pieces) else after
            cost = best[begin] + cue.cost(following) + (_BORDER * breaks[end - 1] if end < len(pieces) else 0.0)
            if cost < best[end]:
                best[end], came_from[end] = cost, begin
    ends = [len(pieces)]
    while ends[-1]:
        ends.append(came_from[ends[-1]])
    ends.reverse()
    for begin, end in pairwise(ends):
        yield pieces[begin:end]


class _Cue:
    """A cue in the making: what it holds so far and what that costs."""

    def __init__(self, first: Piece, rules: CueRules) -> None:
        self._first = self._last = first
        self._rules = rules
        self._width = first.width
        self._inner = 0.0
        self._fill = LineFill(rules.line_columns)
        self._fill.add(first)

    def extend(self, piece: Piece, border: float) -> bool:
        """Takes one more piece; False where the rules forbid it."""
        self._fill.add(piece)
        if self._fill.lines > self._rules.lines or piece.end_s - self._first.start_s > self._rules.max_s:
            return False
        self._inner += _SENTENCE_INSIDE if border == SENTENCE else 0.0
        self._inner += _SILENCE * max(0.0, piece.start_s - self._last.end_s - 1 / 3)
        self._width += piece.width + piece.spaced
        self._last = piece
        return True

    def cost(self, following: Piece | None) -> float:
        """What this cue costs if it ends here, its last border aside; ``following`` limits how long it can stand."""
        rules = self._rules
        reading_s = max(rules.min_s, self._width / rules.columns_per_second)
        room_s = reading_s if following is None else following.start_s - rules.gap_s - self._first.start_s
        room_s = max(room_s, 0.0, self._last.end_s - rules.gap_s - self._first.start_s)
        total = _CUE + self._inner
        if room_s < rules.min_s:
            total += _TOO_SHORT * (1 - room_s / rules.min_s)
        if room_s < reading_s:
            total += _TOO_FAST * min(2.0, reading_s / max(room_s, 1e-3) - 1)
        return total + _ORPHAN * max(0.0, 1 - 3 * self._width / (rules.line_columns * rules.lines))
