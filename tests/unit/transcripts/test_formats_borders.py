"""How good a break is: the guide's order of places."""

import pytest

from stenopool.transcripts.formats import borders
from stenopool.transcripts.formats.borders import break_cost
from stenopool.transcripts.formats.function_words import function_words
from stenopool.transcripts.formats.pieces import Piece


def piece(text: str, start_s: float = 1.0, spaced: bool = True, ends_segment: bool = False) -> Piece:
    return Piece(text, len(text), start_s, start_s + 1, spaced, ends_segment, None)


@pytest.mark.parametrize(
    ("language", "before", "after", "expected"),
    [
        ("en", "town.", "He", borders.SENTENCE),
        ("en", 'town."', "He", borders.SENTENCE),
        ("ja", "猫。", "犬", borders.SENTENCE),
        ("en", "Mr.", "Smith", borders.TEARING),
        ("en", "etc.", "But", borders.PHRASE),
        ("en", "J.", "Smith", borders.PLAIN),
        ("en", "town,", "he", borders.CLAUSE),
        ("en", "town", "and", borders.PHRASE),
        ("en", "town", "under", borders.PHRASE),
        ("en", "town", "house", borders.PLAIN),
        ("en", "the", "town", borders.TEARING),
        ("en", "(The", "town", borders.TEARING),
        ("de", "eine", "Stadt", borders.TEARING),
        ("de", "Stadt", "und", borders.PHRASE),
        # What is not known of a language costs nothing.
        ("xx", "the", "town", borders.PLAIN),
        ("fr", "possible", "?", borders.FORBIDDEN),
        ("fr", "«", "Oui", borders.FORBIDDEN),
    ],
)
def test_a_break_costs_what_it_tears(language: str, before: str, after: str, expected: float) -> None:
    assert break_cost(piece(before), piece(after, 2.0), function_words(language)) == expected


def test_a_rest_is_as_good_as_a_comma_except_within_a_phrase() -> None:
    words = function_words("en")
    assert break_cost(piece("town"), piece("house", 2.5), words) == borders.CLAUSE
    assert break_cost(piece("the"), piece("house", 2.5), words) == borders.PLAIN
    assert break_cost(piece("town", ends_segment=True), piece("house", 2.0), words) == borders.CLAUSE


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("は", "猫", borders.PHRASE),
        ("食", "べ", borders.TEARING),
        ("東", "京", borders.INSIDE),
        ("มา", "เก", borders.PHRASE),
    ],
)
def test_scripts_without_spaces_have_likely_borders_too(before: str, after: str, expected: float) -> None:
    assert break_cost(piece(before), piece(after, 2.0, spaced=False), function_words("ja")) == expected
