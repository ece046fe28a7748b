"""Text, table and JSON."""

import csv
import io
import json

import pytest

from stenopool.transcripts.formats import Format, render
from stenopool.transcripts.model import Transcript
from tests.unit.transcripts.made_transcripts import said, transcript


def test_text_has_a_line_per_segment() -> None:
    made = transcript(said(" One two. "), said("Three.", 4, 5))
    assert render(made, Format.TEXT) == "One two.\nThree.\n"


def test_text_holds_nothing_that_steers_a_terminal_or_turns_the_reading() -> None:
    made = transcript(said("a\x1b[31mb\x00c\u202ed\u2066e\r\nf\u2028g\x9bh"))
    assert render(made, Format.TEXT) == "a[31mbcde f gh\n"


def test_what_letters_need_stays() -> None:
    # A zero-width joiner in Persian and in an emoji, a no-break space in French, a mark in Hebrew.
    text = "می\u200cخواهم 👩\u200d🚀 Quoi\u00a0? א\u200f!"
    assert render(transcript(said(text)), Format.TEXT) == f"{text}\n"


def test_half_a_surrogate_pair_can_be_encoded() -> None:
    # Validation refuses it; a record that was copied without validation may still hold it.
    made = transcript(said("ab")).model_copy(update={"segments": (said("ab").model_copy(update={"text": "a\ud800b"}),)})
    assert render(made, Format.TEXT).encode() == "a\ufffdb\n".encode()


def test_a_transcript_without_speech_is_empty_in_every_format() -> None:
    made = transcript(said(" \u200b\u0301 \x07"))
    assert render(made, Format.TEXT) == ""
    assert render(made, Format.TSV) == "start\tend\ttext\n"
    assert render(made, Format.SRT) == ""
    assert render(made, Format.VTT) == "WEBVTT\n\n"


def test_the_table_is_the_one_of_the_whisper_command() -> None:
    # whisper/utils.py, WriteTSV: milliseconds rounded, text stripped, tabs replaced by a space.
    made = transcript(said(" Hello\tthere. ", 0.0, 1.2345), said("So.", 2.0004, 3.9996))
    assert render(made, Format.TSV) == "start\tend\ttext\n0\t1234\tHello there.\n2000\t4000\tSo.\n"


@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "\t=", "\r=", "＝", "－", '"', "'=", "''\""])
def test_threat_26_no_field_of_the_table_is_a_formula_or_a_quotation(prefix: str) -> None:
    text = prefix + "cmd|' /C calc'!A0"
    row = render(transcript(said(text), said("Next.", 4, 5)), Format.TSV).splitlines()[1].split("\t")
    assert row[2] == "'" + text.strip()


def test_a_spreadsheet_reads_as_many_rows_as_there_are_segments() -> None:
    made = transcript(said('"Never closed,'), said('he said "so".\nAnd left\x0b.', 4, 5), said("\u2028=1+1", 5, 6))
    rows = list(csv.reader(io.StringIO(render(made, Format.TSV)), dialect="excel-tab"))
    assert [row[2] for row in rows[1:]] == ["'\"Never closed,", 'he said "so". And left .', "'=1+1"]


def test_json_is_the_whole_transcript_and_comes_back() -> None:
    made = transcript(said("<script>alert(1)</script> \x1b\u202e \u2028"))
    assert Transcript.model_validate_json(render(made, Format.JSON)) == made
    assert json.loads(render(made, Format.JSON))["segments"][0]["start"] == 0.0
