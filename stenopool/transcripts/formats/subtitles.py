r"""Writes cues as SRT and WebVTT so that no text can be taken for a tag, a timing or the end of a cue.

pysubs2 does the writing. It escapes nothing, and takes texts for SubStation markup: ``\N`` is a line end to it and a
cue with ``{\p1}`` a drawing that it leaves out. WebVTT has character references for ``&<>``. SRT has no escape at all;
there a U+2060 WORD JOINER, which is invisible and has no width, parts what a player would take for markup. FFmpeg
defuses backslashes with the same character when it reads WebVTT (``libavcodec/webvttdec.c``).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from pysubs2 import SSAEvent, SSAFile

from stenopool.transcripts.formats.cues import Cue
from stenopool.transcripts.formats.kinds import Format

GUARD: Final = "\u2060"
"""Stands in no visible text (visible.py), so that removing it gives the text back."""

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "sd", "ur", "yi"})
"""Whisper's languages that are written from right to left."""

_RIGHT_TO_LEFT_MARK: Final = "\u200f"

_SUBSTATION: Final = re.compile(r"[\\{]")
_SUBRIP: Final = re.compile(r"<|--(?=>)")
_TIMING: Final = re.compile(r"(?:\d:\d\d?:\d\d?|\d\d:\d\d)(?=[.,]\d)")
"""A time of day with a fraction: readers that search lines for two of them take such a line for a timing."""
_NUMBER: Final = re.compile(r"-?\d+\.?\d*")
"""A line that is but a number, below another one: readers take it for the number of the following cue."""
_REFERENCES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_subtitles(cues: Iterable[Cue], form: Format, language: str) -> str:
    """The cues as a file's text, ``form`` being SRT or VTT; ``language`` is the one it is written in."""
    file = SSAFile()
    for cue in cues:
        lines = (_escaped(_directed(line, language), form, number) for number, line in enumerate(cue.lines))
        file.append(SSAEvent(start=cue.start_ms, end=cue.end_ms, text=r"\N".join(lines)))
    # Kept, because there are none: to drop tags, pysubs2 would look for braces and drop what it takes for one.
    return file.to_string(form.value, keep_ssa_tags=True)


def _escaped(line: str, form: Format, number: int) -> str:
    line = _TIMING.sub(lambda match: match[0] + GUARD, _SUBSTATION.sub(lambda match: match[0] + GUARD, line))
    if number and _NUMBER.fullmatch(line):
        line += GUARD
    if form is Format.VTT:
        return line.translate(_REFERENCES)
    return _SUBRIP.sub(lambda match: match[0] + GUARD, line)


def _directed(line: str, language: str) -> str:
    """Marks a line whose first letter runs the other way: players order a line by that letter (UAX #9, P2)."""
    if language in RIGHT_TO_LEFT:
        strong = (kind for character in line if (kind := unicodedata.bidirectional(character)) in ("L", "R", "AL"))
        if next(strong, "L") == "L":
            return _RIGHT_TO_LEFT_MARK + line
    return line
