"""Deltas make the text when put together, also where an attempt had to begin again."""

import pytest

from api.services.openai.deltas import Deltas


@pytest.mark.parametrize(
    ("segments", "text", "told"),
    [
        (["Good morning.", "And you?"], "Good morning. And you?", ["Good morning.", " And you?", ""]),
        (["你好", "世界"], "你好世界", ["你好", "世界", ""]),
        (["yes", "yes"], "yes yes", ["yes", " yes", ""]),
        ([], "", [""]),
        ([], "all at once", ["all at once"]),
        (["one"], "one two", ["one", " two"]),
    ],
)
def test_the_deltas_make_the_text(segments: list[str], text: str, told: list[str]) -> None:
    deltas = Deltas()
    made = [*map(deltas.hear, segments), deltas.end(text)]
    assert made == told
    assert "".join(made) == text


def test_an_attempt_that_says_the_same_again_is_silent_until_it_goes_beyond() -> None:
    deltas = Deltas()
    assert [deltas.hear("one"), deltas.hear("two")] == ["one", " two"]
    deltas.restart()
    assert [deltas.hear("one"), deltas.hear("two"), deltas.hear("three")] == ["", "", " three"]
    assert deltas.end("one two three") == ""


def test_an_attempt_that_says_something_else_is_left_to_the_whole_text() -> None:
    deltas = Deltas()
    deltas.hear("won")
    deltas.restart()
    assert [deltas.hear("one"), deltas.hear("two"), deltas.end("one two")] == ["", "", ""]


def test_a_word_that_only_begins_alike_is_something_else() -> None:
    deltas = Deltas()
    deltas.hear("one")
    deltas.restart()
    assert deltas.hear("on the other hand") == ""


def test_where_the_language_could_not_be_seen_nothing_false_is_told() -> None:
    deltas = Deltas()
    assert [deltas.hear("OK"), deltas.hear("东京")] == ["OK", " 东京"]
    assert deltas.end("OK东京") == ""
