"""Formats a transcript is handed out in; re-formatting reads the stored transcript and never recognises again."""

from stenopool.transcripts.formats.cues import Cue, cues_of
from stenopool.transcripts.formats.kinds import Format
from stenopool.transcripts.formats.negotiation import format_of
from stenopool.transcripts.formats.rendering import FileFormat, render, render_pieces
from stenopool.transcripts.formats.rules import CueRules, rules_for

__all__ = ["Cue", "CueRules", "FileFormat", "Format", "cues_of", "format_of", "render", "render_pieces", "rules_for"]
