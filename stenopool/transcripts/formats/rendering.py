"""Renders a transcript in a format. Pure: the same transcript, format and rules give the same text."""

from collections.abc import Iterator
from typing import Literal

from stenopool.transcripts.formats.cues import cues_of, written_language
from stenopool.transcripts.formats.kinds import Format
from stenopool.transcripts.formats.plain import table_rows, text_lines
from stenopool.transcripts.formats.rules import CueRules, rules_for
from stenopool.transcripts.formats.subtitles import write_subtitles
from stenopool.transcripts.model import Heard, Transcript

FileFormat = Literal[Format.TEXT, Format.TSV, Format.SRT, Format.VTT]
"""Formats with segments and no more; JSON holds all of a transcript."""


def render(transcript: Transcript, form: Format, rules: CueRules | None = None) -> str:
    """The transcript as the text of a file, to be encoded as UTF-8; ``rules`` as in ``render_pieces``."""
    if form is Format.JSON:
        return transcript.model_dump_json()
    return "".join(render_pieces(transcript, form, rules))


def render_pieces(transcript: Heard, form: FileFormat, rules: CueRules | None = None) -> Iterator[str]:
    """The same in pieces: text and table a segment at a time, each segment asked for when its turn comes.

    Subtitles are one piece: where a cue ends is decided by what follows, and pysubs2 numbers and writes a whole file.
    Their words are in memory together, about 30 MB for four hours of speech, and they cost about a third of a second of
    processor time per hour: call it from a thread where others wait. ``rules`` shape SRT and VTT alone; None means
    those of the guide for the language the text is written in.
    """
    match form:
        case Format.TEXT:
            yield from text_lines(transcript.segments)
        case Format.TSV:
            yield from table_rows(transcript.segments)
        case Format.SRT | Format.VTT:
            language = written_language(transcript)
            yield write_subtitles(cues_of(transcript, rules or rules_for(language)), form, language)
