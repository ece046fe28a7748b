"""Counts what a model gets wrong: words, languages, times."""

import time
from collections.abc import Iterable
from typing import Any

import jiwer
import numpy as np
from recordings import Recording


class Score:
    """Of one test; grows with each recording."""

    def __init__(self, *, is_translated: bool = False) -> None:
        """``is_translated``: the text is compared with the English script."""
        self.mistakes: list[str] = []
        """Recordings with a wrong word, as lines."""
        self._is_translated = is_translated
        self._errors = self._words = self._exact = self._languages = self._count = 0
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._word_starts: list[float] = []
        self._fallbacks = 0
        self._began = time.time()
        self._audio_s = 0.0

    def add(self, recording: Recording, segments: Iterable[Any], info: Any) -> None:
        """Takes what faster-whisper gave for a recording."""
        heard = list(segments)
        text = "".join(segment.text for segment in heard).strip()
        script = recording.english if self._is_translated else recording.script
        counted = jiwer.process_words(_plain(script), _plain(text))
        wrong = counted.substitutions + counted.deletions + counted.insertions
        self._count += 1
        self._errors += wrong
        self._words += len(_plain(script).split())
        self._exact += text == script
        self._languages += info.language == recording.language
        self._fallbacks += any(segment.temperature for segment in heard)
        self._audio_s += recording.duration_s
        if wrong:
            self.mistakes.append(f"{script!r} heard as {text!r}, {recording.voice}")
        if heard:
            self._starts.append(abs(heard[0].start - recording.spans[0][0]))
            self._ends.append(abs(heard[-1].end - recording.spans[-1][1]))
        if not wrong and not self._is_translated:
            self._add_words(recording, [word.start for segment in heard for word in segment.words or ()])

    def _add_words(self, recording: Recording, starts: list[float]) -> None:
        if len(starts) == len(recording.word_starts) == len(recording.script.split()):
            self._word_starts += [abs(one - two) for one, two in zip(starts, recording.word_starts, strict=True)]

    def __str__(self) -> str:
        elapsed = time.time() - self._began
        return (
            f"wrong {self._errors / self._words:6.2%}  exact {self._exact}/{self._count}  "
            f"language {self._languages}/{self._count}  start {_spread(self._starts)} end {_spread(self._ends)} "
            f"word {_spread(self._word_starts)}  fallbacks {self._fallbacks}  "
            f"{1000 * elapsed / self._count:.0f} ms each, {self._audio_s / elapsed:.0f}x"
        )


def _spread(errors: list[float]) -> str:
    """Median, 90th percentile and maximum in seconds."""
    if not errors:
        return "-"
    return f"{np.median(errors):.2f}/{np.percentile(errors, 90):.2f}/{max(errors):.2f}"


def _plain(text: str) -> str:
    return " ".join("".join(letter for letter in text.lower() if letter not in ".,?!").split())
