"""Finds speech in decoded audio of any length, in bounded memory.

Silero VAD 6, as faster-whisper bundles it (github.com/snakers4/silero-vad), over blocks of two minutes: in one piece
four hours would need 0.9 GB of float32 and several times that of features. Each block is heard with some seconds of its
neighbours, so that the network is warmed up and a pause on the border is seen whole; what falls outside the block is
dropped again. About 350 times faster than the recording on one core.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import VadOptions, get_speech_timestamps

from worker.engines.base import SAMPLE_RATE, SpeechSpan
from worker.pipeline.read_audio import to_float

_BLOCK: Final = 120 * SAMPLE_RATE
_CONTEXT: Final = 5 * SAMPLE_RATE
"""Longer than any pause that is bridged, by far."""

_BRIDGED_MS: Final = 500
"""Shorter pauses belong to the speech. Engines join neighbouring stretches as they like; none can take one apart."""

_SHORTEST_MS: Final = 180
"""Between what the network takes for speech in white noise (up to 168 ms in 100 tries) and the shortest of 27 single
words of three voices ("a", 192 ms)."""

_PAD: Final = SAMPLE_RATE // 10
"""Soft beginnings and endings of words lie outside what the network calls speech."""

_OPTIONS: Final = VadOptions(
    threshold=0.5, min_speech_duration_ms=_SHORTEST_MS, min_silence_duration_ms=_BRIDGED_MS, speech_pad_ms=0
)


def detect_speech(pcm: npt.NDArray[np.int16]) -> tuple[SpeechSpan, ...]:
    """Stretches of speech, ascending, at least 0.3 s apart, padded by 0.1 s; none for silence and noise.

    Args:
        pcm: int16 [n_samples], 16 kHz mono; may be a memory map, of which some two minutes are read at a time.
    """
    heard = _bridged([span for begin in range(0, len(pcm), _BLOCK) for span in _in_block(pcm, begin)])
    return tuple(SpeechSpan(max(0, span.from_sample - _PAD), min(len(pcm), span.to_sample + _PAD)) for span in heard)


def _in_block(pcm: npt.NDArray[np.int16], begin: int) -> Iterator[SpeechSpan]:
    end = min(begin + _BLOCK, len(pcm))
    first = max(0, begin - _CONTEXT)
    audio = to_float(pcm[first : min(end + _CONTEXT, len(pcm))])
    for found in get_speech_timestamps(audio, _OPTIONS):
        span = SpeechSpan(max(begin, first + int(found["start"])), min(end, first + int(found["end"])))
        if span.from_sample < span.to_sample:
            yield span


def _bridged(spans: Sequence[SpeechSpan]) -> list[SpeechSpan]:
    """Stretches that a border cut, made whole again."""
    whole: list[SpeechSpan] = []
    pause = _BRIDGED_MS * SAMPLE_RATE // 1000
    for span in spans:
        if whole and span.from_sample - whole[-1].to_sample < pause:
            whole[-1] = SpeechSpan(whole[-1].from_sample, span.to_sample)
        else:
            whole.append(span)
    return whole
