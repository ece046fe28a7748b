import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from worker.engines.faster_whisper import segment_of


@dataclass
class SpokenWord:
    start: np.float64 | float
    end: np.float64 | float
    word: str
    probability: np.float64 | float


@dataclass
class Spoken:
    start: np.float64 | float = 0.0
    end: np.float64 | float = 1.0
    text: str = " Hello."
    avg_logprob: np.float64 | float = -0.5
    words: Sequence[SpokenWord] | None = None


def test_times_are_moved_and_plain_floats() -> None:
    segment = segment_of(Spoken(np.float64(1.5), np.float64(2.5)), 10.0)
    assert (segment.start, segment.end) == (11.5, 12.5)
    assert type(segment.start) is float


def test_text_and_words_lose_the_spaces_around_them() -> None:
    segment = segment_of(Spoken(words=[SpokenWord(0, 1, " Hello.", 0.5)]), 0)
    assert segment.text == "Hello."
    assert [word.word for word in segment.words or ()] == ["Hello."]


def test_confidence_is_the_mean_of_the_words() -> None:
    words = [SpokenWord(0, 1, " a", np.float64(0.25)), SpokenWord(1, 2, " b", np.float64(0.75))]
    assert segment_of(Spoken(words=words), 0).confidence == 0.5


def test_without_words_confidence_is_the_exponential_of_the_mean_log_probability() -> None:
    # By hand: e to the -0.5 is 0.60653.
    assert segment_of(Spoken(avg_logprob=-0.5), 0).confidence == pytest.approx(0.60653, abs=1e-5)


def test_a_log_probability_above_zero_is_certainty() -> None:
    assert segment_of(Spoken(avg_logprob=0.001), 0).confidence == 1.0


def test_what_is_no_number_is_no_confidence() -> None:
    assert segment_of(Spoken(avg_logprob=math.nan), 0).confidence is None
    segment = segment_of(Spoken(words=[SpokenWord(0, 1, " a", math.nan)]), 0)
    assert [word.probability for word in segment.words or ()] == [None]


def test_blank_words_are_left_out() -> None:
    assert segment_of(Spoken(words=[SpokenWord(0, 1, " ", 0.5)]), 0).words == ()
