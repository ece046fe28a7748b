"""Cuts a transcript into pieces: the smallest stretches of text that a subtitle may not break, each with its times."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wcwidth import iter_graphemes

from stenopool.transcripts.formats.visible import FIXED_SPACES, columns, visible
from stenopool.transcripts.model import Segment, Word

LATEST_S: Final = 99 * 3600.0
"""Times are held below this, as SRT has two digits for hours; what is later is shown there."""

SLOWEST_SPEECH: Final = 4.0
"""Columns per second. Speech runs at about 15 (150 words of six characters in a minute); a segment without word times
that would be spoken slower than this holds silence after its text."""

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Myanmar, Khmer.
    "\u2e80-\u2fdf\u3000-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"  # Han, kana, their punctuation, bopomofo.
    "\uf900-\ufaff\uff00-\uff9f\U00020000-\U0003ffff]"  # More Han, full-width and half-width forms.
)
"""Scripts written without spaces between words. Seen by the character, not by the language: texts are mixed."""

_NEVER_FIRST: Final = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー’”）〕］｝〉》」』】°′″℃％‰…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.!?:;)]}%»"
    "、。｡､･ｰｧｨｩｪｫｬｭｮｯﾞﾟ" + "ะาำๅๆฯ" + "ະາຳຽໆຯ" + "།"
)
"""Characters that begin no line: JIS X 4051 line-start prohibition, and vowels that follow in Thai and Lao."""

LEADING_VOWELS: Final = frozenset("เแโใไ" + "ເແໂໃໄ")
"""Thai and Lao vowels that are written before the consonant they follow: a syllable begins with them."""

_NEVER_LAST: Final = LEADING_VOWELS | frozenset("‘“（〔［｛〈《「『【([{«$£¥\u1039\u17d2")
"""Characters that end no line: opening brackets, vowels written first, and signs that stack the next letter."""

_SILENCERS: Final = frozenset("\u0e4c\u0ecc")
"""Marks over a letter that is not spoken, Thai and Lao: it ends a word."""

_LONGEST_RUN: Final = 20
"""Columns up to which these prohibitions hold, so that a run of dots does not become one endless word."""

_SLACK: Final = 8
"""Characters, spaces and punctuation, that may stand in the text between two words and belong to neither."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or in scripts without spaces a character. Times in seconds from the start of the media, ascending."""

    text: str
    width: int
    """In columns."""
    start_s: float
    end_s: float
    spaced: bool
    """A space stands before it."""
    ends_segment: bool
    speaker: str | None


def pieces_of(segments: Iterable[Segment], longest_s: float) -> Iterator[Piece]:
    """The pieces of all segments, in order.

    A piece has the times of its words where the segment has words, else its share of the segment by its length. A
    segment without words that is far longer than its text takes counts as spoken from its start, over ``longest_s`` or
    more. Times that run backwards are held at the latest one seen.
    """
    floor_s, before = 0.0, ""
    for segment in segments:
        text = visible(segment.text)
        times = _Times(text, segment, longest_s)
        for begin, end in (cuts := list(_cut(text))):
            start_s = _held(floor_s, times.start_of(begin))
            floor_s = _held(start_s, times.end_of(end))
            said = text[begin:end]
            spaced = text[begin - 1] == " " if begin else not (_is_unspaced(before) and _is_unspaced(said[0]))
            before = said[-1]
            yield Piece(said, columns(said), start_s, floor_s, spaced, end == cuts[-1][1], segment.speaker)


def _held(floor_s: float, time_s: float) -> float:
    # In this order max gives the floor for a time that is no number.
    return min(max(floor_s, time_s), LATEST_S)


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None


def _cut(text: str) -> Iterator[tuple[int, int]]:
    """Where each piece begins and ends in the text."""
    for chunk in re.finditer("[^ ]+", text):
        if _UNSPACED.search(chunk[0]) is None:
            yield chunk.span()
            continue
        begin = end = chunk.start()
        last, width = "", 0
        for grapheme in iter_graphemes(chunk[0]):
            if last and _may_break(last, grapheme, width):
                yield begin, end
                begin, width = end, 0
            end += len(grapheme)
            last, width = grapheme, width + columns(grapheme)
        yield begin, end


def _may_break(last: str, following: str, width: int) -> bool:
    if last[-1] in FIXED_SPACES or following[0] in FIXED_SPACES:
        return False
    if not (_is_unspaced(last[0]) or _is_unspaced(following[0])):
        return False
    bound = following[0] in _NEVER_FIRST or following[-1] in _SILENCERS or last[-1] in _NEVER_LAST
    return width >= _LONGEST_RUN or not bound


class _Times:
    """When each place of a segment's text is spoken: marks at the edges of words, evenly spread between them."""

    def __init__(self, text: str, segment: Segment, longest_s: float) -> None:
        words = list(_placed(text, segment.words or ()))
        end_s = segment.end
        if not words:
            end_s = min(end_s, segment.start + max(longest_s, columns(text) / SLOWEST_SPEECH))
        marks = [(0, segment.start), *words, (len(text), end_s)]
        self._places = [place for place, _ in marks]
        self._seconds = [seconds for _, seconds in marks]

    def start_of(self, place: int) -> float:
        """When what begins at ``place`` begins: of two marks at one place, the later word's."""
        mark = bisect_right(self._places, place) - 1
        return self._between(mark, min(mark + 1, len(self._places) - 1), place)

    def end_of(self, place: int) -> float:
        """When what ends at ``place`` ends: of two marks at one place, the earlier word's."""
        mark = bisect_left(self._places, place)
        return self._between(mark, max(mark - 1, 0), place)

    def _between(self, near: int, far: int, place: int) -> float:
        if self._places[near] == place:
            return self._seconds[near]
        share = (place - self._places[near]) / (self._places[far] - self._places[near])
        return self._seconds[near] + share * (self._seconds[far] - self._seconds[near])


def _placed(text: str, words: Sequence[Word]) -> Iterator[tuple[int, float]]:
    """Marks for the words found in the text, in order; a word that is not in the text is passed over."""
    cursor, passed_over = 0, 0
    for word in words:
        said = visible(word.word)
        at = text.find(said, cursor, cursor + passed_over + len(said) + _SLACK) if said else -1
        if at < 0 or (not passed_over and any(character.isalnum() for character in text[cursor:at])):
            passed_over += len(said) + 1 if said else 0
            continue
        cursor, passed_over = at + len(said), 0
        yield at, word.start
        yield cursor, word.end
