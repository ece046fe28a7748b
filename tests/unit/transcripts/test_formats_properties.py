"""What holds for every transcript, however odd: nothing lost, in order, within the limits, and read back as written."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stenopool.transcripts.formats import Cue, CueRules, Format, cues_of, render, rules_for
from stenopool.transcripts.formats.visible import columns, visible
from stenopool.transcripts.model import Segment, Transcript, Word
from tests.unit.transcripts.made_transcripts import Shown, read_with_pysubs2, read_with_webvtt, transcript

NASTY = st.sampled_from(
    "--> <i> </i> & &amp; {\\an8} {\\p1} \\N \\h \\n \n \r\n \x00 \x1b \u202e \u2066 \u2028 NOTE STYLE WEBVTT 42 7 -1. = + - @ "
    "00:00:01,000 00:00:02.000 00:01.50 1:2:3,4 10:20:30 <00:00:01.000> < > { } \\ ' \" ... ? ! \u00a0 \u202f \u200d \u0301 "
    "。 、 「 」 ー 日本語 です 中文字 ภาษาไทย เที่ยว 한국어 שלום العربية 👩\u200d👧 \u2060 \u200f".split(" ")
)
PLAIN = st.text(alphabet="abcdefghij.,", min_size=1, max_size=12)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
TEXTS = st.lists(PLAIN | NASTY | ANY, max_size=25).map(" ".join)
TIMES = st.floats(0, 3, allow_nan=False) | st.just(0.0)


@st.composite
def segments(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> tuple[Segment, ...]:
    made, now = [], 0.0
    for text in draw(st.lists(texts, max_size=5)):
        start = now + draw(TIMES)
        words, now = [], start
        for word in text.split():
            begin = now + draw(TIMES) / 3
            now = begin + draw(TIMES) / 3
            words.append(Word(start=begin, end=now, word=f" {word}"))
        kept = tuple(words) if draw(st.booleans()) else None
        made.append(Segment(start=start, end=now, text=text, words=kept))
    return tuple(made)


RULES = st.builds(
    CueRules,
    line_columns=st.sampled_from([10, 26, 42]),
    lines=st.integers(1, 3),
    min_s=st.sampled_from([0.0, 5 / 6]),
    max_s=st.sampled_from([1.0, 7.0]),
    gap_s=st.sampled_from([0.0, 1 / 12, 1.0]),
)


def made_of(parts: tuple[Segment, ...]) -> Transcript:
    return transcript(*parts)


@pytest.mark.parametrize("read", [read_with_pysubs2, read_with_webvtt])
@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
@settings(max_examples=60, deadline=None)
@given(parts=segments(), rules=RULES)
def test_parsers_find_the_cues_that_were_written(
    read: Callable[[str, Format], list[Shown]], form: Format, parts: tuple[Segment, ...], rules: CueRules
) -> None:
    made = made_of(parts)
    expected = [
        Shown(cue.start_ms, cue.end_ms, "\n".join(cue.lines).replace("\u200f", "")) for cue in cues_of(made, rules)
    ]
    assert read(render(made, form, rules), form) == expected


@settings(max_examples=80, deadline=None)
@given(parts=segments(), rules=RULES)
def test_cues_ascend_never_overlap_and_end_in_time(parts: tuple[Segment, ...], rules: CueRules) -> None:
    cues = cues_of(made_of(parts), rules)
    assert all(0 <= cue.start_ms < cue.end_ms <= cue.start_ms + rules.max_s * 1000 for cue in cues)
    assert all(one.end_ms <= two.start_ms for one, two in pairwise(cues))


@settings(max_examples=80, deadline=None)
@given(parts=segments(), rules=RULES)
def test_lines_keep_their_limits_unless_a_word_is_longer(parts: tuple[Segment, ...], rules: CueRules) -> None:
    for cue in cues_of(made_of(parts), rules):
        assert 1 <= len(cue.lines) <= rules.lines
        assert all(columns(line) <= rules.line_columns or " " not in line for line in cue.lines)


@settings(max_examples=80, deadline=None)
@given(parts=segments(), rules=RULES)
def test_every_visible_character_is_shown_once_and_in_order(parts: tuple[Segment, ...], rules: CueRules) -> None:
    shown = "".join(line for cue in cues_of(made_of(parts), rules) for line in cue.lines)
    assert shown.replace(" ", "") == "".join(visible(part.text) for part in parts).replace(" ", "")


@settings(max_examples=80, deadline=None)
@given(parts=segments(st.lists(PLAIN, max_size=40).map(" ".join)), rules=RULES)
def test_words_are_neither_joined_nor_torn(parts: tuple[Segment, ...], rules: CueRules) -> None:
    shown = " ".join(line for cue in cues_of(made_of(parts), rules) for line in cue.lines)
    assert shown.split() == " ".join(part.text for part in parts).split()


@settings(max_examples=100, deadline=None)
@given(parts=segments(st.text(alphabet="日本語学ひらがなカタカナ。、「」ー", max_size=90)))
def test_japanese_without_spaces_keeps_the_limit(parts: tuple[Segment, ...]) -> None:
    rules = rules_for("ja")
    cues: list[Cue] = cues_of(transcript(*parts, language="ja"), rules)
    assert all(columns(line) <= rules.line_columns for cue in cues for line in cue.lines)


@settings(max_examples=80, deadline=None)
@given(parts=segments())
def test_the_table_has_a_row_of_three_fields_per_visible_segment(parts: tuple[Segment, ...]) -> None:
    rows = render(made_of(parts), Format.TSV).split("\n")
    assert rows[-1] == ""
    assert len(rows) - 2 == sum(1 for part in parts if visible(part.text))
    assert all(len(row.split("\t")) == 3 and row.split("\t")[2][0] not in '=+-@\t\r"' for row in rows[1:-1])
