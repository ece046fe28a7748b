"""Cues: where they begin and end, how their lines are broken."""

from itertools import pairwise

import pytest

from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.formats import CueRules, cues_of, rules_for
from stenopool.transcripts.formats.pieces import pieces_of
from stenopool.transcripts.formats.visible import columns
from stenopool.transcripts.model import Segment, Transcript, Word
from tests.unit.transcripts.made_transcripts import said, spoken, transcript

RULES = CueRules()

# The words of the inaugural address of 1961 with times made up in its manner: slow, with rests between the phrases.
JFK = spoken(
    [
        *[("And", 0.32, 0.69), ("so,", 0.69, 1.12), ("my", 1.3, 1.5), ("fellow", 1.5, 1.9), ("Americans,", 1.9, 2.86)],
        *[("ask", 3.36, 3.9), ("not", 3.9, 4.66), ("what", 5.54, 5.74), ("your", 5.74, 6.04), ("country", 6.04, 6.5)],
        *[("can", 6.5, 6.72), ("do", 6.72, 6.94), ("for", 6.94, 7.3), ("you,", 7.3, 7.7), ("ask", 8.24, 8.52)],
        *[("what", 8.52, 8.74), ("you", 8.74, 8.98), ("can", 8.98, 9.2), ("do", 9.2, 9.42), ("for", 9.42, 9.7)],
        *[("your", 9.7, 9.94), ("country.", 9.94, 10.5)],
    ]
)


def lines_of(made: Transcript, rules: CueRules = RULES) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues_of(made, rules)]


def times_of(made: Transcript, rules: CueRules = RULES) -> list[tuple[int, int]]:
    return [(cue.start_ms, cue.end_ms) for cue in cues_of(made, rules)]


def test_cues_follow_the_phrases_and_the_times_of_the_words() -> None:
    cues = cues_of(transcript(JFK, duration=11), RULES)
    assert [cue.lines for cue in cues] == [
        ("And so, my fellow Americans,",),
        ("ask not what your country can do for you,",),
        ("ask what you can do for your country.",),
    ]
    # By hand: the first gap is 500 ms, so it is closed to two frames (83 ms); the second, 540 ms, is not.
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(320, 3277), (3360, 7700), (8240, 10500)]


def test_without_word_times_a_segment_is_shared_out_by_length() -> None:
    text = "One two three four five six seven eight. One two three four five six seven eight."
    times = times_of(transcript(said(text, 0, 8.1)), CueRules(lines=1))
    # The second sentence begins at character 41 of 81, at 4.1 s of 8.1.
    assert times == [(0, 4017), (4100, 8100)]


def test_a_line_is_not_broken_after_an_article_or_a_preposition() -> None:
    # The most even break, 30 and 28 columns, would be after "on".
    text = "She placed every single one on the old wooden kitchen table"
    (lines,) = lines_of(transcript(said(text)))
    assert lines == ("She placed every single one", "on the old wooden kitchen table")


def test_the_width_of_a_line_goes_before_a_good_place_to_break_it() -> None:
    # After the comma would read best, but the first line would have 11 columns.
    made = transcript(said("aaaa bbbbb, c d"))
    assert lines_of(made, CueRules(line_columns=10)) == [("aaaa", "bbbbb, c d")]


def test_text_that_fits_one_line_stays_on_one() -> None:
    assert lines_of(transcript(said("Short, and to the point."))) == [("Short, and to the point.",)]


def test_a_title_ends_no_sentence() -> None:
    text = "I have always believed that Mr. Smith would come back to us"
    (lines,) = lines_of(transcript(said(text)))
    assert not any(line.endswith("Mr.") for line in lines)


def test_a_french_question_mark_begins_no_line() -> None:
    text = "Est-ce que vous pensez vraiment que c'est possible ? Je ne le crois pas du tout."
    made = transcript(said(text), language="fr")
    assert not any(line.startswith("?") for lines in lines_of(made) for line in lines)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"),
        ("zh", "大家好，欢迎收看今天的节目。我们今天要讨论的是人工智能对未来工作的影响，以及我们应该如何准备。"),
        ("th", "สวัสดีครับ วันนี้เราจะมาพูดคุยกันเกี่ยวกับเทคโนโลยีปัญญาประดิษฐ์และผลกระทบต่อชีวิตประจำวันของเรา"),
        ("ko", "안녕하세요 여러분, 오늘은 인공지능이 우리의 일상생활에 미치는 영향에 대해서 이야기해 보겠습니다."),
    ],
)  # fmt: skip
def test_scripts_of_other_widths_keep_the_limit_of_their_language(language: str, text: str) -> None:
    rules = rules_for(language)
    lines = [line for cue in cues_of(transcript(said(text, 0, 20), language=language), rules) for line in cue.lines]
    assert len(lines) > 2
    assert all(columns(line) <= rules.line_columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "。，、ーっゃาะ์" for line in lines)


def test_a_japanese_cue_ends_with_its_sentence() -> None:
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    made = transcript(said(text, 0, 9), language="ja")
    assert lines_of(made, rules_for("ja"))[-1] == ("どこで生れたかとんと", "見当がつかぬ。")


def test_full_width_characters_take_two_columns_and_marks_none() -> None:
    assert columns("日本") == 4
    assert columns("ｶﾅ") == 2
    assert columns("ที่") == 1
    assert columns("e\u0301") == 1


def test_a_translation_is_laid_out_as_english() -> None:
    text = "The cat that I am has no name yet at all."
    made = transcript(said(text), language="ja", task="translate")
    assert lines_of(made, rules_for("en")) == [(text,)]


def test_a_short_word_stays_for_the_least_time() -> None:
    assert times_of(transcript(said("Yes.", 1.0, 1.2), duration=10)) == [(1000, 1833)]


def test_a_fast_cue_lingers_at_most_half_a_second() -> None:
    text = "Sixty characters are said within a single second, no longer."
    # It would want 3 s at 20 columns per second.
    assert times_of(transcript(said(text, 1.0, 2.0), duration=10)) == [(1000, 2500)]


def test_no_cue_outlasts_the_media_for_the_sake_of_reading() -> None:
    assert times_of(transcript(said("Yes.", 1.0, 1.2), duration=1.3)) == [(1000, 1300)]


def test_a_long_silence_after_the_text_is_not_shown() -> None:
    assert times_of(transcript(said("Well.", 0.0, 25.0))) == [(0, 7000)]


def test_a_long_pause_ends_the_cue() -> None:
    words = [("Wait", 0.0, 1.0), ("for", 1.0, 2.0), ("it.", 4.5, 5.5)]
    assert lines_of(transcript(spoken(words))) == [("Wait for",), ("it.",)]


def test_a_change_of_speaker_ends_the_cue() -> None:
    segments = [said("Who?", 0, 1).model_copy(update={"speaker": "A"}), said("Me.", 1, 2)]
    assert lines_of(transcript(*segments)) == [("Who?",), ("Me.",)]


def test_fragments_of_a_sentence_in_two_segments_share_a_cue() -> None:
    made = transcript(said("It was a bright", 0, 1), said("cold day in April.", 1, 2.5))
    assert lines_of(made) == [("It was a bright cold day in April.",)]


def test_segments_without_spaces_between_words_are_joined_without_one() -> None:
    made = transcript(said("雨が", 0, 1), said("降る。", 1, 2), language="ja")
    assert lines_of(made, rules_for("ja")) == [("雨が降る。",)]


def test_the_gap_gives_way_before_the_least_time_does() -> None:
    rules = CueRules(min_s=1.0, gap_s=0.5, line_columns=20, lines=1)
    made = transcript(said("Once upon a time.", 0, 1.2), said("Twice upon a time.", 1.2, 4), duration=9)
    assert times_of(made, rules) == [(0, 1000), (1200, 4000)]


def test_words_without_any_duration_still_make_ascending_cues() -> None:
    words = [(f"word{number}.", 3.0, 3.0) for number in range(60)]
    cues = cues_of(transcript(spoken(words)), RULES)
    assert len(cues) > 3
    assert all(one.start_ms < one.end_ms <= two.start_ms for one, two in pairwise(cues))


def test_words_that_are_not_in_the_text_cost_no_text() -> None:
    segment = Segment(
        start=0, end=4, text="alpha beta gamma", words=(Word(start=0, end=1, word=" elsewhere"), JFK.words[0])  # type: ignore[index] # It has words.
    )  # fmt: skip
    assert lines_of(transcript(segment)) == [("alpha beta gamma",)]


def test_a_word_the_engine_skipped_does_not_shift_the_later_ones() -> None:
    words = (
        Word(start=0, end=1, word=" alpha"),
        Word(start=1, end=2, word=" betta"),
        Word(start=6, end=7, word=" gamma"),
    )
    pieces = list(pieces_of([Segment(start=0, end=8, text="alpha beta gamma", words=words)], 7.0))
    assert [(piece.text, piece.start_s) for piece in pieces][::2] == [("alpha", 0.0), ("gamma", 6.0)]


def test_a_word_longer_than_a_line_stands_alone_and_whole() -> None:
    word = "x" * 300
    lines = [line for lines in lines_of(transcript(said(f"before {word} after", 0, 6))) for line in lines]
    assert lines == ["before", word, "after"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("「猫」です。", ["「猫」", "で", "す。"]),
        ("ニャーって", ["ニャーっ", "て"]),
        ("GPUを使う", ["GPU", "を", "使", "う"]),
        ("日本\u00a0語", ["日", "本\u00a0語"]),
        # A written-first vowel stays with its consonant, an unspoken letter with its word's last.
        ("เกมส์", ["เก", "มส์"]),
    ],
)
def test_scripts_without_spaces_are_cut_where_their_rules_allow(text: str, expected: list[str]) -> None:
    assert [piece.text for piece in pieces_of([said(text)], 7.0)] == expected


@pytest.mark.parametrize(
    "wrong", [{"line_columns": 3}, {"lines": 0}, {"min_s": 9.0}, {"max_s": 0.2}, {"columns_per_second": 0.0}]
)
def test_rules_under_which_nothing_fits_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError) as caught:
        CueRules(**wrong)  # type: ignore[arg-type] # The names decide the types.
    assert caught.value.code is ErrorCode.INVALID_OPTION
    assert next(iter(wrong)) in caught.value.message or "min_s" in caught.value.message
