"""Live text as deltas: pieces that a client puts together and that cannot be taken back. Pure."""

import unicodedata
from collections.abc import Sequence
from typing import Final

_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "MYANMAR", "KHMER", "TIBETAN")
"""Scripts in which no space stands between words, as the names of their letters begin."""


class Deltas:
    """What was told of a text so far, and what may be told next."""

    def __init__(self) -> None:
        self._told = ""
        self._heard: list[str] = []

    def hear(self, segment: str) -> str:
        """What a further segment adds to what was told; empty while it only repeats that, or contradicts it."""
        self._heard.append(segment)
        return self._beyond(joined(self._heard))

    def restart(self) -> None:
        """Another attempt begins: its segments come from the first on."""
        self._heard = []

    def end(self, text: str) -> str:
        """What is left of the text when it is known; empty when something else was told."""
        return self._beyond(text)

    def _beyond(self, text: str) -> str:
        if not text.startswith(self._told):
            return ""
        delta = text[len(self._told) :]
        self._told = text
        return delta


def joined(segments: Sequence[str]) -> str:
    """The segments as a transcript puts them together: without spaces where the language has none.

    The language is not told while it is recognised, so it is seen from most of the letters in the first of them.
    """
    letters = [letter for letter in segments[0] if letter.isalpha()] if segments else []
    unspaced = [letter for letter in letters if unicodedata.name(letter, "").startswith(_UNSPACED)]
    return ("" if len(unspaced) * 2 > len(letters) else " ").join(segments)
