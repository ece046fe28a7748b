"""Reading a stored transcript by segments gives what reading it at once gives, wherever the blocks end."""

import io
import json

import pytest
from pydantic import ValidationError

from stenopool.transcripts import reading
from stenopool.transcripts.model import Segment, Transcript, Word
from stenopool.transcripts.reading import read_transcript
from tests.unit.transcripts.made_transcripts import said, spoken, transcript

NASTY = 'quote " backslash \\ "segments":[] 日本語 👩‍👧 \u2028 \x00 }]'
MADE = transcript(
    said(NASTY),
    spoken([("one", 4.0, 4.5), ("two", 4.5, 5.125)]),
    Segment(start=5.5, end=6, text="", confidence=0.25, words=(), speaker="a"),
    Segment(start=7, end=1e3, text="x", words=(Word(start=7, end=8, word="x", probability=1),)),
    language="de",
)


def stored(made: Transcript) -> bytes:
    return made.model_dump_json().encode()


def of_first_release(made: Transcript) -> bytes:
    """Segments stood between the text and the rest."""
    facts = json.loads(stored(made))
    segments = facts.pop("segments")
    names = list(facts)
    behind = {name: facts[name] for name in names[3:]}
    return json.dumps({**{name: facts[name] for name in names[:3]}, "segments": segments, **behind}).encode()


@pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 64, 65_536])
@pytest.mark.parametrize("made", [MADE, transcript(), transcript(said("x"))])
def test_it_is_what_reading_at_once_gives(monkeypatch: pytest.MonkeyPatch, made: Transcript, block_bytes: int) -> None:
    monkeypatch.setattr(reading, "_BLOCK_BYTES", block_bytes)
    spaced = json.dumps(json.loads(stored(made)), indent=1).encode()
    for body in (stored(made), of_first_release(made), spaced):
        assert read_transcript(io.BytesIO(body)).whole() == made == Transcript.model_validate_json(body)


def test_segments_stand_last_so_that_a_file_is_read_as_far_as_it_is_asked_for() -> None:
    many = transcript(*(said("word " * 20, number, number + 1) for number in range(10_000)))
    body = stored(many)
    assert list(json.loads(body))[-1] == "segments"
    file = io.BytesIO(body)
    read = read_transcript(file)
    assert next(read.segments) == many.segments[0]
    # What has been read is mostly the transcript's text, a third of the whole.
    assert file.tell() < 0.75 * len(body)
    assert (read.language, read.task, read.duration) == ("en", "transcribe", 10_000)


def test_what_is_cut_off_anywhere_is_no_transcript() -> None:
    body = stored(MADE)
    for length in range(len(body) - 2):
        with pytest.raises(ValueError):
            read_transcript(io.BytesIO(body[:length])).whole()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"segments":{}}',
        b'{"segments":[1]}',
        b'{"a" 1}',
        stored(MADE).replace(b'"start":4.0', b'"start":"?"'),
        stored(MADE).replace(b"\xe6\x97\xa5", b"\xe6\x97"),
        stored(MADE).replace(b'"v":1', b'"unknown":1'),
        stored(MADE).replace(b"},{", b"} {"),
    ],
)
def test_what_is_no_transcript_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError):
        read_transcript(io.BytesIO(body)).whole()


def test_a_wrong_segment_is_found_when_its_turn_comes() -> None:
    body = stored(MADE).replace(b'"text":"x"', b'"text":5')
    segments = read_transcript(io.BytesIO(body)).segments
    assert [next(segments).text for _ in range(3)] == [NASTY, "one two", ""]
    with pytest.raises(ValidationError):
        next(segments)
