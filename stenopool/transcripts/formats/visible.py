"""What of a text is shown: one line, without characters that steer a terminal, a player or the direction of reading."""

import re
import unicodedata
from typing import Final

from wcwidth import wcswidth

FIXED_SPACES: Final = "\u00a0\u2007\u202f"
"""Spaces at which no line breaks, such as French sets before a question mark: they stay."""

_GAP: Final = re.compile(rf"[{FIXED_SPACES}]*[^\S{FIXED_SPACES}]\s*")

_STEERING: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # Controls that are no white space: escape sequences, NUL.
    "\u202a-\u202e\u2066-\u2069"  # Embeddings, overrides and isolates: they turn the text around them.
    "\u2028\u2029\u2060\ufeff\ufff9-\ufffb"  # Separators, the guard of subtitles.py, byte order mark, annotations.
    "]"
)
"""Marks that single letters need (joiners, U+200E, U+200F, U+061C) are not among them."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` as one line without surrounding white space; empty when nothing in it can be seen.

    White space, line ends among it, becomes single spaces. Control characters and bidirectional overrides are left
    out; half a surrogate pair, which no encoding can hold, becomes U+FFFD.
    """
    line = _GAP.sub(" ", _SURROGATE.sub("\ufffd", text))
    line = _GAP.sub(" ", _STEERING.sub("", line)).strip()
    return line if any(unicodedata.category(character)[0] not in "CZM" for character in line) else ""


def columns(text: str) -> int:
    """Width of a visible text in columns: full-width characters take two, combining marks none (UAX #11)."""
    return max(0, wcswidth(text))
