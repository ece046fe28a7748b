"""The word error rate of the demo; numbers derived by hand."""

import jiwer
import pytest

from stenopool.local.word_errors import word_error_rate


@pytest.mark.parametrize(
    ("spoken", "heard", "rate"),
    [
        ("one two three four", "one two three four", 0.0),
        ("One, two. THREE four!", "one two three four", 0.0),
        ("one two three four", "one too three four", 0.25),  # one word of four put in place of another
        ("one two three four", "one three four", 0.25),  # one of four missing
        ("one two three four", "one two and three four", 0.25),  # one added
        ("one two three four", "", 1.0),
        ("one", "two three four", 3.0),  # one replaced, two added
        ("don't go", "dont go", 0.5),
    ],
)
def test_it_counts_words_put_in_left_out_and_replaced(spoken: str, heard: str, rate: float) -> None:
    assert word_error_rate(spoken, heard) == rate


def test_it_agrees_with_jiwer_on_a_longer_text() -> None:
    spoken = "the river runs under the old stone bridge and the children count the boats that pass below it"
    heard = "a river runs under old stone bridges and the the children counted boats that pass it below"
    assert word_error_rate(spoken, heard) == pytest.approx(jiwer.wer(spoken, heard))
