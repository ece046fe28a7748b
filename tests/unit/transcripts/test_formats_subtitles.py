"""SRT and WebVTT: what is written, and that hostile text comes back from two parsers as it was."""

from collections.abc import Callable

import pytest

from stenopool.transcripts.formats import CueRules, Format, cues_of, render, rules_for
from stenopool.transcripts.model import Transcript
from tests.unit.transcripts.made_transcripts import Shown, read_with_pysubs2, read_with_webvtt, said, transcript

SUBTITLES = [Format.SRT, Format.VTT]

HOSTILE = [
    "Ends here --> 00:00:09,000",
    "1 00:00:01,000 --> 00:00:02,000 forged",
    "00:00:01.000 --> 00:00:02.000",
    "It ran from 10:20:30,400 to 10:20:31.500 exactly",
    "Between 12:30.50 and 12:31.50 on the clock",
    "<script>alert(1)</script>",
    "<b>bold</b> <i>and</i> <font color=red>red</font>",
    "</c> <00:00:01.000> <v Mallory>forged",
    "a < b && c > d",
    "already &lt;escaped&gt; &amp; &nbsp; &#60;",
    "-->",
    "--> --> -->",
    "---> <!-- --!>",
    "{\\an8}up there {\\p1}m 0 0 l 9 9{\\p0}",
    "C:\\New\\home\\notes \\N \\n \\h \\\\N",
    "{Y:i}italic{y:b} {}{ } }{",
    "first\n\nsecond\r\n\r\nthird\rfourth",
    "NOTE this is no comment",
    "STYLE ::cue { color: red }",
    "WEBVTT",
    "REGION id:x",
    "X-TIMESTAMP-MAP=MPEGTS:900000",
    "42",
    "-1.5",
    "The answer to all of it, as we were told at last, is\u00a0only 42",
    "a\x00b\x1bc\x0bd\x0ce\x1cf\x85g\u2028h\u2029i\ufeffj",
    "\u202eesrever\u202c \u2066isolated\u2069",
    "zero\u200bwidth\u200djoined",
    "\u2060-\u2060-\u2060>",
    "=1+1 @here",
    "שלום לעולם",
    "😀😀😀 👩\u200d👩\u200d👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "x" * 500,
]

READERS = [read_with_pysubs2, read_with_webvtt]


def shown(made: Transcript, rules: CueRules) -> list[Shown]:
    return [Shown(cue.start_ms, cue.end_ms, "\n".join(cue.lines)) for cue in cues_of(made, rules)]


def test_srt_is_written_as_players_expect_it() -> None:
    made = transcript(said("Hello there.", 0.5, 2.0), said("Bye.", 3661.0, 3662.0), duration=4000)
    assert render(made, Format.SRT) == (
        "1\n00:00:00,500 --> 00:00:02,000\nHello there.\n\n2\n01:01:01,000 --> 01:01:02,000\nBye.\n\n"
    )


def test_vtt_is_written_with_numbered_cues() -> None:
    assert render(transcript(said("Tom & Jerry <3", 0.5, 2.0)), Format.VTT) == (
        "WEBVTT\n\n1\n00:00:00.500 --> 00:00:02.000\nTom &amp; Jerry &lt;3\n\n"
    )


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("form", SUBTITLES)
@pytest.mark.parametrize("text", HOSTILE)
def test_threat_26_hostile_text_comes_back_as_it_was(
    text: str, form: Format, read: Callable[[str, Format], list[Shown]]
) -> None:
    made = transcript(said("Before.", 0, 2), said(text, 5, 9), said("After.", 12, 14))
    expected = shown(made, rules_for("en"))
    assert len(expected) >= 3
    assert read(render(made, form), form) == expected


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("form", SUBTITLES)
def test_a_number_alone_on_the_last_line_is_not_taken_for_a_cue_number(
    form: Format, read: Callable[[str, Format], list[Shown]]
) -> None:
    rules = CueRules(line_columns=10, lines=3)
    made = transcript(said("something 5 10:20:30", 0, 3), said("answers: 42", 6, 9))
    assert read(render(made, form, rules), form) == shown(made, rules)
    assert shown(made, rules)[-1].text == "answers:\n42"


def test_no_markup_is_left_for_players_that_are_lenient() -> None:
    made = transcript(said("<i>x</i> {\\an8}y --> z"))
    srt = render(made, Format.SRT)
    assert srt.count("-->") == 1
    assert "<i" not in srt
    assert "{\\" not in srt


def test_a_plain_text_is_written_without_any_guard() -> None:
    made = transcript(said("It's 5:30, isn't it? 100% sure - 3.5 (or so); \"quoted\", A/B, e-mail@x.org #1 $5."))
    for form in SUBTITLES:
        assert render(made, form).isascii()


def test_a_hebrew_line_that_begins_with_a_latin_word_is_marked_as_right_to_left() -> None:
    made = transcript(said("Google היא חברה גדולה", 0, 3), said("שלום Python", 6, 9), language="he")
    lines = [line for line in render(made, Format.SRT).splitlines() if "ה" in line or "ש" in line]
    assert lines == ["\u200fGoogle היא חברה גדולה", "שלום Python"]


def test_a_time_beyond_what_srt_can_hold_is_held_without_a_warning() -> None:
    made = transcript(said("Late.", 400_000.0, float("inf")), duration=600_000)
    (cue,) = read_with_webvtt(render(made, Format.SRT), Format.SRT)
    assert 0 < cue.start_ms < cue.end_ms < 100 * 3_600_000
