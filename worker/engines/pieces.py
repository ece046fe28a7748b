"""Groups stretches of speech into pieces that an engine recognises one by one; pure.

A piece is one continuous stretch of the audio, pauses inside included, so that its times map back by adding its start.
Pieces begin and end in pauses; only speech without a pause is cut, at its quietest moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.engines.base import SAMPLE_RATE, Audio, SpeechSpan

_HOP = SAMPLE_RATE // 50
"""Loudness is looked at in steps of 20 ms."""

_QUIET_STEPS = 5
"""A cut wants 100 ms of quiet around it: the closure of a stop consonant is shorter."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How stretches become pieces; lengths in seconds."""

    longest_s: float
    """No piece is longer."""
    pause_s: float
    """A pause this long always ends the piece."""
    pad_s: float
    """Audio kept on either side of speech, at most half the pause."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch to be recognised by itself, and the speech in it; samples of the whole audio."""

    from_sample: int
    to_sample: int
    speech: tuple[SpeechSpan, ...]

    @property
    def speech_s(self) -> list[tuple[float, float]]:
        """The speech as seconds from the start of the whole audio."""
        return [(span.from_sample / SAMPLE_RATE, span.to_sample / SAMPLE_RATE) for span in self.speech]


def group_speech(audio: Audio, speech: Sequence[SpeechSpan], grouping: Grouping) -> list[Piece]:
    """Pieces that hold all of ``speech``, in order, not overlapping, each at most ``grouping.longest_s`` long."""
    longest = round(grouping.longest_s * SAMPLE_RATE)
    pause = round(grouping.pause_s * SAMPLE_RATE)
    pieces: list[Piece] = []
    for stretch, padded in zip(speech, _padded(len(audio), speech, round(grouping.pad_s * SAMPLE_RATE)), strict=True):
        for part in cut_long(audio, padded, longest):
            piece = _around(stretch, part)
            if not piece.speech:
                continue
            last = pieces[-1] if pieces else None
            if last and _pause(last, piece) < pause and piece.to_sample - last.from_sample <= longest:
                pieces[-1] = Piece(last.from_sample, piece.to_sample, last.speech + piece.speech)
            else:
                pieces.append(piece)
    return pieces


def whole_pieces(audio: Audio, longest_s: float) -> list[Piece]:
    """All of ``audio`` as speech, in parts of at most ``longest_s`` seconds; none for no audio."""
    if not len(audio):
        return []
    parts = cut_long(audio, SpeechSpan(0, len(audio)), round(longest_s * SAMPLE_RATE))
    return [_around(part, part) for part in parts]


def cut_long(audio: Audio, stretch: SpeechSpan, longest: int) -> list[SpeechSpan]:
    """``stretch`` in parts of at most ``longest`` samples, cut where it is quietest in the second half of each."""
    parts: list[SpeechSpan] = []
    begin = stretch.from_sample
    while stretch.to_sample - begin > longest:
        end = _quietest(audio, begin + longest // 2, begin + longest)
        parts.append(SpeechSpan(begin, end))
        begin = end
    parts.append(SpeechSpan(begin, stretch.to_sample))
    return parts


def _pause(one: Piece, other: Piece) -> int:
    return other.speech[0].from_sample - one.speech[-1].to_sample


def _around(stretch: SpeechSpan, part: SpeechSpan) -> Piece:
    speech = SpeechSpan(max(part.from_sample, stretch.from_sample), min(part.to_sample, stretch.to_sample))
    return Piece(part.from_sample, part.to_sample, (speech,) if speech.from_sample < speech.to_sample else ())


def _padded(length: int, speech: Sequence[SpeechSpan], pad: int) -> list[SpeechSpan]:
    padded: list[SpeechSpan] = []
    for index, span in enumerate(speech):
        before = speech[index - 1].to_sample if index else 0
        after = speech[index + 1].from_sample if index + 1 < len(speech) else length
        # Towards a neighbour at most half the pause, so that pieces never share audio; towards an end all of it.
        room_before = (span.from_sample - before) // 2 if index else span.from_sample
        room_after = (after - span.to_sample) // 2 if index + 1 < len(speech) else length - span.to_sample
        padded.append(
            SpeechSpan(span.from_sample - max(0, min(pad, room_before)), span.to_sample + max(0, min(pad, room_after)))
        )
    return padded


def _quietest(audio: Audio, begin: int, end: int) -> int:
    """The sample in ``begin..end`` around which 100 ms hold the least energy; the last of equals."""
    steps = audio[begin : begin + (end - begin) // _HOP * _HOP].reshape(-1, _HOP)
    if len(steps) <= _QUIET_STEPS:
        return end
    energy = np.convolve(np.square(steps, dtype=np.float64).sum(axis=1), np.ones(_QUIET_STEPS), mode="valid")
    last_of_equals = len(energy) - 1 - int(np.argmin(energy[::-1]))
    return begin + round((last_of_equals + _QUIET_STEPS / 2) * _HOP)
