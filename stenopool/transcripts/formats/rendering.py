"""Renders a transcript in a format. Pure: the same transcript, format and rules give the same text."""

from stenopool.transcripts.formats.cues import cues_of, written_language
from stenopool.transcripts.formats.kinds import Format
from stenopool.transcripts.formats.plain import write_table, write_text
from stenopool.transcripts.formats.rules import CueRules, rules_for
from stenopool.transcripts.formats.subtitles import write_subtitles
from stenopool.transcripts.model import Transcript


def render(transcript: Transcript, form: Format, rules: CueRules | None = None) -> str:
    """The transcript as the text of a file, to be encoded as UTF-8.

    ``rules`` shape SRT and VTT alone; None means those of the guide for the language the text is written in. Subtitles
    cost about a third of a second per hour of speech: call it from a thread where others wait.
    """
    match form:
        case Format.JSON:
            return transcript.model_dump_json()
        case Format.TEXT:
            return write_text(transcript.segments)
        case Format.TSV:
            return write_table(transcript.segments)
        case Format.SRT | Format.VTT:
            language = written_language(transcript)
            return write_subtitles(cues_of(transcript, rules or rules_for(language)), form, language)
