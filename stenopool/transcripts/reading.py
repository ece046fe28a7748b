"""Reads a stored transcript a segment at a time: four hours of speech with words never stand in memory as a whole.

Parsing all at once also holds the interpreter's lock for all of it, and with it an event loop in the same process. Here
it is held for a segment.
"""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from pydantic import ValidationError

from stenopool.transcripts.model import Segment, Transcript, TranscriptFacts

_BLOCK_BYTES: Final = 64 * 1024
_SPACE: Final = " \t\r\n"
_BEHIND_VALUE: Final = frozenset(",:]}" + _SPACE)
_SEGMENTS: Final = "segments"


@dataclass(frozen=True, slots=True)
class ReadTranscript:
    """A transcript whose segments come one by one, once."""

    facts: TranscriptFacts
    segments: Iterator[Segment]
    """Raises ``ValueError`` where what is stored is no segment, ``OSError`` where it cannot be read."""

    @property
    def language(self) -> str:
        """As ``Transcript``."""
        return self.facts.language

    @property
    def duration(self) -> float:
        """As ``Transcript``, seconds."""
        return self.facts.duration

    @property
    def task(self) -> str:
        """As ``Transcript``."""
        return self.facts.task

    def whole(self) -> Transcript:
        """All of it; the segments are used up then. Raises ``ValueError``, ``OSError``."""
        return Transcript(**dict(self.facts), segments=tuple(self.segments))


def read_transcript(file: BinaryIO) -> ReadTranscript:
    """The transcript in ``file``, which is read from where it stands and as far as the segments are asked for.

    Raises:
        ValueError: what is stored is no transcript.
        OSError: it cannot be read.
    """
    start = file.tell()
    scanner = _Scanner(file)
    found: dict[str, object] = {}
    for name in scanner.names():
        if name != _SEGMENTS:
            found[name] = scanner.value()
            continue
        try:
            # Segments stand last, so that all else is known by now.
            return ReadTranscript(TranscriptFacts.model_validate(found), _segments(scanner))
        except ValidationError:
            # Of the first release, where facts stand behind them as well.
            for _ in scanner.items():
                pass
    facts = TranscriptFacts.model_validate(found)
    file.seek(start)
    return ReadTranscript(facts, _from_the_start(file))


def _from_the_start(file: BinaryIO) -> Iterator[Segment]:
    scanner = _Scanner(file)
    for name in scanner.names():
        if name == _SEGMENTS:
            yield from _segments(scanner)
            return
        scanner.value()
    raise ValueError("a transcript without segments")


def _segments(scanner: "_Scanner") -> Iterator[Segment]:
    return (Segment.model_validate(item) for item in scanner.items())


class _Scanner:
    """A JSON text, one value after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode_bytes = codecs.getincrementaldecoder("utf-8")().decode
        self._decode_value = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._is_over = False
        self._block_bytes = _BLOCK_BYTES

    def names(self) -> Iterator[str]:
        """The names of the object that begins here; whoever asks for the next one has read the value."""
        self._expect("{")
        if self._next() == "}":
            return
        while True:
            name = self.value()
            self._expect(":")
            yield str(name)
            if self._next() != ",":
                self._expect("}")
                return
            self._expect(",")

    def items(self) -> Iterator[object]:
        """The values of the array that begins here."""
        self._expect("[")
        if self._next() == "]":
            self._expect("]")
            return
        while True:
            yield self.value()
            if self._next() != ",":
                self._expect("]")
                return
            self._expect(",")

    def value(self) -> object:
        """The value that begins here."""
        self._next()
        while True:
            try:
                value, end = self._decode_value(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            # A number may go on behind what was read so far, and its beginning is a number too.
            if self._text[end : end + 1] in _BEHIND_VALUE or not self._more():
                self._at = end
                self._block_bytes = _BLOCK_BYTES
                return value

    def _next(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"{character} is missing in a stored transcript")
        self._at += 1

    def _more(self) -> bool:
        """Reads on; False at the end. Twice as much each time for one value, which is looked at from its start again."""
        if self._is_over:
            return False
        block = self._file.read(self._block_bytes)
        if not block:
            self._is_over = True
            self._decode_bytes(b"", final=True)
            return False
        self._text = self._text[self._at :] + self._decode_bytes(block)
        self._at = 0
        self._block_bytes *= 2
        return True
