"""Writes a transcript as lines of text and as a table, one line or row per segment, as the whisper command does."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from stenopool.transcripts.formats.visible import visible
from stenopool.transcripts.model import Segment

_FORMULA: Final = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20\"]")
"""What makes a spreadsheet calculate instead of show (OWASP, CSV Injection; full-width forms count in East Asian
editions). A leading quotation mark would join this row with those below it. Tabs and line ends, the other two on
OWASP's list, are in no visible text."""


def text_lines(segments: Iterable[Segment]) -> Iterator[str]:
    """The text of each segment on a line of its own, line end included."""
    return (f"{text}\n" for _, text in _shown(segments))


def table_rows(segments: Iterable[Segment]) -> Iterator[str]:
    """A header and a row per segment: start and end in whole milliseconds and the text, parted by tabs; line ends included.

    A text that a spreadsheet would take for a formula or a quoted field gets an apostrophe in front; so does one that
    already has apostrophes before such a character, so that taking one off such a text always gives it back.
    """
    yield "start\tend\ttext\n"
    for segment, text in _shown(segments):
        guarded = f"'{text}" if _FORMULA.match(text) else text
        yield f"{round(segment.start * 1000)}\t{round(segment.end * 1000)}\t{guarded}\n"


def _shown(segments: Iterable[Segment]) -> Iterator[tuple[Segment, str]]:
    return ((segment, text) for segment in segments if (text := visible(segment.text)))
