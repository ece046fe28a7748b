"""Pieces of a text: put together they are the text, whatever stands between its segments."""

import pytest

from api.services.openai.text_feed import pieces_of
from stenopool.transcripts.model import Segment, Transcript
from tests.unit.api.fake_ledger import IDENTITY


def transcript(text: str, *segments: str) -> Transcript:
    return Transcript(
        transcription_id="1" * 32,
        text=text,
        segments=tuple(Segment(start=at, end=at + 1, text=segment) for at, segment in enumerate(segments)),
        language="en",
        duration=8.0,
        speech_duration=8.0,
        task="transcribe",
        identity=IDENTITY,
        options={},
        processing_s=0.1,
    )


@pytest.mark.parametrize(
    ("text", "segments", "pieces"),
    [
        ("Good morning. And you?", ["Good morning.", "And you?"], ["Good morning.", " And you?"]),
        ("你好世界", ["你好", "世界"], ["你好", "世界"]),
        ("yes yes", ["yes", "yes"], ["yes", " yes"]),
        ("", [], []),
        ("one two", ["one", "", "two"], ["one", " two"]),
        ("another text", ["of", "segments"], ["another text"]),
    ],
)
def test_the_pieces_make_the_text(text: str, segments: list[str], pieces: list[str]) -> None:
    made = list(pieces_of(transcript(text, *segments)))
    assert made == pieces
    assert "".join(made) == text
