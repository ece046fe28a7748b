from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.engines.base import SAMPLE_RATE, Audio, SpeechSpan
from worker.engines.pieces import Grouping, cut_long, group_speech

GROUPING = Grouping(longest_s=10.0, pause_s=2.0, pad_s=0.3)


def hum(seconds: float) -> Audio:
    steps = np.arange(round(seconds * SAMPLE_RATE), dtype=np.float32)
    return (0.3 * np.sin(steps / 20)).astype(np.float32)


def spans(*seconds: tuple[float, float]) -> list[SpeechSpan]:
    return [SpeechSpan(round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)) for begin, end in seconds]


def grouped(length_s: float, *seconds: tuple[float, float]) -> list[tuple[float, float]]:
    pieces = group_speech(hum(length_s), spans(*seconds), GROUPING)
    return [(piece.from_sample / SAMPLE_RATE, piece.to_sample / SAMPLE_RATE) for piece in pieces]


def test_no_speech_makes_no_piece() -> None:
    assert grouped(5) == []


def test_speech_keeps_a_little_audio_around_it() -> None:
    assert grouped(8, (1, 2)) == [(0.7, 2.3)]


def test_padding_ends_with_the_audio() -> None:
    assert grouped(2.1, (0.1, 2)) == [(0, 2.1)]


def test_short_pauses_stay_inside_a_piece() -> None:
    assert grouped(9, (1, 3), (4, 6)) == [(0.7, 6.3)]


def test_a_long_pause_ends_a_piece() -> None:
    assert grouped(9, (1, 2), (5, 6)) == [(0.7, 2.3), (4.7, 6.3)]


def test_a_piece_ends_before_it_is_too_long() -> None:
    assert grouped(20, (1, 6), (7, 12)) == [(0.7, 6.3), (6.7, 12.3)]


def test_narrow_pauses_are_shared_and_not_heard_twice() -> None:
    assert grouped(20, (1, 6), (6.2, 12)) == [(0.7, 6.1), (6.1, 12.3)]


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    audio = hum(15).copy()
    quiet = slice(round(7.45 * SAMPLE_RATE), round(7.55 * SAMPLE_RATE))
    audio[quiet] *= 0.01
    first, second = cut_long(audio, SpeechSpan(0, len(audio)), 10 * SAMPLE_RATE)
    assert first.to_sample / SAMPLE_RATE == pytest.approx(7.5, abs=0.03)
    assert (second.from_sample, second.to_sample) == (first.to_sample, len(audio))


@given(st.lists(st.tuples(st.floats(0.02, 25), st.floats(0.01, 6)), max_size=12))
@settings(max_examples=60, deadline=None)
def test_pieces_hold_all_speech_once_in_order_and_none_is_too_long(lengths: list[tuple[float, float]]) -> None:
    speech, at = [], 0
    for length_s, pause_s in lengths:
        speech.append(SpeechSpan(at, at + round(length_s * SAMPLE_RATE)))
        at = speech[-1].to_sample + round(pause_s * SAMPLE_RATE)
    pieces = group_speech(np.zeros(at, np.float32), speech, GROUPING)
    assert all(0 < piece.to_sample - piece.from_sample <= 10 * SAMPLE_RATE for piece in pieces)
    assert all(one.to_sample <= next_.from_sample for one, next_ in pairwise(pieces))
    for span in speech:
        held = sum(
            max(0, min(span.to_sample, piece.to_sample) - max(span.from_sample, piece.from_sample)) for piece in pieces
        )
        assert held == span.to_sample - span.from_sample
