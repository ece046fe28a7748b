"""Makes transcripts for the tests of the formats, and reads subtitles back with other people's parsers."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

import pysubs2
import webvtt

from stenopool.transcripts.formats import Format
from stenopool.transcripts.model import EngineIdentity, Segment, Transcript, Word

INVISIBLE = "\u2060\u200f"
"""What the writers add: the guard and the right-to-left mark."""


def transcript(
    *segments: Segment, language: str = "en", task: str = "transcribe", duration: float | None = None
) -> Transcript:
    return Transcript(
        transcription_id="t-1",
        text=" ".join(segment.text for segment in segments),
        segments=segments,
        language=language,
        duration=duration if duration is not None else max((segment.end for segment in segments), default=0.0),
        speech_duration=0,
        task=task,
        identity=EngineIdentity(engine="fake", model="fake", revision="1", compute_type="none"),
        options={},
        processing_s=1,
    )


def said(text: str, start: float = 0.0, end: float = 4.0) -> Segment:
    return Segment(start=start, end=end, text=text)


def spoken(words: Sequence[tuple[str, float, float]]) -> Segment:
    """A segment with word times, its words with the leading space that Whisper gives them."""
    return Segment(
        start=words[0][1],
        end=words[-1][2],
        text=" ".join(word for word, _, _ in words),
        words=tuple(Word(start=start, end=end, word=f" {word}") for word, start, end in words),
    )


@dataclass(frozen=True)
class Shown:
    """A cue as a parser found it."""

    start_ms: int
    end_ms: int
    text: str


def read_with_pysubs2(written: str, form: Format) -> list[Shown]:
    file = pysubs2.SSAFile.from_string(written, form.value)
    return [Shown(event.start, event.end, _plain(event.text.replace("\\N", "\n"), form)) for event in file]


def read_with_webvtt(written: str, form: Format) -> list[Shown]:
    if form is Format.VTT:
        captions = webvtt.from_string(written, strict=True)
    elif not written:
        # It refuses a file without cues.
        return []
    else:
        captions = webvtt.from_buffer(StringIO(written), format="srt")
    return [
        Shown(
            caption.start_time.in_milliseconds(),
            caption.end_time.in_milliseconds(),
            _plain(caption.text if form is Format.VTT else caption.raw_text, form),
        )
        for caption in captions.captions
    ]


def _plain(text: str, form: Format) -> str:
    text = html.unescape(text) if form is Format.VTT else text
    return text.translate({ord(character): None for character in INVISIBLE})
