"""How good a break is between two pieces: 0 at the end of a sentence, more where it tears apart what belongs together.

The order follows the Netflix Timed Text Style Guide, General Requirements, "Line Treatment": break after punctuation,
before conjunctions and prepositions; keep articles, pronouns, auxiliaries and names with what follows.
"""

from typing import Final

from stenopool.transcripts.formats.function_words import FunctionWords
from stenopool.transcripts.formats.pieces import LEADING_VOWELS, Piece

SENTENCE: Final = 0.0
CLAUSE: Final = 0.15
"""After a comma and the like; also where the speaker rests or the engine ended a segment."""
PHRASE: Final = 0.5
"""Before a conjunction or preposition; in scripts without spaces where a word is likely to begin."""
PLAIN: Final = 0.7
INSIDE: Final = 0.8
"""Between characters of a script without spaces: perhaps inside a word."""
TEARING: Final = 1.0
"""After a word that belongs to the next, or between a Japanese stem and its ending."""
FORBIDDEN: Final = 2.0
"""Before punctuation that stands alone, such as a French question mark, or after an opening quote that does."""

REST_S: Final = 0.4
"""A silence between two words that is heard as a border; word times are good to about half of it."""

_SENTENCE_ENDS: Final = tuple(".?!…。？！．｡؟।۔։")
_CLAUSE_ENDS: Final = tuple(",;:，、；：､،؛—–")
_CLOSING: Final = "\"'”’»)]}）」』】〉》"
_OPENING: Final = "\"'“‘«([{（「『【〈《¿¡"
_LONE: Final = frozenset(".,;:!?…%»”’)]}")


def break_cost(before: Piece, after: Piece, words: FunctionWords) -> float:
    """Cost of ending a line or a cue after ``before``, one of the constants above."""
    if all(character in _LONE for character in after.text) or all(character in "«“‘([{" for character in before.text):
        return FORBIDDEN
    bare = before.text.rstrip(_CLOSING)
    if bare.endswith(_SENTENCE_ENDS) and not _is_abbreviation(bare, words):
        return SENTENCE
    if bare.endswith(_CLAUSE_ENDS):
        return CLAUSE
    cost = _within_phrase(before, after, words)
    if before.ends_segment or after.start_s - before.end_s >= REST_S:
        # Speakers also rest after "the": heard as a border, read as a tear.
        return CLAUSE if cost < TEARING else PLAIN
    return cost


def _within_phrase(before: Piece, after: Piece, words: FunctionWords) -> float:
    said = before.text.strip(_OPENING + _CLOSING).rstrip(".").lower()
    if said in words.leaning or said in words.opening:
        return TEARING
    if after.spaced:
        return PHRASE if after.text.strip(_OPENING).lower() in words.opening else PLAIN
    if after.text[0] in LEADING_VOWELS:
        return PHRASE
    if _is_hiragana(before.text[-1]) != _is_hiragana(after.text[0]):
        return TEARING if _is_hiragana(after.text[0]) else PHRASE
    return INSIDE


def _is_abbreviation(text: str, words: FunctionWords) -> bool:
    stem = text.removesuffix(".").lstrip(_OPENING)
    if stem == text:
        return False
    # One letter with a full stop is an initial: "J. Smith".
    return stem.lower() in words.abbreviations or (len(stem) == 1 and stem.isalpha() and stem.isupper())


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"
