"""How subtitles are laid out, with the published limits that are the defaults.

The guide is the Netflix Timed Text Style Guide (partnerhelp.netflixstudios.com), the one whose limits per language
are public. Its articles, with their numbers there: *General Requirements* (215758617), *Subtitle Timing Guidelines*
(360051554394), *English (USA)*, *Japanese* (215767517), *Korean* (216001127), *Simplified Chinese (PRC)*, *Thai*
(220448308). Reading speeds per language for adult SDH also stand as a table in Subtitle Edit
(``libse/NetflixQualityCheck/NetflixQualityController.cs``), which the numbers for Japanese, Korean and Chinese follow.

Widths are in columns: a full-width character takes two, all others one. The Japanese and Korean guides count so (a
half-width character as 0.5), so that one number holds for mixed text too.
"""

from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode, UsageError

LINE_COLUMNS: Final = 42
"""English (USA), "Character Limitation": 42 characters per line."""

LINES: Final = 2
"""General Requirements, "Line Treatment": 2 lines maximum."""

MIN_S: Final = 5 / 6
"""General Requirements, "Duration": at least 5/6 of a second per subtitle."""

MAX_S: Final = 7.0
"""General Requirements, "Duration": at most 7 seconds per subtitle."""

COLUMNS_PER_SECOND: Final = 20.0
"""English (USA), "Reading Speed Limits": adult programmes up to 20 characters per second. The limit for subtitles in
the language that is spoken (SDH), which a transcript is, is the same in most languages."""

GAP_S: Final = 2 / 24
"""Subtitle Timing Guidelines: two frames between subtitles, at the guide's 24 frames per second."""

CHAIN_S: Final = 12 / 24
"""Subtitle Timing Guidelines, "closing gaps": a gap of 12 frames or fewer is closed to two frames."""

LINGER_S: Final = 12 / 24
"""Subtitle Timing Guidelines, "Timing to audio": up to half a second past the end of the audio, if reading needs it."""


@dataclass(frozen=True, slots=True)
class CueRules:
    """Limits of a cue; lengths of time in seconds, widths in columns.

    Where they contradict one another in a transcript, the earlier one holds: cues never overlap, no line is longer
    than ``line_columns`` unless one word is, no cue has more than ``lines`` lines or lasts longer than ``max_s``, then
    ``min_s``, ``gap_s`` and the reading speed. No word is ever left out.

    Raises:
        UsageError: ``invalid_option`` for limits under which no subtitle can be made.
    """

    line_columns: int = LINE_COLUMNS
    lines: int = LINES
    min_s: float = MIN_S
    max_s: float = MAX_S
    columns_per_second: float = COLUMNS_PER_SECOND
    gap_s: float = GAP_S

    def __post_init__(self) -> None:
        bounds = {
            "line_columns": (10, self.line_columns, 1000),
            "lines": (1, self.lines, 10),
            "min_s": (0.0, self.min_s, self.max_s),
            "max_s": (1.0, self.max_s, 3600.0),
            "columns_per_second": (1.0, self.columns_per_second, 1000.0),
            "gap_s": (0.0, self.gap_s, 1.0),
        }
        for name, (least, value, most) in bounds.items():
            if not least <= value <= most:
                raise UsageError(
                    ErrorCode.INVALID_OPTION, f"{name}: {value:g} is out of bounds", f"{least:g} to {most:g}"
                )


_BY_LANGUAGE: Final = {
    # 13 full-width characters; 7 per second in subtitles for the deaf, which are in the language spoken.
    "ja": CueRules(line_columns=26, columns_per_second=14.0),
    # 16 characters, Latin letters, spaces and punctuation as half of one; 14 per second.
    "ko": CueRules(line_columns=32, columns_per_second=28.0),
    # 16 full-width characters; 11 per second.
    "zh": CueRules(line_columns=32, columns_per_second=22.0),
    "yue": CueRules(line_columns=32, columns_per_second=22.0),
    # 35 characters; vowel signs and tone marks above and below the line take no column.
    "th": CueRules(line_columns=35),
}
"""Languages whose own guide has other limits; the speeds are those for adult SDH, in columns."""


def rules_for(language: str) -> CueRules:
    """The default rules for a language (Whisper's code) that the text is written in."""
    return _BY_LANGUAGE.get(language, _DEFAULT)


_DEFAULT: Final = CueRules()
