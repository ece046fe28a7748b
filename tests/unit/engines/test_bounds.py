import math

import pytest

from stenopool.transcripts.model import Segment, Word
from worker.engines.bounds import in_bounds, mean_probability, probability


def segment(start: float, end: float, *words: tuple[float, float]) -> Segment:
    told = tuple(Word(start=a, end=b, word="w", probability=0.5) for a, b in words)
    return Segment(start=start, end=end, text="w", words=told or None)


def times(*segments: Segment, speech: list[tuple[float, float]] | None = None) -> list[tuple[float, float]]:
    return [(found.start, found.end) for found in in_bounds(segments, speech or [(0.0, 10.0)])]


def test_good_times_stay() -> None:
    assert times(segment(0.5, 1.25), segment(1.25, 2.0)) == [(0.5, 1.25), (1.25, 2.0)]


def test_a_segment_that_begins_in_the_one_before_begins_behind_it() -> None:
    assert times(segment(0, 2), segment(1.5, 3)) == [(0, 2), (2, 3)]


def test_a_segment_that_steps_back_keeps_its_text_at_the_edge() -> None:
    assert times(segment(3, 4), segment(1, 2)) == [(3, 4), (4, 4.02)]


def test_times_end_with_the_audio() -> None:
    assert times(segment(8, 29.98), segment(31, 32)) == [(8, 10), (10, 10)]


def test_times_that_are_no_numbers_are_replaced() -> None:
    assert times(segment(math.nan, math.inf)) == [(0, 0.02)]


def test_times_are_whole_milliseconds() -> None:
    assert times(segment(0.1 + 0.2, 1.00049)) == [(0.3, 1.0)]


def test_words_stay_within_their_segment() -> None:
    (found,) = in_bounds([segment(1, 2, (0.5, 1.2), (1.1, 1.6), (1.9, 2.4))], [(0, 10)])
    assert [(word.start, word.end) for word in found.words or ()] == [(1, 1.2), (1.2, 1.6), (1.9, 2.0)]


def test_what_begins_or_ends_in_a_pause_is_moved_to_the_speech() -> None:
    speech = [(1.0, 2.0), (4.0, 5.0)]
    assert times(segment(0.2, 1.5), segment(3.1, 4.5), segment(4.6, 7), speech=speech) == [(1, 1.5), (4, 4.5), (4.6, 5)]
    assert times(segment(1.5, 3.2), speech=speech) == [(1.5, 2)]


def test_what_bridges_a_pause_keeps_its_length() -> None:
    assert times(segment(1.5, 4.5), speech=[(1.0, 2.0), (4.0, 5.0)]) == [(1.5, 4.5)]


def test_what_lies_in_a_pause_altogether_stays() -> None:
    assert times(segment(2.5, 3.5), speech=[(1.0, 2.0), (4.0, 5.0)]) == [(2.5, 3.5)]


def test_words_are_moved_out_of_pauses_too() -> None:
    (found,) = in_bounds([segment(1, 5, (1, 2), (3.1, 4.5))], [(1.0, 2.0), (4.0, 5.0)])
    assert [(word.start, word.end) for word in found.words or ()] == [(1, 2), (4, 4.5)]


@pytest.mark.parametrize(
    ("given", "kept"), [(0.5, 0.5), (1.0004, 1.0), (-0.1, 0.0), (math.nan, None), (math.inf, None), (None, None)]
)
def test_a_probability_is_within_0_and_1_or_unknown(given: float | None, kept: float | None) -> None:
    assert probability(given) == kept


def test_the_mean_leaves_out_words_without_a_probability() -> None:
    words = [Word(start=0, end=1, word="w", probability=value) for value in (0.25, None, 0.75)]
    assert mean_probability(words) == 0.5


def test_there_is_no_mean_of_nothing() -> None:
    assert mean_probability([Word(start=0, end=1, word="w", probability=None)]) is None
