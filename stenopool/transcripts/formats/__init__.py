"""Formats a transcript is handed out in; re-formatting reads the stored transcript and never recognises again."""

from stenopool.transcripts.formats.cues import Cue, cues_of
from stenopool.transcripts.formats.kinds import Format
from stenopool.transcripts.formats.negotiation import format_of
from stenopool.transcripts.formats.rendering import render
from stenopool.transcripts.formats.rules import CueRules, rules_for

__all__ = ["Cue", "CueRules", "Format", "cues_of", "format_of", "render", "rules_for"]
